/** Where the emulator's probe and the trace format meet: everything that the emulator reports becomes a record. */
import type { RunReport } from '../../shared/analysis/runReport';
import { TraceEncoder, type TraceEncoderOptions, type TraceSink } from '../../shared/trace/traceEncoder';
import {
  frameFates,
  framePaths,
  type CallRecord,
  type ComponentRole,
  type EventId,
  type FrameFate,
  type FramePath,
  type ReturnRecord,
  type StateChangeRecord,
  type StateLayer,
  type StateOwner,
  type TraceHeader,
} from '../../shared/trace/records';
import type { Probe } from '../emulator/probe';

/** Records one run. Call `finish` at its end; a recording without it reads as cut. */
export class TraceRecorder implements Probe {
  private readonly encoder: TraceEncoder;
  /** Whether chunks end where `flush` was called. */
  wasFlushed = false;
  /** Chunks at the last call of `flush`. */
  private chunksBefore = 0;
  private components = 0;
  private connections = 0;
  private stateObjects = 0;

  constructor(header: TraceHeader, sink: TraceSink, options: TraceEncoderOptions = {}) {
    this.encoder = new TraceEncoder(header, sink, options);
  }

  /**
   * For a clock to call: hands what has been recorded so far to the sink, unless a chunk went there by itself since the last call. A fast recording
   * thus keeps its full chunks.
   */
  flush(): void {
    const { encoder } = this;
    if (encoder.hasOpenRows && encoder.chunkCount === this.chunksBefore) {
      this.wasFlushed = true;
      encoder.flush();
    }
    this.chunksBefore = encoder.chunkCount;
  }

  /** Hands everything that has been recorded so far to the sink. */
  flushAll(): void {
    const { encoder } = this;
    if (encoder.hasOpenRows) {
      this.wasFlushed = true;
      encoder.flush();
    }
    this.chunksBefore = encoder.chunkCount;
  }

  /** Records that the sink did not take. */
  get lostCount(): number {
    return this.encoder.lostCount;
  }

  /** Records so far. */
  get eventCount(): number {
    return this.encoder.eventCount;
  }

  component(role: ComponentRole, name: string): number {
    const id = this.components++;
    this.encoder.write(0, { kind: 'component', id, role, name });
    return id;
  }

  connection(time: number, local: string, remote: string): number {
    const id = this.connections++;
    this.encoder.write(time, { kind: 'connection', id, local, remote });
    return id;
  }

  stateObject(
    time: number,
    layer: StateLayer,
    parent: number | undefined,
    connection: number | undefined,
    label: string,
  ): number {
    const id = this.stateObjects++;
    this.encoder.write(time, { kind: 'state-object', id, layer, parent, connection, label });
    return id;
  }

  stateNumbers(
    time: number,
    object: number,
    writer: number,
    cause: EventId | undefined,
    count: number,
    variables: ArrayLike<number>,
    values: ArrayLike<number>,
  ): void {
    this.encoder.writeStateNumbers(time, object, writer, cause, count, variables, values);
  }

  stateValues(
    time: number,
    object: number,
    writer: number,
    cause: EventId | undefined,
    changes: StateChangeRecord['changes'],
  ): void {
    this.encoder.write(time, { kind: 'state-change', object, writer, cause, changes });
  }

  ownership(time: number, object: number, owner: StateOwner, cause: EventId | undefined): void {
    this.encoder.write(time, { kind: 'ownership', object, owner, cause });
  }

  relink(time: number, object: number, parent: number | undefined, cause: EventId | undefined): void {
    this.encoder.write(time, { kind: 'relink', object, parent, cause });
  }

  call(time: number, call: Omit<CallRecord, 'kind'>): EventId {
    return this.encoder.writeCall(time, call);
  }

  return(time: number, result: Omit<ReturnRecord, 'kind'>): void {
    this.encoder.writeReturn(time, result);
  }

  frame(
    time: number,
    sender: number,
    path: FramePath,
    connection: number | undefined,
    cause: EventId | undefined,
    length: number,
    payloadLength: number,
    retransmission: boolean,
    bytes: Uint8Array,
  ): EventId {
    const pathNumber = framePaths.indexOf(path);
    return this.encoder.writeFrame(
      time,
      sender,
      pathNumber,
      connection,
      cause,
      length,
      payloadLength,
      retransmission,
      bytes,
    );
  }

  frameFate(
    time: number,
    frame: EventId,
    fate: FrameFate,
    receiver: number,
    flippedBits?: readonly number[],
  ): void {
    this.encoder.writeFrameFate(time, frame, frameFates.indexOf(fate), receiver, flippedBits);
  }

  counter(time: number, component: number, name: string, value: number): void {
    this.encoder.write(time, { kind: 'counter', component, name, value });
  }

  finding(time: number, rule: string, events: readonly EventId[], text: string): void {
    this.encoder.write(time, { kind: 'finding', rule, severity: 'error', object: undefined, events, text });
  }

  annotation(time: number, from: EventId, to: EventId, author: string, text: string): void {
    this.encoder.write(time, { kind: 'annotation', from, to, author, text });
  }

  note(
    time: number,
    component: number,
    connection: number | undefined,
    cause: EventId | undefined,
    text: string,
  ): void {
    this.encoder.write(time, { kind: 'note', component, connection, cause, text });
  }

  /** Ends the recording with the run's report and hands everything to the sink. */
  finish(report: RunReport): void {
    this.encoder.write(report.virtualTime, { kind: 'end', report: JSON.stringify(report) });
    this.encoder.finish();
  }
}
