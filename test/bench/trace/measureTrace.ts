/**
 * Measures one thing in a process of its own and prints one line of JSON (traceMeasurement.ts). Usage:
 *
 *   measureTrace make EVENTS            events with a silent probe
 *   measureTrace record EVENTS FILE     the same, recorded
 *   measureTrace ring EVENTS FILE       the same, of which only the last 0.1 s of virtual time are kept
 *   measureTrace save FILE clock|whole  saving a recording that was (not) flushed by a clock
 *   measureTrace open|picture|state|recover FILE
 *   measureTrace query FILE hot|rare
 */
import { statSync } from 'node:fs';
import { silentProbe } from '../../../electron/emulator/observe/silentProbe';
import { FileSource } from '../../../electron/files/fileSource';
import { saveTrace } from '../../../electron/files/saveTrace';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { zlibChecksum, zlibCodec } from '../../../electron/files/zlibCodec';
import { defaultSnapLength } from '../../../electron/recorder/recording';
import { TraceRecorder } from '../../../electron/recorder/traceRecorder';
import type { RunReport } from '../../../shared/analysis/runReport';
import { EncodingMeter } from '../../../shared/trace/encodingMeter';
import { findEvents } from '../../../shared/trace/eventQuery';
import { traceFormatVersion } from '../../../shared/trace/records';
import { RingTrace } from '../../../shared/trace/ringTrace';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceFile } from '../../../shared/trace/traceFile';
import type { TraceSource } from '../../../shared/trace/traceSource';
import { Chance } from './chance';
import { connectionCount, EventSource } from './eventSource';
import { peakBytes } from './peakMemory';
import type {
  OpenMeasurement,
  PictureMeasurement,
  QueryMeasurement,
  RecordMeasurement,
  RecoverMeasurement,
  RingMeasurement,
  SaveMeasurement,
  StateMeasurement,
} from './traceMeasurement';

/** Pixels of the picture. */
const pixels = 2000;

/** Virtual time that a ring keeps, ns, and events between two flushes of it. */
const ringKeeps = 100_000_000;
const ringSlice = 20_000;

/** Frame of the tail and of its head, bytes. */
const tailLength = 20;

const started = performance.now();
const sinceStart = (): number => performance.now() - started;

function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? NaN;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

async function open(source: TraceSource): Promise<TraceFile> {
  const file = await TraceFile.open(source, { codec: zlibCodec });
  if (!file.ok) throw new Error(file.error.message);
  return file.value;
}

function make(events: number): RecordMeasurement {
  const cpu = cpuNanoseconds();
  const source = new EventSource(silentProbe());
  source.run(events);
  return {
    events: source.events,
    cpuNs: cpuNanoseconds() - cpu,
    seconds: sinceStart() / 1000,
    bytes: 0,
    peakBytes: peakBytes(),
  };
}

const header = {
  format: 'chimneysweep-trace',
  version: traceFormatVersion,
  application: 'bench',
  scenario: 'bench',
  title: 'Bench',
  seed: 1,
  settings: {},
  snapLength: defaultSnapLength,
} as const;

function record(events: number, path: string): RecordMeasurement {
  const cpu = cpuNanoseconds();
  const sink = new TraceFileSink(path);
  const meter = new EncodingMeter(() => performance.now());
  const recorder = new TraceRecorder(header, sink, { checksum: zlibChecksum, meter });
  const source = new EventSource(recorder);
  source.run(events);
  recorder.finish({ virtualTime: source.now } as unknown as RunReport);
  sink.close();
  return {
    events: recorder.eventCount,
    cpuNs: cpuNanoseconds() - cpu,
    seconds: sinceStart() / 1000,
    bytes: sink.bytesWritten,
    meteredNs: meter.milliseconds(recorder.eventCount) * 1e6,
    peakBytes: peakBytes(),
  };
}

/** Records with `--keep-last`, flushing as often as the command line does, and writes what is left. */
function ring(events: number, path: string): RingMeasurement {
  const kept = new RingTrace(header, { keep: ringKeeps });
  const recorder = new TraceRecorder(header, kept, { checksum: zlibChecksum, hasIndex: false });
  const source = new EventSource(recorder);
  for (let made = ringSlice; source.events < events; made += ringSlice) {
    source.run(Math.min(made, events));
    recorder.flush();
  }
  recorder.finish({ virtualTime: source.now } as unknown as RunReport);
  const recordedPeakBytes = peakBytes();
  const sink = new TraceFileSink(path);
  kept.save(sink, undefined);
  sink.close();
  return {
    events: recorder.eventCount,
    seconds: sinceStart() / 1000,
    heldBytes: kept.peakBytes,
    bytes: sink.bytesWritten,
    recordedPeakBytes,
    peakBytes: peakBytes(),
  };
}

async function save(path: string, wasFlushed: boolean): Promise<SaveMeasurement> {
  await saveTrace(path, wasFlushed);
  return { seconds: sinceStart() / 1000, bytes: statSync(path).size, peakBytes: peakBytes() };
}

async function openFile(path: string): Promise<OpenMeasurement> {
  const source = new FileSource(path);
  const file = await open(source);
  const openMs = sinceStart();
  await file.record(file.length >> 1);
  return { openMs, firstEventMs: sinceStart(), peakBytes: peakBytes() };
}

async function picture(path: string): Promise<PictureMeasurement> {
  const file = await open(new FileSource(path));
  const { overview } = file.index;
  if (overview === undefined) throw new Error('too short for an overview');
  let counted = 0;
  const lanes = overview.components.map((series) => {
    const lane = new Float64Array(pixels);
    const [events] = series;
    const scale = (overview.width * pixels) / file.lastTime;
    if (events !== undefined)
      for (let bin = 0; bin < overview.bins; bin++) {
        lane[Math.min(pixels - 1, Math.floor(bin * scale))]! += events[bin]!;
        counted += events[bin]!;
      }
    return lane;
  });
  if (lanes.length === 0) throw new Error('no lanes');
  return { pictureMs: sinceStart(), counted, peakBytes: peakBytes() };
}

async function query(path: string, which: string): Promise<QueryMeasurement> {
  const file = await open(new FileSource(path));
  const [connection, from, to] = which === 'hot' ? [0, 0.5, 0.51] : [connectionCount - 1, 0.2, 0.8];
  const asked = {
    connection,
    from: Math.floor(file.lastTime * from),
    to: Math.floor(file.lastTime * to),
  };
  const found = (await findEvents(file, asked)).length;
  const firstMs = sinceStart();
  const times: number[] = [];
  for (let round = 0; round < 15; round++) times.push(await timed(() => findEvents(file, asked)));
  return { found, firstMs, warmMs: median(times), peakBytes: peakBytes() };
}

async function state(path: string): Promise<StateMeasurement> {
  const chance = new Chance(7);
  const file = await open(new FileSource(path));
  const reader = new StateReader(file, zlibCodec);
  const one = async (from: StateReader, event: number): Promise<void> => {
    if ((await from.at(event)).object(2 + chance.below(connectionCount)) === undefined)
      throw new Error('no such object');
  };
  await one(reader, file.length >> 1);
  const firstMs = sinceStart();
  const cold: number[] = [];
  const warm: number[] = [];
  const allCold: number[] = [];
  const allWarm: number[] = [];
  let objects = 0;
  for (let round = 0; round < 15; round++) {
    const fresh = await open(new FileSource(path));
    const states = new StateReader(fresh, zlibCodec);
    const event = 10_000 + chance.below(file.length - 20_000);
    cold.push(await timed(() => one(states, event)));
    warm.push(await timed(() => one(states, event + chance.below(200) - 100)));
    const again = new StateReader(await open(new FileSource(path)), zlibCodec);
    const all = async (at: number): Promise<void> => {
      objects = (await again.at(at)).objects().length;
    };
    allCold.push(await timed(() => all(event)));
    allWarm.push(await timed(() => all(event - chance.below(100))));
  }
  return {
    objects,
    firstMs,
    coldMs: median(cold),
    warmMs: median(warm),
    allColdMs: median(allCold),
    allWarmMs: median(allWarm),
    peakBytes: peakBytes(),
  };
}

async function recover(path: string): Promise<RecoverMeasurement> {
  const whole = new FileSource(path);
  const cut: TraceSource = {
    size: whole.size - tailLength,
    read: (offset, length) => whole.read(offset, length),
  };
  const file = await open(cut);
  return { recoverMs: sinceStart(), events: file.length, peakBytes: peakBytes() };
}

const [what, first = '', second = ''] = process.argv.slice(2);
const measurements: Readonly<Record<string, () => unknown>> = {
  make: () => make(Number(first)),
  record: () => record(Number(first), second),
  ring: () => ring(Number(first), second),
  save: () => save(first, second === 'clock'),
  open: () => openFile(first),
  picture: () => picture(first),
  query: () => query(first, second),
  state: () => state(first),
  recover: () => recover(first),
};
const measured = measurements[what ?? ''];
if (measured === undefined) throw new Error(`nothing to measure: ${what}`);
process.stdout.write(`${JSON.stringify(await measured())}\n`);
