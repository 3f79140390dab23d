/** From the figures of a handler to the calls that they are made of. Pure. */
import type { CallColumns } from '../../../shared/analysis/callColumns';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import type { EventId } from '../../../shared/trace/records';
import { isFailure, latencyEnd, type LatencyEnd } from './handlerRows';

/** A figure that leads to calls. */
export type HandlerFigure =
  | { readonly kind: 'calls' | 'failures' | 'pending' }
  /** The calls whose latency is the one that so many percent do not exceed; 100 is the longest. */
  | { readonly kind: 'percentile'; readonly percent: number };

/** Latency of a call as the table counts it, ns; undefined if it has none. */
function latencyOf(calls: CallColumns, call: number, until: LatencyEnd): number | undefined {
  if (until === 'return') {
    const end = calls.end(call);
    return end === undefined ? undefined : end - calls.start(call);
  }
  const by = calls.completion(call);
  return by === undefined ? undefined : calls.start(by) - calls.start(call);
}

/** The latency of nearest rank among all of a handler, exactly; undefined if there is none. */
function exactPercentile(
  calls: CallColumns,
  handler: number,
  until: LatencyEnd,
  percent: number,
): number | undefined {
  const all: number[] = [];
  for (let call = 0; call < calls.length; call++) {
    if (calls.handler(call).index !== handler) continue;
    const latency = latencyOf(calls, call, until);
    if (latency !== undefined) all.push(latency);
  }
  const sorted = Float64Array.from(all).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

function predicate(
  model: TraceModel,
  handler: number,
  figure: HandlerFigure,
): ((call: number) => boolean) | undefined {
  const { calls } = model.figures;
  switch (figure.kind) {
    case 'calls':
      return () => true;
    case 'failures':
      return (call) => {
        const status = calls.status(call);
        return status !== undefined && isFailure(status);
      };
    case 'pending':
      return (call) => calls.endOfWork(call) === undefined;
    case 'percentile': {
      const until = latencyEnd(model, calls.handlers[handler]!);
      const wanted = exactPercentile(calls, handler, until, figure.percent);
      return wanted === undefined ? undefined : (call) => latencyOf(calls, call, until) === wanted;
    }
  }
}

/**
 * The next call behind an event that counts for a figure of a handler; behind the last one, the first again. Undefined if there is none.
 * @param handler position in `CallColumns.handlers`
 */
export function nextOfFigure(
  model: TraceModel,
  handler: number,
  figure: HandlerFigure,
  after: EventId | undefined,
): EventId | undefined {
  const { calls } = model.figures;
  const counts = predicate(model, handler, figure);
  if (counts === undefined) return undefined;
  let first: EventId | undefined;
  for (let call = 0; call < calls.length; call++) {
    if (calls.handler(call).index !== handler || !counts(call)) continue;
    const event = calls.event(call);
    if (after === undefined || event > after) return event;
    first ??= event;
  }
  return first;
}
