/**
 * Pairs calls with their returns and requests with their completions as `CallIndex` does, in columns of numbers: about 81 bytes a call,
 * whatever the number of calls.
 */
import { functionEntry, isFunctionName } from '../ddi/catalogue';
import { NDIS_STATUS } from '../ddi/status';
import type {
  CallArgument,
  CallRecord,
  EventId,
  ReturnRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import { eventColumn, float64Column, uint32Column, uint8Column } from './column';

/** A function as one component calls it of another. */
export interface Handler {
  /** Position in `CallColumns.handlers`. */
  readonly index: number;
  readonly functionName: string;
  readonly caller: number;
  /** Component that runs it. */
  readonly callee: number;
  /** Whether the DDI says that its work ends with another call. */
  readonly isAsynchronous: boolean;
}

/** Sees calls change while a trace is read. `call` is a position in the columns. */
export interface CallObserver {
  /** A call has been made. */
  onEnter(call: number): void;
  /** It has returned. */
  onLeave(call: number): void;
  /** The first completion has named it. */
  onComplete(call: number): void;
  /** Its work has ended: at its return, or for a request that pended at its first completion. */
  onEnd(call: number): void;
}

const flag = { status: 1, ended: 2 } as const;

/** Completions that say how much was transferred; others pass lists as they were. */
const transferCompletion = /TcpOffload(Send|Receive|Disconnect)Complete$/;

/** Bytes of data in the lists that a call passes: what was transferred for completions of data requests, what they hold for others. */
export function bytesOfCall(functionName: string, values: readonly CallArgument[]): number {
  let bytes = 0;
  for (const value of values) {
    if (value.kind !== 'net-buffer-lists') continue;
    const isCompletion = transferCompletion.test(functionName);
    for (const list of value.lists) bytes += isCompletion ? list.bytesTransferred : list.dataLength;
  }
  return bytes;
}

/** All calls of a trace by position, in the order of their records; a {@link TraceListener}. */
export class CallColumns implements TraceListener {
  /** Every function with who calls it and who runs it, in order of appearance. */
  readonly handlers: Handler[] = [];
  private readonly handlersByName = new Map<string, Map<number, Handler>>();
  private readonly events = eventColumn();
  private readonly starts = float64Column();
  private readonly ends = float64Column();
  private readonly handlerOf = uint32Column();
  private readonly statuses = uint32Column();
  /** Its return record, raised by one so that 0 is none. */
  private readonly returns = eventColumn();
  private readonly flags = uint8Column();
  private readonly processors = uint8Column();
  /** Ids, raised like the one above. */
  private readonly connections = uint32Column();
  private readonly parents = eventColumn();
  private readonly causes = eventColumn();
  /** Position of the first completion, and of the last, raised by one. */
  private readonly completions = uint32Column();
  private readonly lastCompletions = uint32Column();
  private readonly bytesPassed = float64Column();
  private readonly completesSome = uint8Column();

  /** @param observers see every change, in their order. */
  constructor(private readonly observers: readonly CallObserver[] = []) {}

  /** Number of calls. */
  get length(): number {
    return this.events.length;
  }

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind === 'call') this.enter(record, event, time);
    else if (record.kind === 'return') this.leave(record, event, time);
  }

  /** Position of the call with this call record; -1 if there is none. */
  at(event: EventId): number {
    return this.events.positionOf(event);
  }

  /** Position of the first call that starts at or after a time. */
  firstStartingAt(time: VirtualTime): number {
    return this.starts.firstAtLeast(time);
  }

  /** Its call record. */
  event(call: number): EventId {
    return this.events.get(call);
  }

  /** When it was made, ns. */
  start(call: number): VirtualTime {
    return this.starts.get(call);
  }

  /** When it returned, ns; undefined while it has not. */
  end(call: number): VirtualTime | undefined {
    return this.returns.get(call) === 0 ? undefined : this.ends.get(call);
  }

  /** Its return record. */
  returnEvent(call: number): EventId | undefined {
    return fromRaised(this.returns.get(call));
  }

  /** What it returned; undefined for VOID functions and open calls. */
  status(call: number): number | undefined {
    return (this.flags.get(call) & flag.status) === 0 ? undefined : this.statuses.get(call);
  }

  /** Which function it is, and who is involved. */
  handler(call: number): Handler {
    return this.handlers[this.handlerOf.get(call)]!;
  }

  /** Processor that makes it. */
  processor(call: number): number {
    return this.processors.get(call);
  }

  /** Connection that it is about, if it is about one. */
  connection(call: number): number | undefined {
    return fromRaised(this.connections.get(call));
  }

  /** Call record of the call around it. */
  parent(call: number): EventId | undefined {
    return fromRaised(this.parents.get(call));
  }

  /** Record that led to it. */
  cause(call: number): EventId | undefined {
    return fromRaised(this.causes.get(call));
  }

  /** Position of the first call that completes it. */
  completion(call: number): number | undefined {
    return fromRaised(this.completions.get(call));
  }

  /** Position of the last call so far that completes it: a chain of lists may end in several. */
  lastCompletion(call: number): number | undefined {
    return fromRaised(this.lastCompletions.get(call));
  }

  /** Whether it completes requests. */
  isCompletion(call: number): boolean {
    return this.completesSome.get(call) === 1;
  }

  /** Bytes of data that it passes; see {@link bytesOfCall}. */
  bytes(call: number): number {
    return this.bytesPassed.get(call);
  }

  /**
   * The record with which its work ends: its return, or for a request that pended or returns nothing its first completion. Undefined
   * while it has not ended.
   */
  endOfWork(call: number): EventId | undefined {
    if ((this.flags.get(call) & flag.ended) === 0) return undefined;
    const completion = this.handler(call).isAsynchronous ? this.completion(call) : undefined;
    const completed = completion === undefined ? Infinity : this.event(completion);
    const returned = this.returnEvent(call);
    return returned === undefined || this.pends(call) ? completed : Math.min(completed, returned);
  }

  private enter(record: CallRecord, event: EventId, time: VirtualTime): void {
    const handler = this.handlerFor(record);
    const call = this.events.push(event);
    this.starts.push(time);
    this.ends.push(0);
    this.handlerOf.push(handler.index);
    this.statuses.push(0);
    this.returns.push(0);
    this.flags.push(0);
    this.processors.push(record.processor);
    this.connections.push(raised(record.connection));
    this.parents.push(raised(record.parent));
    this.causes.push(raised(record.cause));
    this.completions.push(0);
    this.lastCompletions.push(0);
    this.bytesPassed.push(bytesOfCall(record.functionName, record.arguments));
    this.completesSome.push(record.completes.length > 0 ? 1 : 0);
    for (const observer of this.observers) observer.onEnter(call);
    for (const completed of record.completes) this.complete(this.at(completed), call);
  }

  private complete(request: number, by: number): void {
    if (request < 0) return;
    this.lastCompletions.set(request, by + 1);
    if (this.completions.get(request) !== 0) return;
    this.completions.set(request, by + 1);
    for (const observer of this.observers) observer.onComplete(request);
    if (this.handler(request).isAsynchronous) this.finish(request);
  }

  private leave(record: ReturnRecord, event: EventId, time: VirtualTime): void {
    const call = this.at(record.call);
    if (call < 0 || this.returns.get(call) !== 0) return;
    this.returns.set(call, event + 1);
    this.ends.set(call, time);
    if (record.status !== undefined) {
      this.flags.set(call, this.flags.get(call) | flag.status);
      this.statuses.set(call, record.status >>> 0);
    }
    for (const observer of this.observers) observer.onLeave(call);
    if (!this.pends(call)) this.finish(call);
  }

  /** Whether a call that has returned goes on until it is completed. */
  private pends(call: number): boolean {
    const status = this.status(call);
    return this.handler(call).isAsynchronous && (status === undefined || status === NDIS_STATUS.PENDING);
  }

  private finish(call: number): void {
    const flags = this.flags.get(call);
    if ((flags & flag.ended) !== 0) return;
    this.flags.set(call, flags | flag.ended);
    for (const observer of this.observers) observer.onEnd(call);
  }

  private handlerFor({ functionName, caller, callee }: CallRecord): Handler {
    let byParts = this.handlersByName.get(functionName);
    if (byParts === undefined) this.handlersByName.set(functionName, (byParts = new Map<number, Handler>()));
    const key = caller * 65_536 + callee;
    let handler = byParts.get(key);
    if (handler === undefined) {
      const isAsynchronous =
        isFunctionName(functionName) && functionEntry(functionName).asynchronous === true;
      handler = { index: this.handlers.length, functionName, caller, callee, isAsynchronous };
      this.handlers.push(handler);
      byParts.set(key, handler);
    }
    return handler;
  }
}

function raised(id: number | undefined): number {
  return id === undefined ? 0 : id + 1;
}

function fromRaised(value: number): number | undefined {
  return value === 0 ? undefined : value - 1;
}
