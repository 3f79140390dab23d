/** Arrows from requests to completions and from causes to consequences, in pixels. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import type { Lane } from './lanes';
import { placeOf } from './places';
import { pixelOf, type TimeRange } from './viewport';

/** `completion`: from a request to the call that completes it. `cause`: from what led to it. */
export interface Arrow {
  readonly kind: 'completion' | 'cause';
  readonly from: EventId;
  readonly to: EventId;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** With more completions in view than this, only those of the selection are drawn. */
export const mostArrows = 48;

/** Arrows of everything visible, or nothing while that would be a thicket. */
export function layoutVisibleArrows(
  model: TraceModel,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
): Arrow[] {
  const { calls } = model.calls;
  const first = model.calls.firstStartingAt(range.from);
  const arrows: Arrow[] = [];
  for (let index = first; index < calls.length; index++) {
    const call = calls[index]!;
    if (call.start > range.until || index - first > mostArrows * 20) break;
    for (const request of call.completes) {
      const arrow = makeArrow(model, lanes, range, width, 'completion', request, call.event);
      if (arrow !== undefined) arrows.push(arrow);
    }
    if (arrows.length > mostArrows) return [];
  }
  return arrows;
}

/** Arrows that begin or end at one event. */
export function layoutArrowsOf(
  model: TraceModel,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
  event: EventId,
): Arrow[] {
  const call = model.calls.at(event);
  const links: [Arrow['kind'], EventId | undefined, EventId | undefined][] = [
    ['cause', causeOf(model, event), event],
    ['completion', event, call?.completedBy],
  ];
  for (const request of call?.completes ?? []) links.push(['completion', request, event]);
  const arrows: Arrow[] = [];
  for (const [kind, from, to] of links) {
    if (from === undefined || to === undefined) continue;
    const arrow = makeArrow(model, lanes, range, width, kind, from, to);
    if (arrow !== undefined) arrows.push(arrow);
  }
  return arrows;
}

/** What led to an event, as its record says. */
export function causeOf(model: TraceModel, event: EventId): EventId | undefined {
  const record = model.store?.record(event);
  return record !== undefined && 'cause' in record ? record.cause : undefined;
}

function makeArrow(
  model: TraceModel,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
  kind: Arrow['kind'],
  from: EventId,
  to: EventId,
): Arrow | undefined {
  const start = placeOf(model, lanes, from);
  const end = placeOf(model, lanes, to);
  const store = model.store;
  if (start === undefined || end === undefined || store === undefined) return undefined;
  return {
    kind,
    from,
    to,
    x1: pixelOf(range, width, store.time(from)),
    y1: start.middle,
    x2: pixelOf(range, width, store.time(to)),
    y2: end.middle,
  };
}
