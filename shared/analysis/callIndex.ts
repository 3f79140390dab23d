/** Pairs calls with their returns and requests with their completions. */
import type {
  CallRecord,
  ConnectionRecord,
  EventId,
  Irql,
  ReturnRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import { PendingRequests } from './pendingRequests';

/** One call with what became of it. */
export interface Call {
  /** Id of the call record. */
  readonly event: EventId;
  /** Position in `CallIndex.calls`. */
  readonly index: number;
  readonly functionName: string;
  readonly caller: number;
  readonly callee: number;
  readonly irql: Irql;
  /** Processor that makes the call. */
  readonly processor: number;
  readonly connection: ConnectionRecord['id'] | undefined;
  readonly parent: EventId | undefined;
  readonly cause: EventId | undefined;
  /** The requests that this call completes. */
  readonly completes: readonly EventId[];
  /** NET_BUFFER_LISTs that it passes, those on the blocks of a tree included. */
  readonly lists: number;
  readonly start: VirtualTime;
  /** Undefined while the function has not returned. */
  end: VirtualTime | undefined;
  returnEvent: EventId | undefined;
  /** Undefined for VOID functions and open calls. */
  status: number | undefined;
  /** Number of open calls around it in the same component. */
  readonly depth: number;
  /** First completion of this request, if one came. */
  completedBy: EventId | undefined;
}

/**
 * A call as it is when it is made.
 * @param at the calls around it, by their records
 */
export function madeCall(
  record: CallRecord,
  event: EventId,
  time: VirtualTime,
  index: number,
  at: (event: EventId) => Call | undefined,
): Call {
  let depth = 0;
  for (let outer = record.parent; outer !== undefined;) {
    const call = at(outer);
    if (call === undefined) break;
    if (call.callee === record.callee) {
      depth = call.depth + 1;
      break;
    }
    outer = call.parent;
  }
  return {
    event,
    index,
    functionName: record.functionName,
    caller: record.caller,
    callee: record.callee,
    irql: record.irql,
    processor: record.processor,
    connection: record.connection,
    parent: record.parent,
    cause: record.cause,
    completes: record.completes,
    lists: listsOf(record),
    start: time,
    end: undefined,
    returnEvent: undefined,
    status: undefined,
    depth,
    completedBy: undefined,
  };
}

/** Notes that a call returns; a second return is none. */
export function noteReturn(call: Call, record: ReturnRecord, event: EventId, time: VirtualTime): void {
  if (call.end !== undefined) return;
  call.end = time;
  call.returnEvent = event;
  call.status = record.status;
}

/** All calls of a trace; a {@link TraceListener}. */
export class CallIndex implements TraceListener {
  readonly calls: Call[] = [];
  /** Largest depth + 1 seen in each component: the rows that its lane needs. */
  readonly rows: number[] = [];
  private readonly byEvent = new Map<EventId, Call>();
  private readonly callOf = (event: EventId): Call | undefined => this.byEvent.get(event);
  private readonly pending = new PendingRequests();
  /** By call: its position among those of its function in `pending`. */
  private readonly pendingPositions: number[] = [];

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind === 'call') this.enter(record, event, time);
    else if (record.kind === 'return') this.leave(record, event, time);
  }

  /** The call with this call record, if there is one. */
  at(event: EventId): Call | undefined {
    return this.byEvent.get(event);
  }

  /** Position in `calls` of the first call that starts at or after a time. */
  firstStartingAt(time: VirtualTime): number {
    let low = 0;
    let high = this.calls.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.calls[middle]!.start < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Requests that were made and not completed by `time`, oldest first: asynchronous requests only. */
  pendingAt(time: VirtualTime, isAsynchronous: (functionName: string) => boolean): Call[] {
    this.indexPending();
    return this.pending.at(time, isAsynchronous).map((index) => this.calls[index]!);
  }

  /** Takes in what has been read since somebody last asked. */
  private indexPending(): void {
    const { calls, pending, pendingPositions } = this;
    for (let index = pendingPositions.length; index < calls.length; index++) {
      const call = calls[index]!;
      pendingPositions.push(pending.make(call.functionName, index, call.start));
      for (const completed of call.completes) {
        const request = this.byEvent.get(completed);
        if (request?.completedBy === call.event)
          pending.complete(request.functionName, pendingPositions[request.index]!, call.start);
      }
    }
  }

  private enter(record: CallRecord, event: EventId, time: VirtualTime): void {
    const call = madeCall(record, event, time, this.calls.length, this.callOf);
    this.calls.push(call);
    this.byEvent.set(event, call);
    this.rows[record.callee] = Math.max(this.rows[record.callee] ?? 1, call.depth + 1);
    for (const completed of record.completes) {
      const request = this.byEvent.get(completed);
      if (request !== undefined) request.completedBy ??= event;
    }
  }

  private leave(record: ReturnRecord, event: EventId, time: VirtualTime): void {
    const call = this.byEvent.get(record.call);
    if (call !== undefined) noteReturn(call, record, event, time);
  }
}

function listsOf({ arguments: values }: CallRecord): number {
  let lists = 0;
  for (const value of values) if (value.kind === 'net-buffer-lists') lists += value.lists.length;
  return lists;
}
