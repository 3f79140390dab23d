/** Draws a timeline layout: lanes, bands, flags, rows and arrows. Decides nothing but paint; the ruler lies over it. */
import type { Arrow } from './arrows';
import { fitText, hatch, textWidth } from './canvas';
import type { TimelineColors } from './colors';
import { drawBuffers } from './drawBuffers';
import { drawCalls, drawFrames, drawRequests } from './drawRows';
import { drawGrid, rulerHeight } from './drawRuler';
import { noteKind, type NoteKind } from '../format/noteKinds';
import { ownerTitles } from './lanes';
import type { Flag, OwnershipBand, TimelineLayout } from './timelineLayout';

/** Draws the part of the picture that changes only with range, size, trace and theme. */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  layout: TimelineLayout,
  arrows: readonly Arrow[],
  scrollTop: number,
  height: number,
): void {
  const { width, range, lanes, rows } = layout;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  context.save();
  context.translate(0, rulerHeight - scrollTop);
  lanes.forEach((lane, index) => {
    if (index % 2 === 1) {
      context.fillStyle = colors.laneAlternate;
      context.fillRect(0, lane.y, width, lane.height);
    }
    context.fillStyle = colors.line;
    context.fillRect(0, lane.y + lane.height - 1, width, 1);
  });
  context.restore();
  drawGrid(context, colors, range, width, height);
  context.save();
  context.translate(0, rulerHeight - scrollTop);
  context.font = `11px ${colors.font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  // Below the rows, so that names beside short bars stay readable.
  context.globalAlpha = 0.4;
  for (const arrow of arrows) drawArrow(context, colors.textMuted, arrow);
  context.globalAlpha = 1;
  for (const visible of rows) {
    if ('flags' in visible) drawFlags(context, colors, visible.flags, visible.row.y, visible.row.height);
    else if ('bands' in visible) drawBands(context, colors, visible.bands, visible.row.y, visible.row.height);
    else if ('lost' in visible) drawFrames(context, colors, visible, width);
    else if (visible.row.kind === 'calls') drawCalls(context, colors, visible, width);
    else if (visible.row.kind === 'buffers') drawBuffers(context, colors, visible.row, visible.bars);
    else drawRequests(context, colors, visible);
  }
  context.restore();
}

function drawBands(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  bands: readonly OwnershipBand[],
  y: number,
  height: number,
): void {
  for (const { x, width, owner } of bands) {
    const transition = owner === 'offloading' || owner === 'uploading';
    const color = owner === 'target' ? colors.chimney : colors.host;
    context.globalAlpha = transition ? 0.12 : 0.24;
    context.fillStyle = color;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    if (transition) {
      context.fillStyle = hatch(context, color);
      context.fillRect(x, y, width, height);
    }
    context.fillStyle = color;
    context.fillRect(x, y, Math.min(2, width), height);
    context.fillRect(x, y + height - 2, width, 2);
    const left = Math.max(x, 0);
    const text = fitText(context, ownerTitles[owner], x + width - left - 10);
    if (text === '') continue;
    context.fillStyle = colors.text;
    context.fillText(text, left + 6, y + height / 2);
  }
}

/** A pole with a flag; a fault has a lozenge, what was done by hand a square. */
function drawFlag(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  kind: NoteKind,
  x: number,
  y: number,
  height: number,
): void {
  context.fillStyle = kind === 'fault' ? colors.warning : colors.accent;
  context.fillRect(x, y, 1.5, height);
  context.beginPath();
  if (kind === 'fault') {
    context.moveTo(x + 1, y - 1);
    context.lineTo(x + 6, y + 4);
    context.lineTo(x + 1, y + 9);
    context.lineTo(x - 4, y + 4);
  } else if (kind === 'by-hand') context.rect(x + 1, y, 8, 8);
  else {
    context.moveTo(x + 1, y);
    context.lineTo(x + 9, y + 4);
    context.lineTo(x + 1, y + 8);
  }
  context.fill();
}

function drawFlags(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  flags: readonly Flag[],
  y: number,
  height: number,
): void {
  // What the text of the flag before reaches, so that a text to the left of its flag covers none.
  let taken = 0;
  for (const { x, labelWidth, labelWidthBefore, note } of flags) {
    drawFlag(context, colors, noteKind(note.text), Math.round(x), y, height);
    const full = textWidth(context, note.text);
    const before = full > labelWidth && labelWidthBefore > labelWidth && x - taken > full + 12;
    const text = before ? note.text : fitText(context, note.text, labelWidth);
    if (text === '') continue;
    const left = before ? x - full - 5 : x + 6;
    context.fillStyle = colors.text;
    context.fillText(text, left, y + height - 8);
    taken = left + textWidth(context, text);
  }
}

/** A curve with a head at its end; causes are dashed. */
export function drawArrow(
  context: CanvasRenderingContext2D,
  color: string,
  arrow: Arrow,
  lineWidth = 1.2,
): void {
  const { x1, y1, x2, y2 } = arrow;
  const bend = Math.min(Math.max(Math.abs(x2 - x1) / 2, 18), 160);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = lineWidth;
  context.setLineDash(arrow.kind === 'cause' ? [4, 3] : []);
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2 - 2, y2);
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(x2, y2);
  context.lineTo(x2 - 7, y2 - 3.5);
  context.lineTo(x2 - 7, y2 + 3.5);
  context.fill();
}
