/** How long an event lasts on the screen. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, VirtualTime } from '../../shared/trace/records';

/** From start to end of an event: a call and, for requests, its completion; a frame on the wire; else an instant. */
export function stretchOf(
  model: TraceModel,
  event: EventId,
): { readonly start: VirtualTime; readonly end: VirtualTime } {
  const start = model.store?.time(event) ?? 0;
  const call = model.calls.at(event);
  if (call !== undefined) {
    const completion = call.completedBy === undefined ? undefined : model.calls.at(call.completedBy);
    return { start, end: Math.max(call.end ?? start, completion?.start ?? start) };
  }
  return { start, end: model.frames.at(event)?.fateTime ?? start };
}
