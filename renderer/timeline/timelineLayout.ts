/** Everything that the timeline shows for one visible range, in pixels. Pure: drawing only follows it. */
import type { Note } from '../../shared/analysis/noteIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, StateOwner } from '../../shared/trace/records';
import type { Lane, LaneRow } from './lanes';
import { layoutMarks, layoutRow, type Bar } from './rowLayout';
import { pixelOf, type TimeRange } from './viewport';

/** Most bars in one picture; beyond it, columns get wider. */
export const mostBars = 8000;

/** A stay with one owner, in pixels. */
export interface OwnershipBand {
  readonly x: number;
  readonly width: number;
  readonly owner: StateOwner;
  readonly event: EventId;
}

/** A milestone, in pixels, with the room that its neighbours and the edges leave for its text on either side. */
export interface Flag {
  readonly x: number;
  readonly labelWidth: number;
  readonly labelWidthBefore: number;
  readonly note: Note;
}

/** Frames, with the pixels of those that were lost and of retransmissions. */
export interface FrameRowLayout {
  readonly row: Extract<LaneRow, { kind: 'frames' }>;
  readonly bars: readonly Bar[];
  readonly lost: readonly number[];
  readonly sentAgain: readonly number[];
}

/** Least distance between two marks of one kind, in pixels. */
const markSpacing = 9;

/** A row with what is visible of it. */
export type VisibleRow =
  | {
      readonly row: Extract<LaneRow, { kind: 'calls' | 'requests' | 'buffers' }>;
      readonly bars: readonly Bar[];
    }
  | FrameRowLayout
  | { readonly row: Extract<LaneRow, { kind: 'ownership' }>; readonly bands: readonly OwnershipBand[] }
  | { readonly row: Extract<LaneRow, { kind: 'milestones' }>; readonly flags: readonly Flag[] };

/** See the file's head. `y` values count from the top of all lanes. */
export interface TimelineLayout {
  readonly range: TimeRange;
  readonly width: number;
  readonly lanes: readonly Lane[];
  /** Rows that touch the visible part of the lanes. */
  readonly rows: readonly VisibleRow[];
  readonly barCount: number;
}

/** What part of the lanes is visible, in pixels. */
export interface LaneWindow {
  readonly top: number;
  readonly height: number;
}

function layoutBands(
  model: TraceModel,
  objects: readonly number[],
  range: TimeRange,
  width: number,
): OwnershipBand[] {
  const bands: OwnershipBand[] = [];
  for (const object of objects) {
    for (const span of model.states.ownershipSpans(object)) {
      const until = span.until ?? model.store?.lastTime ?? span.from;
      if (span.owner === 'gone' || until < range.from || span.from > range.until) continue;
      const x = Math.max(pixelOf(range, width, span.from), -4);
      const right = Math.min(pixelOf(range, width, until), width + 4);
      bands.push({ x, width: Math.max(right - x, 2), owner: span.owner, event: span.event });
    }
  }
  return bands;
}

function layoutFlags(model: TraceModel, range: TimeRange, width: number): Flag[] {
  const visible = model.notes.notes
    .map((note) => ({ note, x: pixelOf(range, width, note.time) }))
    .filter(({ x }) => x >= -400 && x <= width + 8);
  return visible.map(({ note, x }, index) => ({
    note,
    x,
    labelWidth: Math.min(visible[index + 1]?.x ?? width, width) - x - 12,
    labelWidthBefore: x - (visible[index - 1]?.x ?? 0) - 12,
  }));
}

function layoutRows(
  model: TraceModel,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
  window: LaneWindow,
  column: number,
): { rows: VisibleRow[]; barCount: number } {
  const rows: VisibleRow[] = [];
  let barCount = 0;
  for (const lane of lanes) {
    if (lane.y > window.top + window.height || lane.y + lane.height < window.top) continue;
    for (const row of lane.rows) {
      if (row.kind === 'ownership') rows.push({ row, bands: layoutBands(model, row.objects, range, width) });
      else if (row.kind === 'milestones') rows.push({ row, flags: layoutFlags(model, range, width) });
      else {
        const bars = layoutRow(row.source, range, width, column);
        barCount += bars.length;
        if (row.kind !== 'frames') rows.push({ row, bars });
        else {
          const { source } = row;
          rows.push({
            row,
            bars,
            lost: layoutMarks(source, source.lost, range, width, markSpacing),
            sentAgain: layoutMarks(source, source.sentAgain, range, width, markSpacing),
          });
        }
      }
    }
  }
  return { rows, barCount };
}

/** Lays out what is visible; widens the columns until there are at most {@link mostBars} bars. */
export function layoutTimeline(
  model: TraceModel,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
  window: LaneWindow,
): TimelineLayout {
  for (let column = 3; ; column *= 2) {
    const { rows, barCount } = layoutRows(model, lanes, range, width, window, column);
    if (barCount <= mostBars || column > 24) return { range, width, lanes, rows, barCount };
  }
}
