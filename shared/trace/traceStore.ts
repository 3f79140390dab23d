/**
 * A trace in memory: its chunks as they stand in the file, and the columns of those that have been looked at last.
 */
import type { Chunk } from './chunk';
import { Definitions } from './definitions';
import type {
  ComponentRecord,
  ConnectionRecord,
  EventId,
  StateObjectRecord,
  TraceHeader,
  TraceRecord,
  VirtualTime,
} from './records';
import { decodeRow, lostRecord, type UnknownRecord } from './rowDecoder';

/** Memory that decoded columns may take before those of the chunk that was looked at longest ago are dropped. */
const mostDecodedBytes = 256 * 1024 * 1024;

/** Read access to a trace that may still grow. Filled by `TraceReader`. */
export class TraceStore {
  /** Strings, shapes, sites, components, connections and state objects by number. */
  readonly definitions = new Definitions();
  /** Components, connections and state objects by id, as far as the rows that declare them have been read. */
  readonly components: ComponentRecord[] = [];
  readonly connections: ConnectionRecord[] = [];
  readonly stateObjects: StateObjectRecord[] = [];
  /** Number of records, lost ones included: the id of the next one. */
  length = 0;
  /** Records of kinds that this version does not know. */
  unknownRecords = 0;
  /** Records that were lost before the file was written. */
  lostRecords = 0;
  /** What the scenario reported at its end, as JSON text; undefined while the trace is incomplete. */
  report: string | undefined;
  private readonly chunkList: Chunk[] = [];
  /** Ids of lost records, ascending: [from, until). */
  private readonly lost: { readonly from: EventId; readonly until: EventId }[] = [];
  /** Chunks with decoded columns, the one that was looked at last at the end. */
  private readonly decoded: Chunk[] = [];
  private last: Chunk | undefined;

  constructor(readonly header: TraceHeader) {}

  /** Chunks in order. */
  get chunks(): readonly Chunk[] {
    return this.chunkList;
  }

  /** Virtual time of the last record, ns; 0 in an empty trace. */
  get lastTime(): VirtualTime {
    return this.chunkList.at(-1)?.lastTime ?? 0;
  }

  /** Virtual time of a record in ns; of a lost one, that of the next record that is there. */
  time(event: EventId): VirtualTime {
    const chunk = this.chunkOf(event);
    return event < chunk.firstEvent ? chunk.firstTime : chunk.times()[event - chunk.firstEvent]!;
  }

  /** Kind of a record without decoding it. */
  kind(event: EventId): TraceRecord['kind'] | 'unknown' {
    const chunk = this.chunkOf(event);
    if (event < chunk.firstEvent) return 'unknown';
    const { kind } = this.definitions.shapes[chunk.shapes()[event - chunk.firstEvent]!]!;
    return typeof kind === 'number' ? 'unknown' : kind;
  }

  /** Decodes a record. */
  record(event: EventId): TraceRecord | UnknownRecord {
    const chunk = this.chunkOf(event);
    return event < chunk.firstEvent ? lostRecord : this.recordOf(chunk, event - chunk.firstEvent);
  }

  /** The first event at or after a time: `length` if there is none. */
  firstAtOrAfter(time: VirtualTime): EventId {
    const { chunkList } = this;
    let low = 0;
    let high = chunkList.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunkList[middle]!.lastTime < time) low = middle + 1;
      else high = middle;
    }
    const chunk = chunkList[low];
    if (chunk === undefined) return this.length;
    // Lost records have the time of the next one.
    if (time <= chunk.firstTime) return low === 0 ? 0 : chunkList[low - 1]!.endEvent;
    this.touch(chunk);
    return chunk.firstEvent + chunk.firstRowAtOrAfter(time);
  }

  /** The first event from an id on whose record is there: the id itself, or what comes behind a gap; `length` if there is none. */
  nextPresent(event: EventId): EventId {
    return event < this.length ? Math.max(event, this.chunkOf(event).firstEvent) : this.length;
  }

  /** Whether an id was that of a lost record; the loss record and the state that was written behind it may have taken its place. */
  isLost(event: EventId): boolean {
    return this.lost.some(({ from, until }) => event >= from && event < until);
  }

  /** Reader only: a loss record says that these ids are lost. */
  markLost(from: EventId, until: EventId): void {
    this.lost.push({ from, until });
  }

  /** Reader only: the record of a row. */
  recordOf(chunk: Chunk, row: number): TraceRecord | UnknownRecord {
    const shape = chunk.shapes()[row]!;
    const connection = chunk.connections()[row]!;
    return decodeRow(
      chunk,
      shape,
      chunk.ranks()[row]!,
      chunk.firstEvent + row,
      connection === 0 ? undefined : connection - 1,
      this.definitions,
    );
  }

  /** Reader only: appends a chunk. */
  append(chunk: Chunk): void {
    this.chunkList.push(chunk);
    this.length = chunk.endEvent;
    this.touch(chunk);
  }

  /** Reader only: takes the last chunk back, since its rows make no sense. */
  takeBack(): void {
    this.chunkList.pop();
    this.decoded.length = 0;
    this.last = undefined;
    this.length = this.chunkList.at(-1)?.endEvent ?? 0;
    while (this.lost.length > 0 && this.lost.at(-1)!.from >= this.length) this.lost.pop();
  }

  /** The chunk that holds an event; the one behind it for events that are lost. */
  private chunkOf(event: EventId): Chunk {
    const { last } = this;
    if (last !== undefined && event >= last.firstEvent && event < last.endEvent) return last;
    if (!(event >= 0 && event < this.length))
      throw new RangeError(`no event ${event} in a trace of ${this.length}`);
    const { chunkList } = this;
    let low = 0;
    let high = chunkList.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunkList[middle]!.endEvent <= event) low = middle + 1;
      else high = middle;
    }
    const chunk = chunkList[low]!;
    this.touch(chunk);
    return chunk;
  }

  /** Notes that a chunk is looked at, and drops what has not been looked at for longest. */
  private touch(chunk: Chunk): void {
    if (chunk === this.last) return;
    this.last = chunk;
    const { decoded } = this;
    const place = decoded.indexOf(chunk);
    if (place >= 0) decoded.splice(place, 1);
    decoded.push(chunk);
    let bytes = 0;
    for (const other of decoded) bytes += other.decodedBytes;
    while (bytes > mostDecodedBytes && decoded.length > 2) {
      const oldest = decoded.shift()!;
      bytes -= oldest.decodedBytes;
      oldest.forget();
    }
  }
}
