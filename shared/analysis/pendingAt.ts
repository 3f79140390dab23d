/**
 * The pending view: every outstanding request at an event with the driver that has it. What each waits for is reckoned one by one
 * (`waitsOf`), so that a view of several thousand asks for the rows that it shows.
 */
import type { EventId, VirtualTime } from '../trace/records';
import { pendingIndexOf, type Outstanding } from './pendingIndex';
import { requestFunction, type RequestKind } from './requestKinds';
import type { TraceModel } from './traceModel';

/** A request that is outstanding. */
export interface PendingRequest {
  /** Its call record; send data that came with an initiate has that call, and `attached` set. */
  readonly event: EventId;
  readonly kind: RequestKind;
  readonly attached: boolean;
  /** Function by which it was made. */
  readonly functionName: string;
  /** Component that made it. */
  readonly caller: number;
  /** Component that has it, with its NET_BUFFER_LISTs or its block list: whoever was called last with it. */
  readonly holder: number;
  /** The call by which the holder got it: its own, or one inside it. */
  readonly heldBy: EventId;
  /** The request that this one carries on: a driver, or NDIS, made it inside the handler of that one. */
  readonly outer: EventId | undefined;
  /** When it was made, ns. */
  readonly made: VirtualTime;
  /** Time since then, ns. */
  readonly age: VirtualTime;
  readonly connection: number | undefined;
  /** Whether the handler that got it has not returned. */
  readonly isInHandler: boolean;
  /** NET_BUFFER_LISTs that came with it, and how many of them are back. */
  readonly lists: number;
  readonly listsBack: number;
  /** The calls that have given lists back so far. */
  readonly completions: readonly EventId[];
}

/** Last event at a time or before it; -1 before the first. */
export function lastEventAt({ store }: TraceModel, time: VirtualTime): EventId {
  // Everything that has happened at that time has happened.
  return store === undefined ? -1 : store.firstAtOrAfter(time + 0.5) - 1;
}

/** Steps through calls around a request in which the one that it carries on is looked for. */
const mostSteps = 16;

/** The outstanding request of the same kind inside which a request was made. */
function outerOf(
  model: TraceModel,
  { call, kind, attached }: Outstanding,
  pending: ReadonlyMap<string, number>,
): EventId | undefined {
  for (let at = call.parent, step = 0; at !== undefined && step < mostSteps; step++) {
    if (pending.has(keyOf(at, kind, attached))) return at;
    at = model.calls.at(at)?.parent;
  }
  return undefined;
}

function keyOf(event: EventId, kind: RequestKind, attached: boolean): string {
  return `${event}${kind}${attached ? 'attached' : ''}`;
}

/** Every request that is outstanding right after an event, in the order in which they were made; requests carried on come after them. */
export function pendingAt(model: TraceModel, event: EventId): PendingRequest[] {
  const { store } = model;
  if (store === undefined || event < 0 || store.length === 0) return [];
  const at = Math.min(event, store.length - 1);
  const now = store.time(at);
  const outstanding = pendingIndexOf(model).at(at);
  const positions = new Map(
    outstanding.map(({ call, kind, attached }, index) => [keyOf(call.event, kind, attached), index]),
  );
  /** By position: the one that carries it on. */
  const inner = new Map<number, number>();
  const outers = outstanding.map((one, index) => {
    const outer = outerOf(model, one, positions);
    if (outer !== undefined) inner.set(positions.get(keyOf(outer, one.kind, one.attached))!, index);
    return outer;
  });
  return outstanding.map((one, index): PendingRequest => {
    const { call, kind, attached } = one;
    const completions = one.completions.filter((back) => back.event <= at);
    let last = index;
    for (let next = inner.get(last); next !== undefined; next = inner.get(last)) last = next;
    const holding = outstanding[last]!.call;
    return {
      event: call.event,
      kind,
      attached,
      functionName: call.functionName,
      caller: call.caller,
      holder: holding.callee,
      heldBy: holding.event,
      outer: outers[index],
      made: call.start,
      age: Math.max(0, now - call.start),
      connection: call.connection,
      isInHandler: holding.returnEvent === undefined || holding.returnEvent > at,
      lists: requestFunction(call.functionName)?.passes === 'lists' || attached ? call.lists : 0,
      listsBack: completions.reduce((sum, back) => sum + back.lists, 0),
      completions: completions.map((back) => back.event),
    };
  });
}
