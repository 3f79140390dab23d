/** Turns records into the bytes of a `.sweep` file. The record path allocates nothing once its buffers have grown. */
import { crc32 } from '../../../shared/base/crc32';
import { encodeUtf8 } from '../../../shared/base/utf8';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import {
  dataPreambleLength,
  frameHeadLength,
  frameTags,
  longestFrameTime,
  magic,
  stringDefinitionKind,
  targetFrameLength,
} from '../../../shared/trace/v1/layout';
import {
  argumentKinds,
  blockRoles,
  componentRoles,
  frameFates,
  framePaths,
  recordKinds,
  stateLayers,
  stateOwners,
  type CallArgument,
  type CallRecord,
  type EventId,
  type ReturnRecord,
  type TraceHeader,
  type TraceRecord,
  type VirtualTime,
} from '../../../shared/trace/records';

/** Kinds of records that version 1 had. */
export const versionOneKinds = recordKinds.slice(0, recordKinds.indexOf('end') + 1);

/** Records that version 1 had. */
export type VersionOneRecord = Exclude<
  TraceRecord,
  { kind: 'relink' | 'counter' | 'finding' | 'annotation' | 'loss' }
>;

/** Takes the bytes of a trace in order. The bytes belong to the caller again when `write` returns. */
export interface TraceSink {
  write(bytes: Uint8Array): void;
}

/** Number on disk of each member of an append-only list. */
function numbering<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}

const kindNumbers = numbering(recordKinds);
const roleNumbers = numbering(componentRoles);
const layerNumbers = numbering(stateLayers);
const ownerNumbers = numbering(stateOwners);
const blockRoleNumbers = numbering(blockRoles);
const pathNumbers = numbering(framePaths);
const fateNumbers = numbering(frameFates);
const argumentNumbers = numbering(argumentKinds);

/** Strings that a call refers to, in order, and their numbers. */
interface StringPlan {
  readonly texts: string[];
  readonly numbers: number[];
}

/**
 * Encoder of one trace. Times must not decrease. Call `flush` to hand the last frame to the sink.
 */
export class TraceEncoder {
  private readonly frame = new ByteWriter(targetFrameLength * 2);
  private readonly strings = new Map<string, number>();
  /** The strings of the last call of each function: the next call has the same ones nearly always. */
  private readonly plans = new Map<string, StringPlan>();
  /** The plan of the call that is being written, and how far it has been gone through. */
  private plan: StringPlan | undefined;
  private planAt = 0;
  private readonly snapLength: number;
  private nextEvent: EventId = 0;
  private recordsInFrame = 0;
  private firstTime = 0;
  private lastTime = 0;
  /** Where the record that is being written begins, or -1; `timeBefore` is the time of the one before it. */
  private openRecord = -1;
  private timeBefore = 0;

  constructor(
    header: TraceHeader,
    private readonly sink: TraceSink,
  ) {
    this.snapLength = header.snapLength;
    this.sink.write(Uint8Array.from(magic));
    const json = encodeUtf8(JSON.stringify(header));
    const head = new ByteWriter(frameHeadLength + json.length);
    head.u32(frameTags.head);
    head.u32(json.length);
    head.u32(crc32(json));
    head.raw(json);
    this.sink.write(head.bytes.subarray(0, head.length));
    this.startFrame();
  }

  /** Number of records so far: the id of the next event. */
  get eventCount(): number {
    return this.nextEvent;
  }

  /** Appends one record and answers its id. */
  write(time: VirtualTime, record: VersionOneRecord): EventId {
    if (record.kind === 'frame') {
      return this.writeFrame(
        time,
        record.sender,
        pathNumbers[record.path],
        record.connection,
        record.cause,
        record.length,
        record.payloadLength,
        record.retransmission,
        record.bytes,
      );
    }
    if (record.kind === 'call') return this.writeCall(time, record);
    if (record.kind === 'return') return this.writeReturn(time, record);
    const mark = this.begin(time, kindNumbers[record.kind]);
    this.body(record);
    return this.end(mark);
  }

  /** As `write` of a call record. */
  writeCall(time: VirtualTime, call: Omit<CallRecord, 'kind'>): EventId {
    this.dropOpenRecord();
    let plan = this.plans.get(call.functionName);
    if (plan === undefined) this.plans.set(call.functionName, (plan = { texts: [], numbers: [] }));
    this.plan = plan;
    this.planAt = 0;
    this.define(call.functionName);
    this.defineArgumentStrings(call.arguments);
    const mark = this.begin(time, kindNumbers.call);
    this.planAt = 0;
    this.callBody(call);
    this.plan = undefined;
    return this.end(mark);
  }

  /** As `write` of a return record. */
  writeReturn(time: VirtualTime, result: Omit<ReturnRecord, 'kind'>): EventId {
    this.dropOpenRecord();
    // A call that could not be written may have left its own.
    this.plan = undefined;
    this.defineArgumentStrings(result.outputs);
    const mark = this.begin(time, kindNumbers.return);
    this.returnBody(result);
    return this.end(mark);
  }

  /** As `write` of a frame record, without an object: the hot path. `path` is its position in {@link framePaths}. */
  writeFrame(
    time: VirtualTime,
    sender: number,
    path: number,
    connection: number | undefined,
    cause: EventId | undefined,
    length: number,
    payloadLength: number,
    retransmission: boolean,
    bytes: Uint8Array,
  ): EventId {
    const mark = this.begin(time, kindNumbers.frame);
    const out = this.frame;
    out.varint(sender);
    out.u8(path | (retransmission ? 0x80 : 0));
    out.optional(connection);
    this.back(cause);
    out.varint(length);
    out.varint(payloadLength);
    out.raw(bytes, 0, Math.min(length, bytes.length, this.snapLength));
    return this.end(mark);
  }

  /** As `write` of a frame-fate record, without an object. `fate` is its position in {@link frameFates}. */
  writeFrameFate(
    time: VirtualTime,
    frame: EventId,
    fate: number,
    receiver: number,
    flippedBits?: readonly number[],
  ): EventId {
    const mark = this.begin(time, kindNumbers['frame-fate']);
    this.frame.varint(this.nextEvent - frame);
    this.frame.u8(fate);
    this.frame.varint(receiver);
    if (flippedBits !== undefined) for (const bit of flippedBits) this.frame.varint(bit);
    return this.end(mark);
  }

  /** As `write` of a state-change record whose values are all numbers, without an object. */
  writeStateNumbers(
    time: VirtualTime,
    object: number,
    writer: number,
    cause: EventId | undefined,
    count: number,
    variables: ArrayLike<number>,
    values: ArrayLike<number>,
  ): EventId {
    const mark = this.begin(time, kindNumbers['state-change']);
    const out = this.frame;
    out.varint(object);
    out.varint(writer);
    this.back(cause);
    out.varint(count);
    for (let index = 0; index < count; index++) {
      out.varint(variables[index]! * 2);
      out.varint(values[index]!);
    }
    return this.end(mark);
  }

  /** Hands everything so far to the sink. */
  flush(): void {
    this.dropOpenRecord();
    if (this.recordsInFrame === 0 && this.frame.length === frameHeadLength + dataPreambleLength) return;
    const out = this.frame;
    out.patchU32(0, frameTags.data);
    out.patchU32(4, out.length - frameHeadLength);
    out.patchF64(frameHeadLength, this.firstTime);
    out.patchU32(frameHeadLength + 8, this.nextEvent - this.recordsInFrame);
    out.patchU32(frameHeadLength + 12, this.recordsInFrame);
    out.patchU32(8, crc32(out.bytes, frameHeadLength, out.length));
    this.sink.write(out.bytes.subarray(0, out.length));
    this.startFrame();
  }

  private startFrame(): void {
    this.frame.length = 0;
    this.frame.reserve(frameHeadLength + dataPreambleLength);
    this.frame.length = frameHeadLength + dataPreambleLength;
    this.recordsInFrame = 0;
    this.firstTime = this.lastTime;
  }

  /** Opens a record: kind, room for the length, time since the previous record of the frame. */
  private begin(time: VirtualTime, kind: number): number {
    this.dropOpenRecord();
    if (time < this.lastTime) throw new RangeError(`time goes backwards: ${time} after ${this.lastTime}`);
    if (
      this.recordsInFrame > 0 &&
      (this.frame.length >= targetFrameLength || time - this.firstTime >= longestFrameTime)
    ) {
      this.flush();
    }
    if (this.recordsInFrame === 0) this.firstTime = this.lastTime = time;
    const mark = this.frame.length;
    this.openRecord = mark;
    this.timeBefore = this.lastTime;
    this.lastTime = time;
    this.frame.u8(kind);
    this.frame.u24(0);
    this.frame.varint(time - this.timeBefore);
    return mark;
  }

  /** Takes back a record that could not be written to its end, so that what follows it stays readable. */
  private dropOpenRecord(): void {
    if (this.openRecord < 0) return;
    this.frame.length = this.openRecord;
    this.lastTime = this.timeBefore;
    this.openRecord = -1;
  }

  private end(mark: number): EventId {
    const length = this.frame.length - mark - 4;
    if (length > 0xff_ffff) throw new RangeError(`a record of ${length} bytes is too long for a trace`);
    this.frame.patchU24(mark + 1, length);
    this.openRecord = -1;
    this.recordsInFrame++;
    return this.nextEvent++;
  }

  /** An earlier event as distance from the record being written; 0 is none. */
  private back(event: EventId | undefined): void {
    this.frame.varint(event === undefined ? 0 : this.nextEvent - event);
  }

  /** Refers to a string that has been defined, in the order of the definitions. */
  private string(text: string): void {
    const { plan } = this;
    this.frame.varint(plan === undefined ? this.strings.get(text)! : plan.numbers[this.planAt++]!);
  }

  /** Definitions must stand before the record that uses them, since a record's body is contiguous. */
  private define(text: string): void {
    const { plan } = this;
    if (plan === undefined) {
      this.numberOf(text);
      return;
    }
    const at = this.planAt++;
    if (plan.texts[at] === text) return;
    plan.numbers[at] = this.numberOf(text);
    plan.texts[at] = text;
  }

  /** Number of a string; one that is new is defined. */
  private numberOf(text: string): number {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    const index = this.strings.size;
    this.strings.set(text, index);
    const mark = this.frame.length;
    this.frame.u8(stringDefinitionKind);
    this.frame.u24(0);
    this.frame.varint(index);
    this.frame.raw(encodeUtf8(text));
    this.frame.patchU24(mark + 1, this.frame.length - mark - 4);
    return index;
  }

  private defineArgumentStrings(values: readonly CallArgument[]): void {
    for (const value of values) {
      this.define(value.name);
      if (value.kind === 'number') this.define(value.group ?? '');
      else if (value.kind === 'pointer') this.define(value.label);
      else if (value.kind === 'structure') this.define(value.structure);
      else if (value.kind === 'block-list') {
        for (const block of value.blocks) for (const state of block.states) this.define(state.structure);
      }
    }
  }

  private callBody(call: Omit<CallRecord, 'kind'>): void {
    const out = this.frame;
    this.string(call.functionName);
    out.varint(call.caller);
    out.varint(call.callee);
    out.u8(call.irql + 4 * call.processor);
    out.optional(call.connection);
    this.back(call.parent);
    this.back(call.cause);
    out.varint(call.completes.length);
    for (const request of call.completes) this.back(request);
    this.argumentList(call.arguments);
  }

  private returnBody(result: Omit<ReturnRecord, 'kind'>): void {
    this.back(result.call);
    this.frame.optional(result.status);
    this.argumentList(result.outputs);
  }

  private body(record: Exclude<VersionOneRecord, { kind: 'frame' | 'call' | 'return' }>): void {
    const out = this.frame;
    switch (record.kind) {
      case 'component':
        out.varint(record.id);
        out.u8(roleNumbers[record.role]);
        out.raw(encodeUtf8(record.name));
        return;
      case 'connection':
        out.varint(record.id);
        out.block(encodeUtf8(record.local));
        out.block(encodeUtf8(record.remote));
        return;
      case 'state-object':
        out.varint(record.id);
        out.u8(layerNumbers[record.layer]);
        out.optional(record.parent);
        out.optional(record.connection);
        out.raw(encodeUtf8(record.label));
        return;
      case 'state-change':
        out.varint(record.object);
        out.varint(record.writer);
        this.back(record.cause);
        out.varint(record.changes.length);
        for (const change of record.changes) {
          const isBytes = typeof change.value !== 'number';
          out.varint(change.variable * 2 + (isBytes ? 1 : 0));
          if (typeof change.value === 'number') out.varint(change.value);
          else out.block(change.value);
        }
        return;
      case 'ownership':
        out.varint(record.object);
        out.u8(ownerNumbers[record.owner]);
        this.back(record.cause);
        return;
      case 'frame-fate':
        this.back(record.frame);
        out.u8(fateNumbers[record.fate]);
        out.varint(record.receiver);
        for (const bit of record.flippedBits ?? []) out.varint(bit);
        return;
      case 'note':
        out.varint(record.component);
        out.optional(record.connection);
        this.back(record.cause);
        out.raw(encodeUtf8(record.text));
        return;
      case 'end':
        out.raw(encodeUtf8(record.report));
        return;
    }
  }

  private argumentList(values: readonly CallArgument[]): void {
    const out = this.frame;
    out.varint(values.length);
    for (const value of values) {
      out.u8(argumentNumbers[value.kind]);
      this.string(value.name);
      switch (value.kind) {
        case 'number':
          out.varint(value.value);
          this.string(value.group ?? '');
          break;
        case 'status':
          out.u32(value.value);
          break;
        case 'text':
          out.block(encodeUtf8(value.value));
          break;
        case 'pointer':
          out.varint(value.value);
          this.string(value.label);
          break;
        case 'structure':
          this.string(value.structure);
          out.varint(value.address);
          out.block(value.bytes);
          break;
        case 'block-list':
          out.u8(value.form === 'protocol' ? 0 : 1);
          out.varint(value.blocks.length);
          for (const block of value.blocks) {
            out.varint(block.address);
            out.varint(block.depth);
            out.u8(blockRoleNumbers[block.role]);
            out.optional(block.object);
            out.block(block.bytes);
            out.varint(block.states.length);
            for (const state of block.states) {
              this.string(state.structure);
              out.block(state.bytes);
            }
          }
          break;
        case 'net-buffer-lists':
          out.varint(value.lists.length);
          for (const list of value.lists) {
            out.varint(list.address);
            out.varint(list.dataLength);
            out.varint(list.netBufferCount);
            out.varint(list.mdlCount);
            out.u32(list.status);
            out.varint(list.bytesTransferred);
            out.optional(list.streamOffset);
          }
          break;
      }
    }
  }
}
