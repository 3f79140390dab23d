/**
 * Takes whatever can be read out of a damaged, cut or older trace: what stands in front of damage and behind it. Events keep their ids; what is
 * missing between them is marked by loss records.
 */
import { fail, succeed, type Result } from '../base/result';
import type { TraceCodec } from './codec';
import { FrameScan } from './frameScan';
import { frameTags } from './layout';
import type { LossReason, TraceHeader, VirtualTime } from './records';
import { traceFormatVersion } from './records';
import { TraceCopy } from './traceCopy';
import type { TraceSink } from './traceEncoder';
import { notATrace, type TraceError } from './traceError';
import { readIndex } from './traceFile';
import { parseTraceHeader } from './traceHeader';
import { TraceReader } from './traceReader';
import { readSource } from './readSource';
import type { TraceSource } from './traceSource';

/** Records that are missing between two that are there. */
export interface Gap {
  readonly reason: LossReason;
  readonly records: number;
  /** Times between which they were, ns. */
  readonly from: VirtualTime;
  readonly until: VirtualTime;
}

/** What came of a recovery. */
export interface Recovery {
  /** Format version of the original. */
  readonly version: number;
  /** Records that the new file holds, and the time of the last one, ns. */
  readonly records: number;
  readonly lastTime: VirtualTime;
  /** Records that are missing between others: those that the original says it lost, and those of damaged places. */
  readonly gaps: readonly Gap[];
  /** Records that are missing at the end, where the file still says how many there were; undefined where it doesn't. */
  readonly lostAtEnd: number | undefined;
  /** Bytes of the original that were no frames. */
  readonly damagedBytes: number;
  /** Chunks that are whole and still could not be used, with their records; why the first of them could not. */
  readonly unusableChunks: number;
  readonly unusableBecause: string | undefined;
  /** Frames of definitions that can't be used since some in front of them are lost. */
  readonly unusableDefinitions: number;
  /** Whether the original's header was lost, and another one was made up. */
  readonly headerLost: boolean;
  /** Whether the trace has its end record: what the run reported. */
  readonly hasEnd: boolean;
  /** Whether everything that was ever written is there. */
  readonly isWhole: boolean;
}

/** Stands for a header that is lost. */
const lostHeader: TraceHeader = {
  format: 'chimneysweep-trace',
  version: traceFormatVersion,
  application: 'unknown',
  scenario: 'recovered',
  title: 'Recovered trace',
  seed: 0,
  settings: { recovered: 'its header was lost' },
  snapLength: 0xffff_ffff,
};

/** What a recovery counts while it goes on. */
class Tally {
  readonly gaps: Gap[] = [];
  records = 0;
  damagedBytes = 0;
  unusableChunks = 0;
  unusableBecause: string | undefined;
  unusableDefinitions = 0;
  headerLost = false;
  lostAtEnd: number | undefined;
}

/**
 * Reads what can be read and writes it as a trace of today's version. An error means that there is nothing to be had: the file is no trace, or of a
 * newer version.
 */
export async function recoverTrace(
  source: TraceSource,
  sink: TraceSink,
  codec: TraceCodec,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<Result<Recovery, TraceError>> {
  if (source.size === 0) return fail(notATrace('it is empty.'));
  const tally = new Tally();
  const copy = new TraceCopy(sink, codec);
  const reader = new TraceReader(
    [
      {
        onRecord: (record) => {
          if (record.kind === 'loss' && record.records > 0)
            tally.gaps.push({
              reason: record.reason,
              records: record.records,
              from: record.from,
              until: record.until,
            });
        },
      },
      copy,
    ],
    codec,
    { gaps: 'damage' },
  );
  const version = await takeAll(source, codec, reader, tally, onProgress);
  if (!version.ok) return version;
  const { store } = reader;
  if (store === undefined || (tally.headerLost && store.length === 0))
    return fail(notATrace('nothing in it can be read.'));
  copy.fillRest(store);
  const encoder = copy.begin(store.header);
  encoder.finish();
  const hasEnd = store.report !== undefined;
  const isWhole =
    hasEnd &&
    tally.damagedBytes === 0 &&
    tally.unusableChunks === 0 &&
    tally.unusableDefinitions === 0 &&
    !tally.headerLost &&
    (tally.lostAtEnd ?? 0) === 0 &&
    tally.gaps.every(({ reason }) => reason !== 'damage');
  return succeed({
    version: version.value,
    records: encoder.eventCount - encoder.lostCount,
    lastTime: store.lastTime,
    gaps: tally.gaps,
    lostAtEnd: tally.lostAtEnd,
    damagedBytes: tally.damagedBytes,
    unusableChunks: tally.unusableChunks,
    unusableBecause: tally.unusableBecause,
    unusableDefinitions: tally.unusableDefinitions,
    headerLost: tally.headerLost,
    hasEnd,
    isWhole,
  });
}

/** Gives a reader all frames that it takes; answers the version of the original. */
async function takeAll(
  source: TraceSource,
  codec: TraceCodec,
  reader: TraceReader,
  tally: Tally,
  onProgress: (fraction: number) => void,
): Promise<Result<number, TraceError>> {
  const index = await readIndex(source, codec);
  let started = false;
  for await (const stretch of new FrameScan(source).stretches()) {
    onProgress(stretch.offset / source.size);
    if (stretch.kind === 'damage') {
      tally.damagedBytes += stretch.length;
      continue;
    }
    const { tag, payload, offset } = stretch;
    if (!started) {
      if (tag === frameTags.head) {
        const header = parseTraceHeader(payload);
        if (header.ok && header.value.version < traceFormatVersion)
          return takeOlder(source, reader, tally, onProgress);
        if (!header.ok && header.error.code === 'newer-version') return header;
        tally.headerLost = !header.ok;
        reader.begin(header.ok ? header.value : lostHeader);
        started = true;
        continue;
      }
      tally.headerLost = true;
      reader.begin(lostHeader);
      started = true;
    }
    if (tag === frameTags.head) {
      // Another trace begins: the numbers of its definitions are others.
      tally.damagedBytes += source.size - offset;
      break;
    }
    // Definitions say which numbers they have, so that those behind others that are lost are refused.
    const problem = reader.takeFrame(tag, payload);
    if (problem === undefined) continue;
    if (tag === frameTags.definitions) tally.unusableDefinitions++;
    else {
      tally.unusableChunks++;
      tally.unusableBecause ??= problem;
    }
  }
  const { store } = reader;
  if (index !== undefined && store !== undefined) tally.lostAtEnd = Math.max(0, index.events - store.length);
  return succeed(traceFormatVersion);
}

/** Reads a trace of an older version up to where it is cut or damaged. */
async function takeOlder(
  source: TraceSource,
  reader: TraceReader,
  tally: Tally,
  onProgress: (fraction: number) => void,
): Promise<Result<number, TraceError>> {
  const ending = await readSource(source, reader, onProgress);
  if (!ending.ok) return ending;
  if (ending.value.kind !== 'complete') tally.damagedBytes = source.size - ending.value.byteOffset;
  return succeed(1);
}
