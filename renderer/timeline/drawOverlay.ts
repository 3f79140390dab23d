/** Draws what moves with pointer and selection, on a canvas of its own: the lanes below stay as they are. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, VirtualTime } from '../../shared/trace/records';
import { formatInstant } from '../format/time';
import type { Arrow } from './arrows';
import { textWidth } from './canvas';
import type { TimelineColors } from './colors';
import { drawArrow } from './drawTimeline';
import { drawRuler, rulerHeight } from './drawRuler';
import { placeOf } from './places';
import { cursorExtent } from './ticks';
import type { TimelineLayout } from './timelineLayout';
import { pixelOf } from './viewport';

/** What lies over the lanes. */
export interface Overlay {
  readonly cursor: VirtualTime;
  readonly pointer: VirtualTime | undefined;
  readonly selection: EventId | undefined;
  readonly hovered: EventId | undefined;
  readonly arrows: readonly Arrow[];
}

/** Draws cursor line, selection, hover, the arrows of the selection, and the ruler, which makes room for the cursor's label. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  layout: TimelineLayout,
  model: TraceModel,
  overlay: Overlay,
  scrollTop: number,
  height: number,
): void {
  const { range, width } = layout;
  context.save();
  context.beginPath();
  context.rect(0, rulerHeight, width, height - rulerHeight);
  context.clip();
  context.translate(0, rulerHeight - scrollTop);
  if (overlay.hovered !== undefined) outline(context, colors, layout, model, overlay.hovered, 1);
  if (overlay.selection !== undefined) outline(context, colors, layout, model, overlay.selection, 2);
  for (const arrow of overlay.arrows) drawArrow(context, colors.text, arrow, 1.6);
  context.restore();
  if (overlay.pointer !== undefined) {
    const x = Math.round(pixelOf(range, width, overlay.pointer));
    context.fillStyle = colors.textFaint;
    context.globalAlpha = 0.5;
    context.fillRect(x, rulerHeight, 1, height - rulerHeight);
    context.globalAlpha = 1;
  }
  drawCursor(context, colors, layout, overlay.cursor, height);
}

function outline(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  layout: TimelineLayout,
  model: TraceModel,
  event: EventId,
  lineWidth: number,
): void {
  const place = placeOf(model, layout.lanes, event);
  const store = model.store;
  if (place === undefined || store === undefined) return;
  const { range, width } = layout;
  const start = store.time(event);
  const call = model.calls.at(event);
  const frame = model.frames.at(event);
  const end =
    call?.end ?? (frame === undefined ? start : Math.min(frame.fateTime ?? start, layoutEnd(frame, model)));
  const x = pixelOf(range, width, start);
  const right = Math.max(pixelOf(range, width, end), x + 3);
  context.strokeStyle = colors.selection;
  context.lineWidth = lineWidth;
  const inset = lineWidth / 2;
  context.strokeRect(
    Math.max(x - inset - 1, -10),
    place.row.y - inset - 1,
    Math.min(right, width + 10) - Math.max(x, -10) + lineWidth + 2,
    place.row.height + lineWidth + 2,
  );
}

/** Where the bar of a frame ends: at the next frame of its row. */
function layoutEnd(
  frame: { readonly event: EventId; readonly path: string; readonly sent: number },
  model: TraceModel,
): number {
  const { frames } = model.frames;
  for (let index = model.frames.firstSentAt(frame.sent); index < frames.length; index++) {
    const next = frames[index]!;
    if (next.event > frame.event && next.path === frame.path) return next.sent;
  }
  return Infinity;
}

function drawCursor(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  layout: TimelineLayout,
  time: VirtualTime,
  height: number,
): void {
  const x = Math.round(pixelOf(layout.range, layout.width, time));
  context.font = `11px ${colors.font}`;
  const label = formatInstant(time);
  const place = cursorExtent(x, textWidth(context, label) + 12, layout.width);
  drawRuler(context, colors, layout.range, layout.width, place);
  if (place === undefined) return;
  const { left, right } = place;
  context.fillStyle = colors.cursor;
  context.fillRect(x, 6, 1.5, height);
  context.beginPath();
  context.roundRect(left, 2, right - left, 18, 4);
  context.fill();
  context.fillStyle = colors.background;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillText(label, left + 6, 11.5);
}
