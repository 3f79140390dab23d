/**
 * A trace in memory: columns over all records, and the raw bytes from which a record is decoded when somebody looks at it.
 */
import { ByteReader } from './byteReader';
import { decodeRecord, type UnknownRecord } from './recordDecoder';
import {
  recordKinds,
  type ComponentRecord,
  type ConnectionRecord,
  type EventId,
  type StateObjectRecord,
  type TraceHeader,
  type TraceRecord,
  type VirtualTime,
} from './records';

/** What the store keeps about one record until it is decoded. */
interface Columns {
  readonly kinds: Uint8Array;
  readonly times: Float64Array;
  readonly payloads: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

function makeColumns(capacity: number): Columns {
  return {
    kinds: new Uint8Array(capacity),
    times: new Float64Array(capacity),
    payloads: new Uint32Array(capacity),
    starts: new Uint32Array(capacity),
    ends: new Uint32Array(capacity),
  };
}

/** Read access to a trace that may still grow. Filled by `TraceReader`. */
export class TraceStore {
  /** Components, connections and state objects by id. */
  readonly components: ComponentRecord[] = [];
  readonly connections: ConnectionRecord[] = [];
  readonly stateObjects: StateObjectRecord[] = [];
  /** Interned names. */
  readonly strings: string[] = [];
  /** Number of records. */
  length = 0;
  /** Records of kinds that this version does not know. */
  unknownRecords = 0;
  /** What the scenario reported at its end, as JSON text; undefined while the trace is incomplete. */
  report: string | undefined;

  private columns = makeColumns(4096);
  private readonly payloads: Uint8Array[] = [];

  constructor(readonly header: TraceHeader) {}

  /** Virtual time of the last record, ns; 0 in an empty trace. */
  get lastTime(): VirtualTime {
    return this.length === 0 ? 0 : this.columns.times[this.length - 1]!;
  }

  /** Virtual time of a record in ns. */
  time(event: EventId): VirtualTime {
    this.check(event);
    return this.columns.times[event]!;
  }

  /** Kind of a record without decoding it. */
  kind(event: EventId): TraceRecord['kind'] | 'unknown' {
    this.check(event);
    return recordKinds[this.columns.kinds[event]!] ?? 'unknown';
  }

  /** Decodes a record. */
  record(event: EventId): TraceRecord | UnknownRecord {
    this.check(event);
    const payload = this.payloads[this.columns.payloads[event]!]!;
    const input = new ByteReader(payload, this.columns.starts[event]!, this.columns.ends[event]!);
    return decodeRecord(this.columns.kinds[event]!, event, input, this);
  }

  /** The first event at or after a time: `length` if there is none. */
  firstAtOrAfter(time: VirtualTime): EventId {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.columns.times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Reader only: keeps the bytes that following records point into. */
  addPayload(bytes: Uint8Array): number {
    return this.payloads.push(bytes) - 1;
  }

  /** Reader only: appends a record. */
  append(kind: number, time: VirtualTime, payload: number, start: number, end: number): EventId {
    if (this.length === this.columns.kinds.length) {
      const grown = makeColumns(this.length * 2);
      for (const name of ['kinds', 'times', 'payloads', 'starts', 'ends'] as const)
        grown[name].set(this.columns[name]);
      this.columns = grown;
    }
    const event = this.length++;
    this.columns.kinds[event] = kind;
    this.columns.times[event] = time;
    this.columns.payloads[event] = payload;
    this.columns.starts[event] = start;
    this.columns.ends[event] = end;
    return event;
  }

  private check(event: EventId): void {
    if (!(event >= 0 && event < this.length))
      throw new RangeError(`no event ${event} in a trace of ${this.length}`);
  }
}
