/**
 * Turns records into the bytes of a `.sweep` file. Rows go into columns; a chunk of them becomes bytes when it is full or when `flush` is
 * called. The record path allocates nothing once its columns have grown.
 */
import { offloadStateVariables } from '../ddi/offloadState';
import { encodeUtf8 } from '../base/utf8';
import { ByteWriter } from './byteWriter';
import { ChunkWriter, ShapeRows } from './chunkWriter';
import type { ChunkSummary } from './chunkSummary';
import type { TraceCodec } from './codec';
import { BytesColumn, ListColumn, type IntegerColumn } from './columns';
import {
  writeComponent,
  writeConnection,
  writeDefinitionsHead,
  writeShape,
  writeSite,
  writeStateObject,
  writeString,
  type DefinitionCounts,
} from './definitions';
import type { EncodingMeter } from './encodingMeter';
import { encapsulatedHeaderLength, keptFrameLength } from './frameHeader';
import { OverviewBuilder } from './overview';
import {
  frameHead,
  frameTags,
  magic,
  mostRowsOfChunk,
  rowsOfFirstChunk,
  targetChunkBytes,
  type Checksum,
} from './layout';
import {
  blockRoles,
  findingSeverities,
  frameFates,
  framePaths,
  lossReasons,
  stateLayers,
  stateOwners,
  traceFormatVersion,
  type BlockSnapshot,
  type CallArgument,
  type CallRecord,
  type ConnectionRecord,
  type ComponentRecord,
  type EventId,
  type ReturnRecord,
  type StateChangeRecord,
  type StateLayer,
  type StateObjectRecord,
  type TraceHeader,
  type TraceRecord,
  type VirtualTime,
} from './records';
import { columnsOf, fits, memberOf, type Shape, type ShapeMember } from './shapes';
import { StateTracker } from './stateTracker';
import { writeTraceIndex, type CheckpointPlace, type FramePlace } from './traceIndex';

/** Takes the bytes of a trace in order. The bytes belong to the caller again when `write` returns. */
export interface TraceSink {
  write(bytes: Uint8Array): void;
}

/** How an encoder writes. */
export interface TraceEncoderOptions {
  /** Compresses chunks; without one they stay plain, as a recording under way is. */
  readonly codec?: TraceCodec | undefined;
  /**
   * Told each time that the sink throws. With it the encoder goes on: what the sink did not take is lost, and a loss record says so once the sink
   * takes bytes again. Without it the error goes to whoever writes a record or calls `flush`.
   */
  readonly onSinkError?: ((error: unknown) => void) | undefined;
  /** CRC-32, where a room has a faster one than ours. */
  readonly checksum?: Checksum | undefined;
  /** False for a sink that makes its own index: none is collected, which would grow with the run, and no checkpoints are written. */
  readonly hasIndex?: boolean | undefined;
  /** Measures what encoding costs; the bytes do not depend on it. */
  readonly meter?: EncodingMeter | undefined;
}

/** Bytes of one row that are no numbers; more than that is refused. */
const longestRowBytes = 0xff_ffff;

/** Calls whose callees are remembered until they return; calls nest, so that far fewer are open. */
const recentCallCount = 8192;

/** A trace with fewer chunks has no overview: reading it all costs no more. */
const fewChunks = 6;

/** Statuses from here on are errors (severity bits of an NTSTATUS). */
const firstErrorStatus = 0xc000_0000;

/** Records of the state behind a loss; more would not leave much room in their chunk. */
const mostRestatedRecords = mostRowsOfChunk / 2;

/** Sets of variables with shapes of their own; further ones list their variables. */
const mostChangeShapes = 8192;

/** Number on disk of each member of an append-only list. */
function numbering<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}

const ownerNumbers = numbering(stateOwners);
const blockRoleNumbers = numbering(blockRoles);
const pathNumbers = numbering(framePaths);
const fateNumbers = numbering(frameFates);

/** Shapes of the changes of one layer. */
interface ChangeShape {
  readonly rows: ShapeRows;
  readonly variables: readonly number[];
  /** Whether the value of each is bytes. */
  readonly byteVariables: readonly boolean[];
}

/** Encoder of one trace. Times must not decrease. Call `flush` to hand the last chunk to the sink. */
export class TraceEncoder {
  private readonly chunk = new ChunkWriter();
  private readonly definitions = new ByteWriter(4096);
  private definedBefore: DefinitionCounts = [0, 0, 0, 0, 0, 0];
  private readonly frame = new ByteWriter(256 * 1024);
  private readonly strings = new Map<string, number>();
  private readonly recentLabels: string[] = new Array<string>(16).fill('');
  private readonly recentNumbers = new Int32Array(16).fill(-1);
  private readonly sites = new Map<number, number>();
  private shapeCount = 0;
  /** Shapes of calls by function, that of the last call first; and of returns, by what they return. */
  private readonly callShapes = new Map<string, ShapeRows[]>();
  private readonly returnShapes: ShapeRows[] = [];
  private readonly changeShapes = new Map<number, ChangeShape[]>();
  private changeShapeCount = 0;
  private readonly frameShapes: (ShapeRows | undefined)[] = [];
  private readonly ownShapes = new Map<string, ShapeRows>();
  private readonly blockBytes = new ByteWriter(1024);
  private readonly definitionPlaces: FramePlace[] = [];
  private readonly chunks: ChunkSummary[] = [];
  private closedChunks = 0;
  private readonly checkpoints: CheckpointPlace[] = [];
  private readonly overview = new OverviewBuilder();
  private readonly states = new StateTracker();
  /** Calls that may be open, by the low bits of their ids: whom they call. */
  private readonly recentCalls = new Float64Array(recentCallCount);
  private readonly recentCallees = new Float64Array(recentCallCount);
  private lostRecords = 0;
  /** Since when the sink takes nothing; undefined while it does. */
  private outage: { readonly event: EventId; readonly time: VirtualTime } | undefined;
  private isRestating = false;
  private readonly onSinkError: TraceEncoderOptions['onSinkError'];
  /** Bytes that the sink has got. */
  private offset = magic.length;
  private readonly snapLength: number;
  private readonly codec: TraceCodec | undefined;
  private readonly checksum: Checksum | undefined;
  private readonly hasIndex: boolean;
  private readonly meter: EncodingMeter | undefined;
  private components = 0;
  private connections = 0;
  private readonly objectLayers: StateLayer[] = [];
  private nextEvent: EventId = 0;
  /** Rows at which the open chunk is closed. The first ones are short: they show early, and a short trace that is cut keeps something. */
  private rowsOfChunk = rowsOfFirstChunk;
  private lastTime = 0;
  /** The shape whose row is being written. */
  private open: ShapeRows | undefined;

  constructor(
    header: TraceHeader,
    private readonly sink: TraceSink,
    { codec, checksum, onSinkError, hasIndex = true, meter }: TraceEncoderOptions = {},
  ) {
    this.snapLength = header.snapLength;
    this.codec = codec;
    this.checksum = checksum;
    this.onSinkError = onSinkError;
    this.hasIndex = hasIndex;
    this.meter = meter;
    this.sink.write(Uint8Array.from(magic));
    const stamped: TraceHeader = { ...header, version: traceFormatVersion };
    this.writeWholeFrame(frameTags.head, encodeUtf8(JSON.stringify(stamped)));
  }

  /** Number of records so far: the id of the next event. */
  get eventCount(): number {
    return this.nextEvent;
  }

  /** Number of records that are lost: those that the sink did not take, and those that were skipped. */
  get lostCount(): number {
    return this.lostRecords;
  }

  /** Chunks that have been closed. */
  get chunkCount(): number {
    return this.closedChunks;
  }

  /** Whether there are records that the sink hasn't got. */
  get hasOpenRows(): boolean {
    return this.chunk.rows > 0;
  }

  /** Appends one record and answers its id. */
  write(time: VirtualTime, record: TraceRecord): EventId {
    switch (record.kind) {
      case 'frame':
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
      case 'frame-fate':
        return this.writeFrameFate(
          time,
          record.frame,
          fateNumbers[record.fate],
          record.receiver,
          record.flippedBits,
        );
      case 'call':
        return this.writeCall(time, record);
      case 'return':
        return this.writeReturn(time, record);
      case 'state-change':
        return this.writeStateChange(time, record);
      default:
        return this.writeOther(time, record);
    }
  }

  /** As `write` of a call record. */
  writeCall(time: VirtualTime, call: Omit<CallRecord, 'kind'>): EventId {
    this.begin(time);
    const site = this.site(call.caller, call.callee, call.irql, call.processor);
    const shape = this.callShape(call);
    this.open = shape;
    const { columns } = shape;
    shape.integers(0).push(site);
    this.back(shape.integers(1), call.parent);
    this.back(shape.integers(2), call.cause);
    this.backList(columns[3] as ListColumn, call.completes);
    this.arguments(shape, 4, call.arguments);
    const place = this.nextEvent % recentCallCount;
    this.recentCalls[place] = this.nextEvent;
    this.recentCallees[place] = call.callee;
    this.overview.add(time, call.callee, 0);
    return this.end(shape, time, call.connection);
  }

  /** As `write` of a return record. */
  writeReturn(time: VirtualTime, result: Omit<ReturnRecord, 'kind'>): EventId {
    this.begin(time);
    const shape = this.returnShape(result.outputs);
    this.open = shape;
    this.backRequired(shape.integers(0), result.call);
    shape.integers(1).pushOptional(result.status);
    this.arguments(shape, 2, result.outputs);
    if (result.status !== undefined && result.status >= firstErrorStatus) {
      const place = result.call % recentCallCount;
      if (this.recentCalls[place] === result.call) this.overview.addError(time, this.recentCallees[place]!);
    }
    return this.end(shape, time, undefined);
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
    this.begin(time);
    const whole = Math.min(length, bytes.length);
    const header = Math.min(encapsulatedHeaderLength(bytes, whole), whole);
    const kept = keptFrameLength(bytes, length, this.snapLength, header);
    let shape = this.frameShapes[header];
    if (shape === undefined) this.frameShapes[header] = shape = this.defineShape('frame', '', header, []);
    this.open = shape;
    shape.integers(0).push(sender);
    shape.integers(1).push(path + (retransmission ? 0x80 : 0));
    this.back(shape.integers(2), cause);
    shape.integers(3).push(length);
    shape.integers(4).push(payloadLength);
    this.bytes(shape.columns[5] as BytesColumn, bytes, 0, header);
    this.bytes(shape.columns[6] as BytesColumn, bytes, header, kept);
    this.overview.add(time, sender, length);
    return this.end(shape, time, connection);
  }

  /** As `write` of a frame-fate record, without an object. `fate` is its position in {@link frameFates}. */
  writeFrameFate(
    time: VirtualTime,
    frame: EventId,
    fate: number,
    receiver: number,
    flippedBits?: readonly number[],
  ): EventId {
    this.begin(time);
    const shape = this.ownShape('frame-fate');
    this.open = shape;
    this.backRequired(shape.integers(0), frame);
    shape.integers(1).push(fate);
    shape.integers(2).push(receiver);
    const bits = shape.columns[3] as ListColumn;
    bits.counts.push(flippedBits?.length ?? 0);
    if (flippedBits !== undefined) for (const bit of flippedBits) (bits.items[0] as IntegerColumn).push(bit);
    return this.end(shape, time, undefined);
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
    this.begin(time);
    const change = this.changeShape(object, count, variables, undefined);
    if (change === undefined) {
      const changes = Array.from({ length: count }, (_, index) => ({
        variable: variables[index]!,
        value: values[index]!,
      }));
      return this.listedChange(time, { object, writer, cause, changes });
    }
    const shape = change.rows;
    this.open = shape;
    this.changeHead(shape, object, writer, cause);
    for (let index = 0; index < count; index++) shape.integers(3 + index).push(values[index]!);
    this.states.numbers(this.nextEvent, object, count, variables, values);
    return this.end(shape, time, undefined);
  }

  /** Hands everything so far to the sink. */
  flush(): void {
    this.dropOpenRow();
    this.meter?.beginWork();
    try {
      this.closeChunk();
    } finally {
      this.meter?.endWork();
    }
  }

  private closeChunk(): void {
    const areDefined = this.flushDefinitions();
    if (this.chunk.rows > 0) {
      const { payload, summary } = this.chunk.close(this.codec);
      const place = areDefined ? this.offerFrame(frameTags.chunk, payload) : undefined;
      if (place === undefined) this.lose(summary.firstEvent, summary.firstTime, summary.rows);
      else {
        this.outage = undefined;
        this.closedChunks++;
        if (this.hasIndex) {
          this.chunks.push({ ...place, ...summary });
          if (this.states.isCheckpointDue) this.checkpoint();
        }
      }
    }
  }

  /** Ends the trace: hands the rest to the sink, then the index, which makes the file quick to open. */
  finish(): void {
    this.meter?.beginWork();
    try {
      this.writeEnd();
    } finally {
      this.meter?.endWork();
    }
  }

  private writeEnd(): void {
    this.flush();
    // A sink that takes nothing gets another chance: what is open then says what was lost.
    if (this.outage !== undefined) this.flush();
    if (this.outage !== undefined || !this.hasIndex) return;
    const { overview } = this;
    const index = writeTraceIndex(
      {
        events: this.nextEvent,
        lostRecords: this.lostRecords,
        definitions: this.definitionPlaces,
        chunks: this.chunks,
        checkpoints: this.checkpoints,
        overview: this.chunks.length < fewChunks ? undefined : overview.finish(),
      },
      this.codec,
    );
    const place = this.offerFrame(frameTags.index, index);
    if (place === undefined) return;
    const tail = new ByteWriter(8);
    tail.f64(place.offset);
    this.offerFrame(frameTags.tail, tail.bytes);
  }

  /** Defines what later records refer to, without a record: the one that declared it is lost. */
  define(record: ComponentRecord | ConnectionRecord | StateObjectRecord): void {
    const { definitions } = this;
    switch (record.kind) {
      case 'component':
        this.expectNext(record.id, this.components++, 'component');
        writeComponent(definitions, record);
        break;
      case 'connection':
        this.expectNext(record.id, this.connections++, 'connection');
        writeConnection(definitions, record);
        break;
      case 'state-object':
        this.expectNext(record.id, this.objectLayers.length, 'state object');
        writeStateObject(definitions, record);
        this.objectLayers.push(record.layer);
        this.states.declare(record);
        break;
    }
  }

  /** Appends the record that declares what has been defined already. */
  redeclare(time: VirtualTime, kind: 'component' | 'connection' | 'state-object', id: number): EventId {
    this.begin(time);
    const shape = this.ownShape(kind);
    this.open = shape;
    shape.integers(0).push(id);
    return this.end(shape, time, undefined);
  }

  /** Gives the next `records` ids to records that are lost. The next record has to be a loss record that counts them. */
  skip(records: number): void {
    this.flush();
    this.nextEvent += records;
    this.lostRecords += records;
  }

  /** Hands everything so far to the sink, and what the state is now: readers go on from there without looking at what stands before. */
  settle(): void {
    this.flush();
    if (this.outage === undefined) this.checkpoint();
  }

  /** Whether the sink has taken all definitions. */
  private flushDefinitions(): boolean {
    if (this.definitions.length === 0) return true;
    const payload = new ByteWriter(this.definitions.length + 64);
    writeDefinitionsHead(payload, this.definedBefore);
    payload.raw(this.definitions.bytes, 0, this.definitions.length);
    const place = this.offerFrame(frameTags.definitions, payload.bytes.subarray(0, payload.length));
    if (place === undefined) return false;
    if (this.hasIndex) this.definitionPlaces.push(place);
    this.definitions.length = 0;
    this.definedBefore = [
      this.strings.size,
      this.shapeCount,
      this.sites.size,
      this.components,
      this.connections,
      this.objectLayers.length,
    ];
    return true;
  }

  /** Writes what the state is behind all that has been written. */
  private checkpoint(): void {
    const payload = this.states.checkpoint(this.nextEvent, this.codec);
    const place = this.offerFrame(frameTags.checkpoint, payload);
    if (place !== undefined) this.checkpoints.push({ ...place, event: this.nextEvent });
  }

  /** As `writeWholeFrame`; undefined where the sink does not take it. */
  private offerFrame(tag: number, payload: Uint8Array): FramePlace | undefined {
    if (this.onSinkError === undefined) return this.writeWholeFrame(tag, payload);
    try {
      return this.writeWholeFrame(tag, payload);
    } catch (error) {
      this.onSinkError(error);
      return undefined;
    }
  }

  /** The sink has not taken a chunk: the next one begins with what there is to say about that, and with the state that it led to. */
  private lose(event: EventId, time: VirtualTime, rows: number): void {
    this.lostRecords += rows;
    this.outage ??= { event, time };
    const { outage, lastTime } = this;
    this.isRestating = true;
    this.write(lastTime, {
      kind: 'loss',
      reason: 'disk',
      records: this.nextEvent - outage.event,
      from: outage.time,
      until: lastTime,
    });
    for (const record of this.states.changedSince(outage.event, mostRestatedRecords))
      this.write(lastTime, record);
    this.isRestating = false;
  }

  /** A frame goes to the sink in one piece. */
  private writeWholeFrame(tag: number, payload: Uint8Array): FramePlace {
    const { frame, offset } = this;
    frame.length = 0;
    frame.raw(frameHead(tag, payload, this.checksum));
    frame.raw(payload);
    const { meter } = this;
    meter?.beginSink();
    try {
      this.sink.write(frame.bytes.subarray(0, frame.length));
    } finally {
      meter?.endSink();
    }
    this.offset += frame.length;
    return { offset, length: frame.length };
  }

  private writeStateChange(time: VirtualTime, record: Omit<StateChangeRecord, 'kind'>): EventId {
    this.begin(time);
    const { object, writer, cause, changes } = record;
    const change = this.changeShape(
      object,
      changes.length,
      changes.map(({ variable }) => variable),
      changes.map(({ value }) => typeof value !== 'number'),
    );
    if (change === undefined) return this.listedChange(time, record);
    const shape = change.rows;
    this.open = shape;
    this.changeHead(shape, object, writer, cause);
    changes.forEach(({ value }, index) => {
      if (typeof value === 'number') shape.integers(3 + index).push(value);
      else this.bytes(shape.columns[3 + index] as BytesColumn, value, 0, value.length);
    });
    this.states.values(this.nextEvent, object, changes);
    return this.end(shape, time, undefined);
  }

  /** A change in the form that lists its variables. */
  private listedChange(time: VirtualTime, record: Omit<StateChangeRecord, 'kind'>): EventId {
    const shape = this.ownShape('state-change', 1);
    this.open = shape;
    this.changeHead(shape, record.object, record.writer, record.cause);
    const [numbers, blocks] = [shape.columns[3] as ListColumn, shape.columns[4] as ListColumn];
    let byteValues = 0;
    for (const { variable, value } of record.changes) {
      const isNumber = typeof value === 'number';
      (numbers.items[0] as IntegerColumn).push(variable * 2 + (isNumber ? 0 : 1));
      (numbers.items[1] as IntegerColumn).push(isNumber ? value : 0);
      if (isNumber) continue;
      this.bytes(blocks.items[0] as BytesColumn, value, 0, value.length);
      byteValues++;
    }
    numbers.counts.push(record.changes.length);
    blocks.counts.push(byteValues);
    this.states.values(this.nextEvent, record.object, record.changes);
    return this.end(shape, time, undefined);
  }

  private changeHead(shape: ShapeRows, object: number, writer: number, cause: EventId | undefined): void {
    shape.integers(0).push(object);
    shape.integers(1).push(writer);
    this.back(shape.integers(2), cause);
    this.states.writtenBy(object, writer);
  }

  private writeOther(
    time: VirtualTime,
    record: Exclude<
      TraceRecord,
      { readonly kind: 'frame' | 'frame-fate' | 'call' | 'return' | 'state-change' }
    >,
  ): EventId {
    this.begin(time);
    const { definitions } = this;
    const shape = this.ownShape(record.kind);
    this.open = shape;
    let connection: number | undefined;
    switch (record.kind) {
      case 'component':
        this.expectNext(record.id, this.components, 'component');
        writeComponent(definitions, record);
        shape.integers(0).push(this.components++);
        break;
      case 'connection':
        this.expectNext(record.id, this.connections, 'connection');
        writeConnection(definitions, record);
        shape.integers(0).push(this.connections++);
        break;
      case 'state-object':
        this.expectNext(record.id, this.objectLayers.length, 'state object');
        writeStateObject(definitions, record);
        shape.integers(0).push(this.objectLayers.length);
        this.objectLayers.push(record.layer);
        this.states.declare(record);
        break;
      case 'ownership':
        shape.integers(0).push(record.object);
        shape.integers(1).push(ownerNumbers[record.owner]);
        this.back(shape.integers(2), record.cause);
        this.states.owned(this.nextEvent, record.object, ownerNumbers[record.owner]);
        break;
      case 'relink':
        shape.integers(0).push(record.object);
        shape.integers(1).pushOptional(record.parent);
        this.back(shape.integers(2), record.cause);
        this.states.relinked(this.nextEvent, record.object, record.parent);
        break;
      case 'note':
        shape.integers(0).push(record.component);
        this.back(shape.integers(1), record.cause);
        this.text(shape, 2, record.text);
        connection = record.connection;
        break;
      case 'end':
        this.text(shape, 0, record.report);
        break;
      case 'counter':
        shape.integers(0).push(record.component);
        shape.integers(1).push(this.string(record.name));
        shape.integers(2).push(record.value);
        break;
      case 'finding':
        shape.integers(0).push(this.string(record.rule));
        shape.integers(1).push(findingSeverities.indexOf(record.severity));
        shape.integers(2).pushOptional(record.object);
        this.backList(shape.columns[3] as ListColumn, record.events);
        this.text(shape, 4, record.text);
        break;
      case 'annotation':
        this.backRequired(shape.integers(0), record.from);
        this.backRequired(shape.integers(1), record.to);
        this.text(shape, 2, record.author);
        this.text(shape, 3, record.text);
        break;
      case 'loss':
        shape.integers(0).push(lossReasons.indexOf(record.reason));
        shape.integers(1).push(record.records);
        shape.integers(2).push(record.from);
        shape.integers(3).push(record.until);
        break;
    }
    return this.end(shape, time, connection);
  }

  private expectNext(id: number, next: number, what: string): void {
    if (id !== next) throw new RangeError(`${what} ${id} out of order: ${next} is the next`);
  }

  /** Looks at the time and makes room. */
  private begin(time: VirtualTime): void {
    this.dropOpenRow();
    if (!(Number.isSafeInteger(time) && time >= this.lastTime))
      throw new RangeError(`time goes backwards: ${time} after ${this.lastTime}`);
    const { chunk } = this;
    if (!this.isRestating && (chunk.rows >= this.rowsOfChunk || chunk.bytes >= targetChunkBytes)) {
      this.flush();
      this.rowsOfChunk = Math.min(this.rowsOfChunk * 4, mostRowsOfChunk);
    }
    const { meter } = this;
    if (meter === undefined) return;
    // A record that could not be written to its end is no sample.
    meter.isTiming = false;
    if (--meter.recordsUntilSample === 0) meter.beginRow();
  }

  /** Takes back a row that could not be written to its end, so that what follows it stays readable. */
  private dropOpenRow(): void {
    this.open?.truncate();
    this.open = undefined;
  }

  private end(shape: ShapeRows, time: VirtualTime, connection: number | undefined): EventId {
    if (connection !== undefined && !(connection < this.connections))
      throw new RangeError(`unknown connection ${connection}`);
    this.chunk.add(shape, this.nextEvent, time, connection);
    this.open = undefined;
    this.lastTime = time;
    const { meter } = this;
    if (meter?.isTiming === true) meter.endRow();
    return this.nextEvent++;
  }

  /** An earlier event as distance from the row being written; 0 is none. */
  private back(column: IntegerColumn, event: EventId | undefined): void {
    if (event === undefined) column.push(0);
    else this.backRequired(column, event);
  }

  private backRequired(column: IntegerColumn, event: EventId): void {
    if (!(event < this.nextEvent)) throw new RangeError(`event ${event} has not happened`);
    column.push(this.nextEvent - event);
  }

  private backList(column: ListColumn, events: readonly EventId[]): void {
    column.counts.push(events.length);
    for (let index = 0; index < events.length; index++)
      this.backRequired(column.items[0] as IntegerColumn, events[index]!);
  }

  private bytes(column: BytesColumn, source: Uint8Array, start: number, end: number): void {
    if (end - start > longestRowBytes)
      throw new RangeError(`a record of ${end - start} bytes is too long for a trace`);
    this.chunk.bytes += column.push(source, start, end);
  }

  private text(shape: ShapeRows, place: number, text: string): void {
    const bytes = encodeUtf8(text);
    this.bytes(shape.columns[place] as BytesColumn, bytes, 0, bytes.length);
  }

  /** As `string`, for texts that come again and again: the last ones are found without their hash. */
  private label(text: string): number {
    const place = text.length & 15;
    if (this.recentNumbers[place]! >= 0 && this.recentLabels[place] === text)
      return this.recentNumbers[place]!;
    this.recentLabels[place] = text;
    return (this.recentNumbers[place] = this.string(text));
  }

  /** Number of a string; one that is new is defined. */
  private string(text: string): number {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    const number = this.strings.size;
    this.strings.set(text, number);
    writeString(this.definitions, text);
    return number;
  }

  private site(caller: number, callee: number, irql: CallRecord['irql'], processor: number): number {
    const key = ((caller * 0x1_0000 + callee) * 64 + processor) * 4 + irql;
    const known = this.sites.get(key);
    if (known !== undefined) return known;
    if (!(caller < this.components && callee < this.components))
      throw new RangeError(`unknown component ${Math.max(caller, callee)}`);
    const number = this.sites.size;
    this.sites.set(key, number);
    writeSite(this.definitions, { caller, callee, irql, processor });
    return number;
  }

  private defineShape(
    kind: TraceRecord['kind'],
    name: string,
    parameter: number,
    members: readonly ShapeMember[],
  ): ShapeRows {
    const shape: Shape = { kind, name, parameter, members, columns: columnsOf(kind, parameter, members) };
    writeShape(this.definitions, shape, (text) => this.string(text));
    return new ShapeRows(this.shapeCount++, shape);
  }

  /** The shape of a kind that has one only. */
  private ownShape(kind: TraceRecord['kind'], parameter = 0): ShapeRows {
    let shape = this.ownShapes.get(kind);
    if (shape === undefined) this.ownShapes.set(kind, (shape = this.defineShape(kind, '', parameter, [])));
    return shape;
  }

  private callShape(call: Omit<CallRecord, 'kind'>): ShapeRows {
    let shapes = this.callShapes.get(call.functionName);
    if (shapes === undefined) this.callShapes.set(call.functionName, (shapes = []));
    return this.fittingShape('call', call.functionName, shapes, call.arguments);
  }

  private returnShape(outputs: readonly CallArgument[]): ShapeRows {
    return this.fittingShape('return', '', this.returnShapes, outputs);
  }

  /** The shape among `shapes` that arguments fit, moved to their front; defined where there is none. */
  private fittingShape(
    kind: 'call' | 'return',
    name: string,
    shapes: ShapeRows[],
    values: readonly CallArgument[],
  ): ShapeRows {
    for (let place = 0; place < shapes.length; place++) {
      const shape = shapes[place]!;
      const { members } = shape.shape;
      if (members.length !== values.length) continue;
      let index = 0;
      while (index < values.length && fits(values[index]!, members[index]!)) index++;
      if (index < values.length) continue;
      if (place > 0) {
        shapes[place] = shapes[0]!;
        shapes[0] = shape;
      }
      return shape;
    }
    const shape = this.defineShape(kind, name, 0, values.map(memberOf));
    shapes.unshift(shape);
    return shape;
  }

  /** The shape of a change of these variables; undefined where it has to list them. */
  private changeShape(
    object: number,
    count: number,
    variables: ArrayLike<number>,
    byteVariables: readonly boolean[] | undefined,
  ): ChangeShape | undefined {
    const layer = this.objectLayers[object];
    if (layer === undefined) throw new RangeError(`unknown state object ${object}`);
    let key = stateLayers.indexOf(layer) + 1;
    for (let index = 0; index < count; index++) key = (Math.imul(key, 131) + variables[index]!) | 0;
    let candidates = this.changeShapes.get(key);
    if (candidates === undefined) this.changeShapes.set(key, (candidates = []));
    for (const candidate of candidates) {
      if (candidate.variables.length !== count) continue;
      let index = 0;
      while (
        index < count &&
        candidate.variables[index] === variables[index] &&
        candidate.byteVariables[index] === (byteVariables?.[index] ?? false)
      )
        index++;
      if (index === count) return candidate;
    }
    if (this.changeShapeCount >= mostChangeShapes || count > 100) return undefined;
    this.changeShapeCount++;
    const known = offloadStateVariables(layer);
    const numbers = Array.from({ length: count }, (_, index) => variables[index]!);
    const members = numbers.map((number, index): ShapeMember => ({
      kind: byteVariables?.[index] === true ? 'variable-bytes' : 'variable-number',
      name: known[number]?.qualifiedName ?? '',
      detail: String(number),
    }));
    const shape = {
      rows: this.defineShape('state-change', '', 0, members),
      variables: numbers,
      byteVariables: numbers.map((_, index) => byteVariables?.[index] ?? false),
    };
    candidates.push(shape);
    return shape;
  }

  private arguments(shape: ShapeRows, from: number, values: readonly CallArgument[]): void {
    let place = from;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      switch (value.kind) {
        case 'number':
        case 'status':
          shape.integers(place++).push(value.value);
          break;
        case 'text':
          this.text(shape, place++, value.value);
          break;
        case 'pointer':
          shape.integers(place++).push(value.value);
          shape.integers(place++).push(this.label(value.label));
          break;
        case 'structure':
          shape.integers(place++).push(value.address);
          this.bytes(shape.columns[place++] as BytesColumn, value.bytes, 0, value.bytes.length);
          break;
        case 'block-list':
          this.blocks(value.blocks);
          this.bytes(shape.columns[place++] as BytesColumn, this.blockBytes.bytes, 0, this.blockBytes.length);
          break;
        case 'net-buffer-lists': {
          const column = shape.columns[place++] as ListColumn;
          const { lists } = value;
          const items = column.items as readonly IntegerColumn[];
          column.counts.push(lists.length);
          for (let at = 0; at < lists.length; at++) {
            const list = lists[at]!;
            items[0]!.push(list.address);
            items[1]!.push(list.dataLength);
            items[2]!.push(list.netBufferCount);
            items[3]!.push(list.mdlCount);
            items[4]!.push(list.status);
            items[5]!.push(list.bytesTransferred);
            items[6]!.pushOptional(list.streamOffset);
          }
          break;
        }
      }
    }
  }

  /** A block-list tree, into `blockBytes`. */
  private blocks(blocks: readonly BlockSnapshot[]): void {
    const out = this.blockBytes;
    out.length = 0;
    out.varint(blocks.length);
    for (const block of blocks) {
      out.varint(block.address);
      out.varint(block.depth);
      out.u8(blockRoleNumbers[block.role]);
      out.optional(block.object);
      out.block(block.bytes);
      out.varint(block.states.length);
      for (const state of block.states) {
        out.varint(this.string(state.structure));
        out.block(state.bytes);
      }
    }
  }
}
