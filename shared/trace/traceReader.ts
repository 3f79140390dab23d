/**
 * Reads a `.sweep` file that arrives in pieces of any size: from a file, a Blob, a network response or a running recording.
 * What stands before a cut or a damaged place can always be read.
 */
import { crc32 } from '../base/crc32';
import { fail, succeed, type Result } from '../base/result';
import { ByteReader, MalformedBytes } from './byteReader';
import { Chunk } from './chunk';
import { portableCodec, type TraceCodec } from './codec';
import { readDefinitions } from './definitions';
import { frameHeadLength, frameTags, largestFrameLength, magic } from './layout';
import { PendingBytes } from './pendingBytes';
import {
  traceFormatVersion,
  type EventId,
  type LossReason,
  type LossRecord,
  type TraceHeader,
  type TraceRecord,
  type VirtualTime,
} from './records';
import { checkReferences, type Declared } from './rowCheck';
import { notATrace, type TraceEnding, type TraceError } from './traceError';
import { parseTraceHeader } from './traceHeader';
import { TraceStore } from './traceStore';
import { VersionOneUpgrade } from './v1/upgrade';

/** Sees every record once, in order, as it is read: analysis in one pass. */
export interface TraceListener {
  onRecord(record: TraceRecord, event: EventId, time: VirtualTime, store: TraceStore): void;
}

/** A row that made sense. */
interface ReadRow {
  readonly record: TraceRecord;
  readonly event: EventId;
  readonly time: VirtualTime;
}

/** Tags of frames of this version. */
const knownTags: ReadonlySet<number> = new Set(Object.values(frameTags));

/** Incremental reader of one trace. */
export class TraceReader {
  private opened: TraceStore | undefined;
  private readonly pending = new PendingBytes();
  /** File offset of the first pending byte. */
  private offset = 0;
  private magicSeen = false;
  private problem: { readonly byteOffset: number; readonly message: string } | undefined;
  /** Once refused, a file stays refused, whatever is pushed behind. */
  private refusal: TraceError | undefined;
  /** Turns frames of version 1 into chunks; undefined for traces of this version. */
  private upgrade: VersionOneUpgrade | undefined;

  /**
   * @param options.gaps records may be missing without a loss record that says so; listeners are told of one with this reason. Only for those
   * who put traces together; a file that lacks records is damaged.
   * @param options.isFresh the bytes come straight from an encoder, and nobody asks the store for records: references are not checked, listeners
   * are told of a row before the next one is decoded, so that its record need not outlive it, and columns are dropped behind the last row.
   */
  constructor(
    private readonly listeners: readonly TraceListener[] = [],
    private readonly codec: TraceCodec = portableCodec,
    private readonly options: { readonly gaps?: LossReason; readonly isFresh?: boolean } = {},
  ) {}

  /** The trace so far; undefined until the header has arrived. */
  get store(): TraceStore | undefined {
    return this.opened;
  }

  /**
   * Takes the next bytes of the file and answers the number of records that they completed. An error means that the bytes
   * are no trace of this version; damage further on is no error here but shows in `close`.
   */
  push(bytes: Uint8Array): Result<number, TraceError> {
    if (this.refusal !== undefined) return fail(this.refusal);
    if (this.isDamaged) return succeed(0);
    const result = this.take(bytes);
    if (!result.ok) this.refusal = result.error;
    return result;
  }

  /** For those who have a header and frames in hand: begins the trace. */
  begin(header: TraceHeader): void {
    this.opened = new TraceStore({ ...header, version: traceFormatVersion });
  }

  /** Takes the payload of a frame of this version behind `begin`. Answers why it makes no sense; listeners have heard nothing of it then. */
  takeFrame(tag: number, payload: Uint8Array): string | undefined {
    try {
      this.readOwnFrame(this.opened!, tag, payload);
      return undefined;
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      return error.message;
    }
  }

  private get isDamaged(): boolean {
    return this.problem !== undefined;
  }

  private take(bytes: Uint8Array): Result<number, TraceError> {
    this.pending.append(bytes);
    const waiting = this.pending.bytes;
    let position = 0;
    if (!this.magicSeen) {
      const seen = Math.min(waiting.length, magic.length);
      for (let index = 0; index < seen; index++) {
        if (waiting[index] !== magic[index]) return fail(notATrace('it does not begin like one.'));
      }
      if (seen < magic.length) return succeed(0);
      this.magicSeen = true;
      position = magic.length;
    }
    let records = 0;
    while (!this.isDamaged && waiting.length - position >= frameHeadLength) {
      const head = new ByteReader(waiting, position, position + frameHeadLength);
      const tag = head.u32();
      const length = head.u32();
      const checksum = head.u32();
      const start = position + frameHeadLength;
      if (!this.isKnownTag(tag) || length > (this.upgrade?.largestFrameLength ?? largestFrameLength)) {
        this.damage(position, 'its bytes are no frame');
        break;
      }
      if (waiting.length - start < length) break;
      if (crc32(waiting, start, start + length) !== checksum) {
        this.damage(position, 'the checksum of a frame does not match');
        break;
      }
      const payload = waiting.slice(start, start + length);
      if (tag === frameTags.head) {
        if (this.opened !== undefined) {
          this.damage(position, 'it has a second header');
          break;
        }
        const header = parseTraceHeader(payload);
        if (!header.ok) return header;
        this.opened = new TraceStore({ ...header.value, version: traceFormatVersion });
        if (header.value.version === 1) this.upgrade = new VersionOneUpgrade(header.value);
      } else {
        if (this.opened === undefined) return fail(notATrace('its header is missing.'));
        records += this.readFrame(this.opened, tag, payload, position);
      }
      position = start + length;
    }
    this.pending.consume(position);
    if (this.isDamaged) this.pending.clear();
    this.offset += position;
    if (this.isDamaged && this.opened === undefined) return fail(notATrace('its header is damaged.'));
    return succeed(records);
  }

  /**
   * Says how the trace ended once no more bytes come. An error means that not even the header arrived.
   */
  close(): Result<TraceEnding, TraceError> {
    if (this.refusal !== undefined) return fail(this.refusal);
    if (this.opened === undefined) {
      return fail(
        notATrace(this.offset + this.pending.length === 0 ? 'it is empty.' : 'it ends before its header.'),
      );
    }
    const lastTime = this.opened.lastTime;
    const upTo = `Everything up to ${(lastTime / 1e6).toFixed(3)} ms is shown (${this.opened.length - this.opened.lostRecords} events).`;
    if (this.problem !== undefined) {
      const { byteOffset, message } = this.problem;
      return succeed({
        kind: 'damaged',
        byteOffset,
        lastTime,
        message: `This trace is damaged at byte ${byteOffset}: ${message}. ${upTo}`,
      });
    }
    if (this.pending.length > 0 || this.opened.report === undefined) {
      const byteOffset = this.offset;
      return succeed({
        kind: 'cut',
        byteOffset,
        lastTime,
        message: `This trace is incomplete: the file stops after byte ${byteOffset + this.pending.length}, before the recording's end. ${upTo}`,
      });
    }
    return succeed({ kind: 'complete' });
  }

  private isKnownTag(tag: number): boolean {
    if (this.upgrade !== undefined) return this.upgrade.isKnownTag(tag);
    return knownTags.has(tag) || (this.opened === undefined && tag === VersionOneUpgrade.dataTag);
  }

  private damage(position: number, message: string): void {
    this.problem = { byteOffset: this.offset + position, message };
  }

  /** Takes the payload of a frame behind the header. */
  private readFrame(store: TraceStore, tag: number, payload: Uint8Array, position: number): number {
    const lengthBefore = store.length - store.lostRecords;
    try {
      if (this.upgrade === undefined) this.readOwnFrame(store, tag, payload);
      else {
        const problem = this.upgrade.read(payload, (ownTag, own) => this.readOwnFrame(store, ownTag, own));
        if (problem !== undefined) this.damage(position, problem);
      }
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.damage(position, error.message);
    }
    return store.length - store.lostRecords - lengthBefore;
  }

  private readOwnFrame(store: TraceStore, tag: number, payload: Uint8Array): void {
    if (tag === frameTags.definitions) readDefinitions(payload, store.definitions);
    else if (tag === frameTags.chunk) this.readChunk(store, payload);
    // Checkpoints, the index and the tail repeat what a reader of the whole file sees anyway.
  }

  private readChunk(store: TraceStore, payload: Uint8Array): void {
    const chunk = new Chunk(payload, store.definitions.shapes, this.codec);
    const before = { length: store.length, time: store.lastTime };
    if (!(chunk.firstTime >= before.time)) throw new MalformedBytes('time goes backwards');
    if (chunk.firstEvent < before.length)
      throw new MalformedBytes(`a chunk starts at event ${chunk.firstEvent}, not ${before.length}`);
    const lost = chunk.firstEvent - before.length;
    store.append(chunk);
    if (lost === 0 && this.options.isFresh === true) {
      this.tellRows(store, chunk);
      chunk.forget();
      return;
    }
    let rows: readonly (ReadRow | undefined)[];
    let unmarked = false;
    try {
      rows = this.readRows(store, chunk, before.length);
      const first = rows[0]?.record;
      unmarked = lost > 0 && !(first?.kind === 'loss' && first.records >= lost);
      if (unmarked && this.options.gaps === undefined)
        throw new MalformedBytes(`a chunk starts at event ${chunk.firstEvent}, not ${before.length}`);
      store.lostRecords += lost;
    } catch (error) {
      store.takeBack();
      throw error;
    }
    if (unmarked) this.announceGap(store, lost, before.time, chunk);
    for (const row of rows) {
      if (row === undefined) store.unknownRecords++;
      else {
        if (row.record.kind === 'loss' && row.record.records > 0) this.announceAll(store, row);
        if (this.declare(store, row.record)) this.announce(store, row.record, row.event, row.time);
      }
    }
  }

  /** Decodes the rows of a chunk in front of which none is missing, and tells of each at once. */
  private tellRows(store: TraceStore, chunk: Chunk): void {
    const times = chunk.times();
    const { firstEvent } = chunk;
    for (let row = 0; row < chunk.rows; row++) {
      const record = store.recordOf(chunk, row);
      const event = firstEvent + row;
      const time = times[row]!;
      if (record.kind === 'unknown') {
        store.unknownRecords++;
        continue;
      }
      if (record.kind === 'loss' && record.records > 0) {
        store.markLost(event, event + record.records);
        this.announceAll(store, { record, event, time });
      }
      if (this.declare(store, record)) this.announce(store, record, event, time);
    }
  }

  /** Decodes and checks every row of a chunk; undefined stands for rows of a kind that this version does not know. */
  private readRows(store: TraceStore, chunk: Chunk, gapFrom: EventId): readonly (ReadRow | undefined)[] {
    const times = chunk.times();
    const rows: (ReadRow | undefined)[] = [];
    const next: Declared = {
      component: store.components.length,
      connection: store.connections.length,
      'state-object': store.stateObjects.length,
    };
    const declareAll = (): void => {
      const { components, connections, stateObjects } = store.definitions;
      next.component = components.length;
      next.connection = connections.length;
      next['state-object'] = stateObjects.length;
    };
    if (gapFrom < chunk.firstEvent && this.options.gaps !== undefined) declareAll();
    for (let row = 0; row < chunk.rows; row++) {
      const record = store.recordOf(chunk, row);
      if (record.kind === 'unknown') {
        rows.push(undefined);
        continue;
      }
      if (record.kind === 'component' || record.kind === 'connection' || record.kind === 'state-object') {
        if (record.id > next[record.kind])
          throw new MalformedBytes(`${record.kind} ${record.id} out of order`);
        checkReferences(record, store, next);
        if (record.id === next[record.kind]) next[record.kind]++;
      } else if (record.kind === 'loss' && record.records > 0) {
        declareAll();
        const from = row === 0 ? gapFrom : chunk.firstEvent + row;
        store.markLost(from, from + record.records);
      } else checkReferences(record, store, next);
      rows.push({ record, event: chunk.firstEvent + row, time: times[row]! });
    }
    return rows;
  }

  /** Takes a declaration into the store; whether the record is news. */
  private declare(store: TraceStore, record: TraceRecord): boolean {
    switch (record.kind) {
      case 'component':
        if (record.id < store.components.length) return false;
        store.components.push(record);
        return true;
      case 'connection':
        if (record.id < store.connections.length) return false;
        store.connections.push(record);
        return true;
      case 'state-object':
        if (record.id < store.stateObjects.length) return false;
        store.stateObjects.push(record);
        return true;
      case 'end':
        store.report = record.report;
        return true;
      default:
        return true;
    }
  }

  /** Declares all that has been defined: the rows that did may be among the lost ones. */
  private announceAll(store: TraceStore, { event, time }: ReadRow): void {
    const { components, connections, stateObjects } = store.definitions;
    for (const list of [components, connections, stateObjects])
      for (const record of list) if (this.declare(store, record)) this.announce(store, record, event, time);
  }

  /** Tells of records that are missing in front of a chunk, where the trace does not. */
  private announceGap(store: TraceStore, records: number, from: VirtualTime, chunk: Chunk): void {
    const until = chunk.firstTime;
    const record: LossRecord = { kind: 'loss', reason: this.options.gaps!, records, from, until };
    const row = { record, event: chunk.firstEvent - 1, time: until };
    this.announceAll(store, row);
    this.announce(store, record, row.event, until);
  }

  private announce(store: TraceStore, record: TraceRecord, event: EventId, time: VirtualTime): void {
    for (const listener of this.listeners) listener.onRecord(record, event, time, store);
  }
}
