/** Where the keyboard goes from an event: along its row, along request and completion. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import { causeOf } from './arrows';
import type { LaneIndex } from './laneIndex';

/** The neighbour of an event among its like: calls of the same component, frames of the same path, other milestones. */
export function neighbourInLane(
  model: TraceModel,
  index: LaneIndex,
  event: EventId | undefined,
  step: -1 | 1,
): EventId | undefined {
  if (event === undefined) return model.calls.calls[step === 1 ? 0 : model.calls.calls.length - 1]?.event;
  const call = model.calls.at(event);
  if (call !== undefined) {
    const { calls } = model.calls;
    for (let at = call.index + step; at >= 0 && at < calls.length; at += step) {
      if (calls[at]!.callee === call.callee) return calls[at]!.event;
    }
    return undefined;
  }
  const frame = model.frames.at(event);
  if (frame !== undefined) return besides(index.frameRows[frame.path].frames, event, step);
  if (model.store?.kind(event) === 'note') return besides(model.notes.notes, event, step);
  return besides(model.calls.calls, event, step);
}

/** The next milestone after, or before, an event. */
export function neighbourMilestone(model: TraceModel, event: EventId, step: -1 | 1): EventId | undefined {
  return besides(model.notes.notes, event, step);
}

function besides(
  items: readonly { readonly event: EventId }[],
  event: EventId,
  step: -1 | 1,
): EventId | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.event < event) low = middle + 1;
    else high = middle;
  }
  if (step === -1) return items[low - 1]?.event;
  return items[items[low]?.event === event ? low + 1 : low]?.event;
}

/** Along the chain: 1 to the completion of a request, -1 from a completion to its request, else to the cause or parent. */
export function alongChain(model: TraceModel, event: EventId, step: -1 | 1): EventId | undefined {
  const call = model.calls.at(event);
  if (step === 1) return call?.completedBy ?? firstChild(model, event);
  return call?.completes[0] ?? causeOf(model, event) ?? call?.parent;
}

/** The first call made inside a call, or the first frame that names it as its cause, nearby. */
function firstChild(model: TraceModel, event: EventId): EventId | undefined {
  const call = model.calls.at(event);
  if (call === undefined) return undefined;
  const next = model.calls.calls[call.index + 1];
  return next !== undefined && next.parent === event ? next.event : undefined;
}
