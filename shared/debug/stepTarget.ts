/**
 * Where a step lands: in what has been recorded, by looking it up (`stepTarget`), and in what has not, as a condition for the run
 * (`stopConditionOf`). A cursor at a record means that everything up to it has happened, and nothing behind it. docs/debugging.md has
 * the meaning of each step at each kind of record.
 */
import type { Call } from '../analysis/callIndex';
import type { TraceModel } from '../analysis/traceModel';
import type { EventId } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';
import { enclosing, placeOf, type CursorPlace } from './cursor';
import type { Direction, Step } from './step';
import { firstBehind, lastBefore, stepIndexOf, type SortedEvents, type StepIndex } from './stepIndex';
import { isAsynchronousFunction, returnEndsWork, workHasEnded } from './requests';
import { happens, type StopCondition } from './stopCondition';

/**
 * The event that a step goes to.
 * @param cursor -1 stands before the first event, the length of the trace behind the last
 * @returns undefined where nothing that has been recorded is meant; a run under way may still get there: {@link stopConditionOf}
 */
export function stepTarget(model: TraceModel, cursor: EventId, step: Step): EventId | undefined {
  const { store } = model;
  if (store === undefined) return undefined;
  if (step.kind === 'cursor') return presentAt(store, step.event);
  const isForward = step.direction === 'forward';
  if (step.kind === 'event') return isForward ? nextEvent(store, cursor) : previousEvent(store, cursor);
  const place = placeOf(model, store, cursor);
  const index = stepIndexOf(model);
  switch (step.kind) {
    case 'call':
      return beside(index.handlers({}), cursor, step.direction);
    case 'connection':
      if (place.connection === undefined) return undefined;
      return beside(index.handlers({ connection: place.connection }), cursor, step.direction);
    case 'driver':
      if (place.driver === undefined) return undefined;
      return beside(index.handlers({ driver: place.driver }), cursor, step.direction);
    case 'into':
      return along(store, index, place, cursor, step.direction);
    case 'over': {
      const { call, relation } = place;
      if (call !== undefined && relation === (isForward ? 'entry' : 'return'))
        return isForward ? call.returnEvent : call.event;
      return along(store, index, place, cursor, step.direction);
    }
    case 'out': {
      const left = leftByOut(model, place, step.direction);
      return isForward ? left?.returnEvent : left?.event;
    }
    case 'completion':
      return isForward ? endOfWork(index, place.call, cursor) : requestOf(model, place.call);
    case 'request':
      return requestOf(model, place.call);
  }
}

/**
 * What a run under way must wait for where {@link stepTarget} finds nothing.
 * @returns undefined for steps that no future can satisfy: backward, or about something that the cursor has not
 */
export function stopConditionOf(model: TraceModel, cursor: EventId, step: Step): StopCondition | undefined {
  if (step.kind === 'cursor') return { kind: 'at', event: step.event };
  if (step.direction === 'backward' || step.kind === 'request') return undefined;
  const { store } = model;
  if (store === undefined) return step.kind === 'call' ? { kind: 'handler' } : { kind: 'event' };
  const place = placeOf(model, store, cursor);
  const { call, relation, connection, driver } = place;
  switch (step.kind) {
    case 'event':
      return { kind: 'event' };
    case 'call':
      return { kind: 'handler' };
    case 'connection':
      return connection === undefined ? undefined : { kind: 'handler', connection };
    case 'driver':
      return driver === undefined ? undefined : { kind: 'handler', driver };
    case 'into':
    case 'over':
      if (call === undefined) return { kind: 'event' };
      return step.kind === 'over' && relation === 'entry'
        ? { kind: 'return', call: call.event }
        : { kind: 'stack', processor: call.processor };
    case 'out': {
      const left = leftByOut(model, place, 'forward');
      return left === undefined ? undefined : { kind: 'return', call: left.event };
    }
    case 'completion':
      if (call === undefined || call.completedBy !== undefined || workHasEnded(call)) return undefined;
      return {
        kind: 'completion',
        request: call.event,
        isAsynchronous: isAsynchronousFunction(call.functionName),
      };
  }
}

/** The event itself, or the first behind it that is there; undefined outside the trace. */
function presentAt(store: TraceStore, event: EventId): EventId | undefined {
  if (event < 0 || event >= store.length) return undefined;
  return store.nextPresent(event);
}

function nextEvent(store: TraceStore, cursor: EventId): EventId | undefined {
  let event = store.nextPresent(Math.max(0, cursor + 1));
  while (event < store.length && !happens(store.kind(event))) event = store.nextPresent(event + 1);
  return event < store.length ? event : undefined;
}

function previousEvent(store: TraceStore, cursor: EventId): EventId | undefined {
  let event = lastPresent(store, Math.min(cursor, store.length) - 1);
  while (event >= 0 && !happens(store.kind(event))) event = lastPresent(store, event - 1);
  return event < 0 ? undefined : event;
}

/** The last event up to an id whose record is there: the id itself, or what stands before a gap; -1 if there is none. */
function lastPresent(store: TraceStore, event: EventId): EventId {
  const { chunks } = store;
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunks[middle]!.firstEvent <= event) low = middle + 1;
    else high = middle;
  }
  const chunk = chunks[low - 1];
  return chunk === undefined ? -1 : Math.min(event, chunk.endEvent - 1);
}

function beside(events: SortedEvents, cursor: EventId, direction: Direction): EventId | undefined {
  return direction === 'forward' ? firstBehind(events, cursor) : lastBefore(events, cursor);
}

/** The next call or return on the processor of the call at the cursor; outside all calls, the next event. */
function along(
  store: TraceStore,
  index: StepIndex,
  { call }: CursorPlace,
  cursor: EventId,
  direction: Direction,
): EventId | undefined {
  if (call !== undefined) return beside(index.stack(call.processor), cursor, direction);
  return direction === 'forward' ? nextEvent(store, cursor) : previousEvent(store, cursor);
}

/**
 * The call that a step out leaves. An entry and a return stand for their call as a whole, as seen by the one around it, which is left; but
 * one that no other is around is left itself, where the cursor is at its near end.
 */
function leftByOut(
  model: TraceModel,
  { call, relation }: CursorPlace,
  direction: Direction,
): Call | undefined {
  if (call === undefined || relation === 'inside') return call;
  const isNearEnd = relation === (direction === 'forward' ? 'entry' : 'return');
  return enclosing(model, call) ?? (isNearEnd ? call : undefined);
}

/** Where the work of a request ends: the first event behind the cursor that completes it, or returns without leaving it pending. */
function endOfWork(index: StepIndex, request: Call | undefined, cursor: EventId): EventId | undefined {
  if (request === undefined) return undefined;
  const { completedBy, returnEvent } = request;
  const completion =
    completedBy === undefined || completedBy > cursor
      ? completedBy
      : firstBehind(index.furtherCompletions(request.event), cursor);
  const isEnd =
    returnEvent !== undefined &&
    returnEvent > cursor &&
    returnEndsWork(isAsynchronousFunction(request.functionName), request.status);
  if (!isEnd) return completion;
  return completion === undefined ? returnEvent : Math.min(completion, returnEvent);
}

/** The first request that a completion names and that is there. */
function requestOf(model: TraceModel, completion: Call | undefined): EventId | undefined {
  return completion?.completes.find((request) => model.calls.at(request) !== undefined);
}
