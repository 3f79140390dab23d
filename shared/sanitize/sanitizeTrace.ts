/**
 * A trace that may be given away: no payload, no address, no name of the original, and all else as it was. The trace is read twice: for the
 * addresses that it has, and to write it anew with others in their place.
 */
import { fail, succeed, type Result } from '../base/result';
import type { TraceCodec } from '../trace/codec';
import type { EventId, TraceHeader, TraceRecord } from '../trace/records';
import { renumbered, type Renumbering } from '../trace/renumbering';
import { TraceEncoder, type TraceSink } from '../trace/traceEncoder';
import { flawOf, type TraceError } from '../trace/traceError';
import { TraceReader } from '../trace/traceReader';
import type { TraceSource } from '../trace/traceSource';
import { AddressMap, mostIpv4Networks } from './addressMap';
import type { KeyedHash } from './keyedNumbers';
import { nameSubstitutes } from './names';
import { RecordSanitizer } from './sanitizeRecord';
import { readSource } from '../trace/readSource';
import type { AddressReplacement } from './sanitizeText';

/** What stays as it is. */
export interface SanitizeOptions {
  readonly keepPayload?: boolean | undefined;
  readonly keepAddresses?: boolean | undefined;
  readonly keepNames?: boolean | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What has become of a trace. */
export interface SanitizeResult {
  readonly events: number;
  /** Addresses that have been replaced. */
  readonly addresses: number;
  /** Bytes of frames that have been dropped. */
  readonly payloadBytes: number;
  /** What is wrong with the rest of the original; undefined if it is whole. */
  readonly flaw: string | undefined;
}

/** Why a trace can't be sanitized. */
export type SanitizeProblem = TraceError | { readonly code: 'too-many-networks'; readonly message: string };

/** Ids of events in a trace that is written anew: the same, but where records are lost or unknown. */
class EventNumbers implements Renumbering {
  private readonly olds: EventId[] = [];
  private readonly news: EventId[] = [];

  /** The record `old` is written as `number`; both ascend. */
  note(old: EventId, number: EventId): void {
    const last = this.olds.length - 1;
    if (last >= 0 && this.news[last]! - this.olds[last]! === number - old) return;
    this.olds.push(old);
    this.news.push(number);
  }

  event(old: EventId): EventId | undefined {
    let low = 0;
    let high = this.olds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.olds[middle]! <= old) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const number = this.news[low - 1]! + old - this.olds[low - 1]!;
    // What a loss has taken has no number.
    return low < this.olds.length && number >= this.news[low]! ? undefined : number;
  }

  object(object: number): number {
    return object;
  }

  connection(connection: number): number {
    return connection;
  }
}

async function readTrace(
  source: TraceSource,
  codec: TraceCodec,
  onRecord: (record: TraceRecord, event: EventId, time: number, header: TraceHeader) => void,
  onProgress: (fraction: number) => void,
): Promise<Result<{ readonly header: TraceHeader; readonly flaw: string | undefined }, TraceError>> {
  const reader = new TraceReader(
    [
      {
        onRecord: (record, event, time, { header }) => {
          onRecord(record, event, time, header);
        },
      },
    ],
    codec,
  );
  const ending = await readSource(source, reader, onProgress);
  if (!ending.ok) return ending;
  const flaw = flawOf(ending.value);
  return succeed({ header: reader.store!.header, flaw });
}

function taken(record: TraceRecord, numbers: EventNumbers): TraceRecord | undefined {
  switch (record.kind) {
    case 'component':
    case 'connection':
    case 'state-object':
    case 'end':
      return record;
    case 'annotation': {
      const [from, to] = [numbers.event(record.from), numbers.event(record.to)];
      return from === undefined || to === undefined ? undefined : { ...record, from, to };
    }
    default:
      return renumbered(record, numbers);
  }
}

/**
 * Writes a trace anew without what it tells of where it comes from. Nothing is written where the result has a problem that its first reading shows.
 * @param hash keyed, so that the same key gives the same pseudonyms in several traces, and no other does
 */
export async function sanitizeTrace(
  source: TraceSource,
  sink: TraceSink,
  codec: TraceCodec,
  hash: KeyedHash,
  options: SanitizeOptions = {},
): Promise<Result<SanitizeResult, SanitizeProblem>> {
  const {
    keepPayload = false,
    keepAddresses = false,
    keepNames = false,
    onProgress = () => undefined,
  } = options;
  const map = new AddressMap(hash);
  const authors = new Map<string, string>();
  const author = (name: string): string => {
    const known = authors.get(name) ?? `author ${authors.size + 1}`;
    authors.set(name, known);
    return known;
  };
  const sanitizer = (header: TraceHeader | undefined, replacement: AddressReplacement): RecordSanitizer => {
    const addresses = keepAddresses ? undefined : replacement;
    return new RecordSanitizer({
      addresses,
      text: {
        addresses,
        names: keepNames || header === undefined ? [] : nameSubstitutes(header),
        hash: keepPayload && keepNames ? undefined : (text) => hex(hash(`hash ${text}`)),
      },
      keepPayload,
      keepNames,
      author,
    });
  };
  if (!keepAddresses) {
    const collector = sanitizer(undefined, { rewriter: map.collector, anywhere: (bytes) => bytes });
    const collected = await readTrace(
      source,
      codec,
      (record) => void collector.record(record),
      (fraction) => {
        onProgress(fraction / 2);
      },
    );
    if (!collected.ok) return collected;
    collector.header(collected.value.header);
    if (map.ipv4NetworkCount > mostIpv4Networks)
      return fail({
        code: 'too-many-networks',
        message: `It has addresses of ${map.ipv4NetworkCount} IPv4 networks; at most ${mostIpv4Networks} can be replaced. Cut it, or keep addresses.`,
      });
  }
  let encoder: TraceEncoder | undefined;
  let writer: RecordSanitizer | undefined;
  let payloadBytes = 0;
  const numbers = new EventNumbers();
  const open = (header: TraceHeader): void => {
    writer ??= sanitizer(header, {
      rewriter: map.rewriter,
      anywhere: (bytes) => map.replaceCollected(bytes),
    });
    encoder ??= new TraceEncoder(writer.header(header), sink, { codec });
  };
  const read = await readTrace(
    source,
    codec,
    (record, event, time, header) => {
      open(header);
      const made = writer!.record(record);
      if (record.kind === 'frame' && made.kind === 'frame')
        payloadBytes += record.bytes.length - made.bytes.length;
      const kept = taken(made, numbers);
      if (kept !== undefined) numbers.note(event, encoder!.write(time, kept));
    },
    (fraction) => {
      onProgress(keepAddresses ? fraction : 0.5 + fraction / 2);
    },
  );
  if (!read.ok) return read;
  open(read.value.header);
  encoder!.finish();
  const { flaw } = read.value;
  return succeed({
    events: encoder!.eventCount,
    addresses: keepAddresses ? 0 : map.originals.length,
    payloadBytes,
    flaw,
  });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
