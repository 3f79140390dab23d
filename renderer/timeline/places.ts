/** Where events stand on the timeline: from event to lane and height, and from pixel to event. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import type { Lane, LaneRow } from './lanes';
import { lastStartingBy } from './rowLayout';
import type { TimelineLayout, VisibleRow } from './timelineLayout';
import { timeAt } from './viewport';

/** Row and vertical middle of an event. */
export interface Place {
  readonly lane: Lane;
  readonly row: LaneRow;
  readonly middle: number;
}

/** The row that shows an event; undefined for events without a bar of their own. */
export function placeOf(model: TraceModel, lanes: readonly Lane[], event: EventId): Place | undefined {
  const found = (lane: Lane, row: LaneRow): Place => ({ lane, row, middle: row.y + row.height / 2 });
  const call = model.calls.at(event);
  if (call !== undefined) {
    const lane = lanes.find((candidate) => candidate.component === call.callee);
    const row = lane?.rows[call.depth];
    return lane === undefined || row === undefined ? undefined : found(lane, row);
  }
  const frame = model.frames.at(event);
  if (frame !== undefined) {
    for (const lane of lanes) {
      for (const row of lane.rows)
        if (row.kind === 'frames' && row.path === frame.path) return found(lane, row);
    }
    return undefined;
  }
  const store = model.store;
  if (store === undefined || event >= store.length) return undefined;
  const kind = store.kind(event);
  if (kind === 'note') {
    const lane = lanes.find((candidate) => candidate.id === 'milestones');
    return lane === undefined ? undefined : found(lane, lane.rows[0]!);
  }
  if (kind === 'ownership') {
    const record = store.record(event);
    if (record.kind !== 'ownership') return undefined;
    for (const lane of lanes) {
      for (const row of lane.rows) {
        if (row.kind === 'ownership' && row.objects.includes(record.object)) return found(lane, row);
      }
    }
  }
  return undefined;
}

/** The event of an item of a row. */
export function eventInRow(row: LaneRow, index: number): EventId | undefined {
  if (row.kind === 'calls' || row.kind === 'requests') return row.source.calls[index]?.event;
  if (row.kind === 'buffers') return row.source.stays[index]?.stay.event;
  if (row.kind === 'frames') return row.source.frames[index]?.event;
  return undefined;
}

/** What stands under a point. */
export interface Hit {
  readonly event: EventId;
  /** Number of items that share the bar; 1 for a bar of its own. */
  readonly count: number;
  readonly row: LaneRow;
}

/** How far beside a bar a pointer may be, in pixels. */
const tolerance = 3;

function hitRow(visible: VisibleRow, layout: TimelineLayout, x: number): Hit | undefined {
  if ('flags' in visible) {
    for (let index = visible.flags.length - 1; index >= 0; index--) {
      const flag = visible.flags[index]!;
      const reach = Math.max(10, Math.min(flag.labelWidth, flag.note.text.length * 7 + 14));
      if (x >= flag.x - tolerance && x <= flag.x + reach) {
        return { event: flag.note.event, count: 1, row: visible.row };
      }
    }
    return undefined;
  }
  if ('bands' in visible) {
    for (const band of visible.bands) {
      if (x >= band.x && x <= band.x + band.width) return { event: band.event, count: 1, row: visible.row };
    }
    return undefined;
  }
  let best: Hit | undefined;
  let bestDistance = tolerance + 1;
  for (const bar of visible.bars) {
    if (bar.x > x + tolerance) break;
    const distance = Math.max(bar.x - x, x - (bar.x + bar.width), 0);
    if (distance >= bestDistance) continue;
    const { source } = visible.row;
    const at = lastStartingBy(source, timeAt(layout.range, layout.width, x));
    const index = Math.min(Math.max(at, bar.first), bar.first + bar.count - 1);
    const event = eventInRow(visible.row, index);
    if (event === undefined) continue;
    best = { event, count: bar.count, row: visible.row };
    bestDistance = distance;
  }
  return best;
}

/** What stands at `x`, `y` (from the top of all lanes), in pixels. */
export function hitTest(layout: TimelineLayout, x: number, y: number): Hit | undefined {
  for (const visible of layout.rows) {
    const { row } = visible;
    if (y >= row.y - 1 && y <= row.y + row.height + 1) return hitRow(visible, layout, x);
  }
  return undefined;
}
