/**
 * Reads a `.sweep` file that arrives in pieces of any size: from a file, a Blob, a network response or a running recording.
 * What stands before a cut or a damaged place can always be read.
 */
import { crc32 } from '../base/crc32';
import { fail, succeed, type Result } from '../base/result';
import { decodeUtf8 } from '../base/utf8';
import { ByteReader, MalformedBytes } from './byteReader';
import {
  dataPreambleLength,
  frameHeadLength,
  frameTags,
  largestFrameLength,
  magic,
  stringDefinitionKind,
} from './layout';
import { PendingBytes } from './pendingBytes';
import { decodeRecord } from './recordDecoder';
import type { EventId, TraceRecord, VirtualTime } from './records';
import { notATrace, type TraceEnding, type TraceError } from './traceError';
import { parseTraceHeader } from './traceHeader';
import { TraceStore } from './traceStore';

/** Sees every record once, in order, as it is read: analysis in one pass. */
export interface TraceListener {
  onRecord(record: TraceRecord, event: EventId, time: VirtualTime, store: TraceStore): void;
}

/** Limit of the number of interned strings; a trace of ours has a few hundred. */
const mostStrings = 1_000_000;

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

  constructor(private readonly listeners: readonly TraceListener[] = []) {}

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
      if ((tag !== frameTags.head && tag !== frameTags.data) || length > largestFrameLength) {
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
        this.opened = new TraceStore(header.value);
      } else {
        if (this.opened === undefined) return fail(notATrace('its header is missing.'));
        records += this.readData(this.opened, payload, position);
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
    const upTo = `Everything up to ${(lastTime / 1e6).toFixed(3)} ms is shown (${this.opened.length} events).`;
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

  private damage(position: number, message: string): void {
    this.problem = { byteOffset: this.offset + position, message };
  }

  private readData(store: TraceStore, payload: Uint8Array, position: number): number {
    const lengthBefore = store.length;
    try {
      const input = new ByteReader(payload, 0, payload.length);
      let time = input.f64();
      const firstEvent = input.u32();
      const recordCount = input.u32();
      if (firstEvent !== store.length)
        throw new MalformedBytes(`frame starts at event ${firstEvent}, not ${store.length}`);
      if (!(Number.isFinite(time) && time >= store.lastTime)) throw new MalformedBytes('time goes backwards');
      const payloadIndex = store.addPayload(payload);
      input.position = dataPreambleLength;
      while (input.position < input.end) {
        const kind = input.u8();
        const length = input.u24();
        const bodyStart = input.position;
        const bodyEnd = bodyStart + length;
        if (bodyEnd > input.end) throw new MalformedBytes(`record at ${bodyStart} overruns its frame`);
        const body = new ByteReader(payload, bodyStart, bodyEnd);
        if (kind === stringDefinitionKind) {
          const index = body.varint();
          if (index !== store.strings.length || index >= mostStrings)
            throw new MalformedBytes(`string ${index} out of order`);
          store.strings.push(decodeUtf8(body.raw(bodyEnd - body.position)));
        } else {
          time += body.varint();
          const start = body.position;
          const record = decodeRecord(kind, store.length, body, store);
          if (record.kind === 'unknown') store.unknownRecords++;
          else this.declare(store, record);
          const event = store.append(kind, time, payloadIndex, start, bodyEnd);
          if (record.kind !== 'unknown') {
            for (const listener of this.listeners) listener.onRecord(record, event, time, store);
          }
        }
        input.position = bodyEnd;
      }
      if (store.length - lengthBefore !== recordCount)
        throw new MalformedBytes(`frame promises ${recordCount} records`);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.damage(position, error.message);
    }
    return store.length - lengthBefore;
  }

  /** Takes declarations into the store and refuses references to what was never declared. */
  private declare(store: TraceStore, record: TraceRecord): void {
    const component = (id: number): void => {
      if (store.components[id] === undefined) throw new MalformedBytes(`unknown component ${id}`);
    };
    const connection = (id: number | undefined): void => {
      if (id !== undefined && store.connections[id] === undefined)
        throw new MalformedBytes(`unknown connection ${id}`);
    };
    const stateObject = (id: number | undefined): void => {
      if (id !== undefined && store.stateObjects[id] === undefined)
        throw new MalformedBytes(`unknown state object ${id}`);
    };
    const next = (id: number, list: readonly unknown[], what: string): void => {
      if (id !== list.length) throw new MalformedBytes(`${what} ${id} out of order`);
    };
    const kindOf = (event: EventId | undefined, kind: TraceRecord['kind']): void => {
      if (event !== undefined && store.kind(event) !== kind)
        throw new MalformedBytes(`event ${event} is no ${kind}`);
    };
    switch (record.kind) {
      case 'component':
        next(record.id, store.components, 'component');
        store.components.push(record);
        return;
      case 'connection':
        next(record.id, store.connections, 'connection');
        store.connections.push(record);
        return;
      case 'state-object':
        next(record.id, store.stateObjects, 'state object');
        stateObject(record.parent);
        connection(record.connection);
        store.stateObjects.push(record);
        return;
      case 'state-change':
        stateObject(record.object);
        component(record.writer);
        return;
      case 'ownership':
        stateObject(record.object);
        return;
      case 'call':
        component(record.caller);
        component(record.callee);
        connection(record.connection);
        kindOf(record.parent, 'call');
        for (const request of record.completes) kindOf(request, 'call');
        return;
      case 'return':
        kindOf(record.call, 'call');
        return;
      case 'frame':
        component(record.sender);
        connection(record.connection);
        return;
      case 'frame-fate':
        kindOf(record.frame, 'frame');
        component(record.receiver);
        return;
      case 'note':
        component(record.component);
        connection(record.connection);
        return;
      case 'end':
        store.report = record.report;
        return;
    }
  }
}
