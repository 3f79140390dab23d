/**
 * Sorts calls, requests and frames of a growing trace into the rows of the timeline. Each item is looked at once, when it is
 * new; layout then works on sorted rows.
 */
import type { Call } from '../../shared/analysis/callIndex';
import type { Frame } from '../../shared/analysis/frameIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { framePaths, type FramePath, type VirtualTime } from '../../shared/trace/records';
import { functionFamilies, functionFamily, isAsynchronous } from './families';
import type { RowSource } from './rowLayout';

/** NDIS_STATUS_PENDING: the request will be completed by another call. */
const statusPending = 0x103;

/** Requests of a connection are packed into at most this many rows; what is over shares the last, cut where it would overlap. */
export const mostRequestRows = 8;

/** A request with the time from its call to its completion. */
export function requestEnd(model: TraceModel, call: Call): VirtualTime | undefined {
  if (call.completedBy !== undefined) return model.calls.at(call.completedBy)?.start;
  const answered = call.status !== undefined && call.status !== statusPending;
  return answered ? call.end : undefined;
}

/** Calls of one component at one depth. */
export class CallRow implements RowSource {
  readonly calls: Call[] = [];
  constructor(private readonly lastTime: () => VirtualTime) {}
  get length(): number {
    return this.calls.length;
  }
  start(index: number): VirtualTime {
    return this.calls[index]!.start;
  }
  end(index: number): VirtualTime {
    return this.calls[index]!.end ?? this.lastTime();
  }
  category(index: number): number {
    return functionFamilies.indexOf(functionFamily(this.calls[index]!.functionName));
  }
}

/** Requests of one connection from call to completion; in a shared row, to the start of the next one at most. */
export class RequestRow implements RowSource {
  readonly calls: Call[] = [];
  constructor(private readonly model: TraceModel) {}
  get length(): number {
    return this.calls.length;
  }
  start(index: number): VirtualTime {
    return this.calls[index]!.start;
  }
  end(index: number): VirtualTime {
    const call = this.calls[index]!;
    const end =
      requestEnd(this.model, call) ?? this.takenBackAt(call) ?? this.model.store?.lastTime ?? call.start;
    return Math.max(call.start, Math.min(end, this.calls[index + 1]?.start ?? Infinity));
  }
  /** When the host took the connection back after a request: data that was not sent comes back with the state. */
  private takenBackAt(call: Call): VirtualTime | undefined {
    for (const object of this.model.store?.stateObjects ?? []) {
      if (object.layer !== 'tcp' || object.connection !== call.connection) continue;
      for (const span of this.model.states.ownershipSpans(object.id)) {
        if (span.from > call.start && (span.owner === 'host' || span.owner === 'gone')) return span.from;
      }
    }
    return undefined;
  }
  /** Whether the row shows the request up to its completion. */
  endsWithCompletion(index: number): boolean {
    const call = this.calls[index]!;
    return call.completedBy !== undefined && requestEnd(this.model, call) === this.end(index);
  }
  category(index: number): number {
    return functionFamilies.indexOf(functionFamily(this.calls[index]!.functionName));
  }
}

/** What a frame's bar looks like: with payload or without. Losses and retransmissions are marks of their own. */
export const frameLooks = ['data', 'control'] as const;

/** A frame whose fate is still open after this many more frames never got one: the recording was cut. */
const fateHorizon = 4096;

/** Frames that one path put on the wire. A frame ends where it arrives or where the next one starts. */
export class FrameRow implements RowSource {
  readonly frames: Frame[] = [];
  /** Positions of frames that did not arrive, and of retransmissions, in order. */
  readonly lost: number[] = [];
  readonly sentAgain: number[] = [];
  private fatesSeen = 0;

  get length(): number {
    return this.frames.length;
  }

  add(frame: Frame): void {
    if (frame.retransmission) this.sentAgain.push(this.frames.length);
    this.frames.push(frame);
  }

  /** Takes in the fates that have become known. */
  update(): void {
    const { frames } = this;
    for (; this.fatesSeen < frames.length; this.fatesSeen++) {
      const { fate } = frames[this.fatesSeen]!;
      if (fate === undefined && frames.length - this.fatesSeen < fateHorizon) return;
      if (fate !== undefined && fate !== 'delivered') this.lost.push(this.fatesSeen);
    }
  }

  start(index: number): VirtualTime {
    return this.frames[index]!.sent;
  }
  end(index: number): VirtualTime {
    const frame = this.frames[index]!;
    const next = this.frames[index + 1]?.sent ?? Infinity;
    return Math.max(frame.sent, Math.min(frame.fateTime ?? frame.sent, next));
  }
  category(index: number): number {
    return this.frames[index]!.payloadLength > 0 ? 0 : 1;
  }
}

/** See the file's head. */
export class LaneIndex {
  /** Rows by component and depth. */
  readonly callRows: CallRow[][] = [];
  /** Rows by connection. */
  readonly requestRows: RequestRow[][] = [];
  readonly frameRows: Readonly<Record<FramePath, FrameRow>>;
  private callsSeen = 0;
  private framesSeen = 0;

  constructor(readonly model: TraceModel) {
    this.frameRows = { host: new FrameRow(), chimney: new FrameRow(), peer: new FrameRow() };
  }

  /** Takes in what is new in the model. */
  update(): void {
    const { calls } = this.model.calls;
    for (; this.callsSeen < calls.length; this.callsSeen++) this.addCall(calls[this.callsSeen]!);
    const { frames } = this.model.frames;
    for (; this.framesSeen < frames.length; this.framesSeen++) {
      const frame = frames[this.framesSeen]!;
      this.frameRows[frame.path].add(frame);
    }
    for (const path of framePaths) this.frameRows[path].update();
  }

  /** Whether any frame was recorded. */
  get hasFrames(): boolean {
    return framePaths.some((path) => this.frameRows[path].length > 0);
  }

  private addCall(call: Call): void {
    const rows = (this.callRows[call.callee] ??= []);
    while (rows.length <= call.depth) rows.push(new CallRow(() => this.model.store?.lastTime ?? 0));
    rows[call.depth]!.calls.push(call);
    if (call.connection === undefined || !isAsynchronous(call.functionName)) return;
    const parent = call.parent === undefined ? undefined : this.model.calls.at(call.parent);
    // NDIS hands a request on to the next driver: only the outermost call is a request of its own.
    if (parent !== undefined && isAsynchronous(parent.functionName)) return;
    this.packRequest(call, call.connection);
  }

  private packRequest(call: Call, connection: number): void {
    const rows = (this.requestRows[connection] ??= []);
    let row = rows.find((candidate) => {
      const last = candidate.calls[candidate.calls.length - 1]!;
      const end = requestEnd(this.model, last);
      return end !== undefined && end <= call.start;
    });
    if (row === undefined) {
      if (rows.length < mostRequestRows) rows.push((row = new RequestRow(this.model)));
      else row = rows[rows.length - 1]!;
    }
    row.calls.push(call);
  }
}
