/** Draws the overview: throughput as a silhouette, calls as a strip below it, and the visible window. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { VirtualTime } from '../../shared/trace/records';
import type { TimelineColors } from './colors';
import type { OverviewLayout } from './overview';
import { pixelOf, type TimeRange } from './viewport';

/** Height of the overview in CSS pixels. */
export const overviewHeight = 46;

const stripHeight = 8;

/** Draws the picture that changes only with the trace. `column` is the width of a column in pixels. */
export function drawOverview(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  layout: OverviewLayout,
  width: number,
  column: number,
): void {
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, overviewHeight);
  const bottom = overviewHeight - stripHeight - 3;
  const room = bottom - 5;
  for (const [values, base, color] of [
    [layout.host, undefined, colors.host],
    [layout.chimney, layout.host, colors.chimney],
  ] as const) {
    context.fillStyle = color;
    context.beginPath();
    for (let index = 0; index < values.length; index++) {
      const value = values[index]! * room;
      if (value <= 0) continue;
      const below = (base?.[index] ?? 0) * room;
      const tall = Math.max(value, 1);
      context.rect(index * column, bottom - below - tall, column, tall);
    }
    context.fill();
  }
  context.fillStyle = colors.line;
  context.fillRect(0, bottom, width, 1);
  context.fillStyle = colors.textMuted;
  for (let index = 0; index < layout.calls.length; index++) {
    const value = layout.calls[index]!;
    if (value <= 0) continue;
    context.globalAlpha = 0.25 + 0.75 * value;
    context.fillRect(index * column, bottom + 3, column, stripHeight - 2);
  }
  context.globalAlpha = 1;
}

/** Draws the visible window, milestones and cursor over the picture. */
export function drawOverviewWindow(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  model: TraceModel,
  whole: TimeRange,
  shown: TimeRange,
  cursor: VirtualTime,
  width: number,
): void {
  context.fillStyle = colors.accent;
  for (const note of model.notes.notes) {
    const x = pixelOf(whole, width, note.time);
    context.beginPath();
    context.moveTo(x - 3, 0);
    context.lineTo(x + 3, 0);
    context.lineTo(x, 4.5);
    context.fill();
  }
  const left = pixelOf(whole, width, shown.from);
  const right = pixelOf(whole, width, shown.until);
  context.fillStyle = colors.background;
  context.globalAlpha = 0.62;
  context.fillRect(0, 5, left, overviewHeight - 5);
  context.fillRect(right, 5, width - right, overviewHeight - 5);
  context.globalAlpha = 1;
  context.strokeStyle = colors.accent;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, 0.5, Math.max(right - left - 1, 2), overviewHeight - 1);
  context.fillStyle = colors.accent;
  for (const x of [left, right - 4]) {
    context.beginPath();
    context.roundRect(x, overviewHeight / 2 - 9, 4, 18, 2);
    context.fill();
  }
  context.fillStyle = colors.cursor;
  context.fillRect(pixelOf(whole, width, cursor), 0, 1.5, overviewHeight);
}
