/** The ruler over the lanes and its faint lines through them. */
import type { TimelineColors } from './colors';
import { textWidth } from './canvas';
import { labelShift, layoutTicks, overlaps, type Extent } from './ticks';
import { pixelOf, type TimeRange } from './viewport';

/** Height of the ruler in CSS pixels. */
export const rulerHeight = 26;

/** Draws the lines through the lanes; call it before the lanes. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  range: TimeRange,
  width: number,
  height: number,
): void {
  context.fillStyle = colors.lineFaint;
  for (const tick of layoutTicks(range, width)) {
    if (tick.label === '') continue;
    context.fillRect(Math.round(pixelOf(range, width, tick.time)), rulerHeight, 1, height - rulerHeight);
  }
}

/** Draws the ruler; call it after the lanes, which it covers. Labels that would stand in `taken`, or beyond the edge, are left out. */
export function drawRuler(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  range: TimeRange,
  width: number,
  taken?: Extent,
): void {
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, rulerHeight);
  context.font = `11px ${colors.font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const tick of layoutTicks(range, width)) {
    const x = Math.round(pixelOf(range, width, tick.time));
    const labelled = tick.label !== '';
    context.fillStyle = labelled ? colors.textFaint : colors.line;
    context.fillRect(x, rulerHeight - (labelled ? 9 : 5), 1, labelled ? 9 : 5);
    if (!labelled) continue;
    const left = x + labelShift;
    const right = left + textWidth(context, tick.label);
    if (right > width || overlaps({ left, right }, taken)) continue;
    context.fillStyle = colors.textMuted;
    context.fillText(tick.label, left, rulerHeight / 2 - 2);
  }
  context.fillStyle = colors.line;
  context.fillRect(0, rulerHeight - 1, width, 1);
}
