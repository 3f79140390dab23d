/**
 * What steps look up in a trace: the calls and returns of each processor, the calls of handlers by connection and by driver, and completions
 * behind the first one of a request. Made when somebody first steps, and brought up to date as the trace grows.
 */
import type { Call } from '../analysis/callIndex';
import type { TraceModel } from '../analysis/traceModel';
import type { ComponentRecord, EventId } from '../trace/records';
import { isDriverRole } from './stopCondition';

/** Ascending ids of events. */
export type SortedEvents = readonly EventId[];

const none: SortedEvents = [];

/** Position of the first event behind `event`. */
function positionBehind(events: SortedEvents, event: EventId): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]! <= event) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first event behind `event`; undefined if there is none. */
export function firstBehind(events: SortedEvents, event: EventId): EventId | undefined {
  return events[positionBehind(events, event)];
}

/** The last event before `event`; undefined if there is none. */
export function lastBefore(events: SortedEvents, event: EventId): EventId | undefined {
  return events[positionBehind(events, event - 1) - 1];
}

function listAt(lists: Map<number, EventId[]>, key: number): EventId[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

const indexes = new WeakMap<TraceModel, StepIndex>();

/** The index of a trace as far as that has been read by now. */
export function stepIndexOf(model: TraceModel): StepIndex {
  let index = indexes.get(model);
  if (index === undefined) indexes.set(model, (index = new StepIndex(model)));
  index.bringUpToDate();
  return index;
}

/** See the file's head. */
export class StepIndex {
  private taken = 0;
  /** Calls that had not returned when they were taken. */
  private open: Call[] = [];
  private readonly stacks = new Map<number, EventId[]>();
  private readonly allHandlers: EventId[] = [];
  private readonly byConnection = new Map<number, EventId[]>();
  private readonly byDriver = new Map<number, EventId[]>();
  private readonly further = new Map<EventId, EventId[]>();

  constructor(private readonly model: TraceModel) {}

  /** Calls and returns on a processor. */
  stack(processor: number): SortedEvents {
    return this.stacks.get(processor) ?? none;
  }

  /** Calls of handlers: of one connection and of one driver, or of all. At most one of both is asked for. */
  handlers(of: {
    readonly connection?: number | undefined;
    readonly driver?: number | undefined;
  }): SortedEvents {
    if (of.connection !== undefined) return this.byConnection.get(of.connection) ?? none;
    if (of.driver !== undefined) return this.byDriver.get(of.driver) ?? none;
    return this.allHandlers;
  }

  /** Completions of a request behind its first one: a chain of lists may end in several. */
  furtherCompletions(request: EventId): SortedEvents {
    return this.further.get(request) ?? none;
  }

  /** Takes in what has been read since it was last asked. */
  bringUpToDate(): void {
    const { calls, store } = this.model;
    if (store === undefined) return;
    const news = new Map<number, EventId[]>();
    const stillOpen: Call[] = [];
    for (const call of this.open) {
      if (call.returnEvent === undefined) stillOpen.push(call);
      else listAt(news, call.processor).push(call.returnEvent);
    }
    for (; this.taken < calls.calls.length; this.taken++) {
      const call = calls.calls[this.taken]!;
      const list = listAt(news, call.processor);
      list.push(call.event);
      if (call.returnEvent === undefined) stillOpen.push(call);
      else list.push(call.returnEvent);
      this.takeCall(call, store.components);
    }
    this.open = stillOpen;
    // Everything new is behind everything that was there: records are read in order.
    for (const [processor, events] of news) {
      const stack = listAt(this.stacks, processor);
      for (const event of Float64Array.from(events).sort()) stack.push(event);
    }
  }

  private takeCall(call: Call, components: readonly ComponentRecord[]): void {
    if (isDriverRole(components[call.callee]?.role)) {
      this.allHandlers.push(call.event);
      listAt(this.byDriver, call.callee).push(call.event);
      if (call.connection !== undefined) listAt(this.byConnection, call.connection).push(call.event);
    }
    for (const request of call.completes)
      if (this.model.calls.at(request)?.completedBy !== call.event)
        listAt(this.further, request).push(call.event);
  }
}
