/** Draws the rows of bars: calls, requests and frames. Bars are grouped by colour; crowded bars carry a dotted edge. */
import { fateDelivers } from '../../shared/trace/frameFates';
import { statusSeverity } from '../format/status';
import { fitText, textWidth } from './canvas';
import { readableOn, type TimelineColors } from './colors';
import { functionFamilies } from './families';
import type { Bar } from './rowLayout';
import type { FrameRowLayout, VisibleRow } from './timelineLayout';

type BarRow = Exclude<Extract<VisibleRow, { bars: readonly Bar[] }>, FrameRowLayout>;

/** Bars with room for it tell their function; more labels than this make no picture clearer. */
const mostLabels = 700;

/** Space between two bars that would touch. */
const seam = 0.5;

function fillBars(
  context: CanvasRenderingContext2D,
  bars: readonly Bar[],
  category: number,
  y: number,
  height: number,
): void {
  context.beginPath();
  for (const bar of bars) {
    if (bar.category === category) context.rect(bar.x, y, Math.max(bar.width - seam, 1), height);
  }
  context.fill();
}

/** A row of dots below bars that stand for more than can be drawn. */
function drawCrowd(context: CanvasRenderingContext2D, bars: readonly Bar[], y: number): void {
  context.beginPath();
  for (const bar of bars) {
    if (bar.count < 2) continue;
    for (let x = bar.x; x < bar.x + bar.width - 1; x += 3) context.rect(x, y, 1.5, 1.5);
  }
  context.fill();
}

/** Calls: solid bars with the function's name; completions have a tick mark, failed calls an edge. */
export function drawCalls(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  visible: BarRow,
  width: number,
): void {
  const { row, bars } = visible;
  if (row.kind !== 'calls') return;
  const { y, height, source } = row;
  functionFamilies.forEach((family, category) => {
    context.fillStyle = colors.families[family].fill;
    fillBars(context, bars, category, y, height);
  });
  context.fillStyle = colors.background;
  drawCrowd(context, bars, y + height - 3);
  let labels = 0;
  for (let index = 0; index < bars.length; index++) {
    const bar = bars[index]!;
    if (bar.count > 1) continue;
    const call = source.calls[bar.first]!;
    if (call.status !== undefined && statusSeverity(call.status) === 'error') {
      context.fillStyle = colors.error;
      context.fillRect(bar.x, y, Math.max(bar.width - seam, 2), 3);
    }
    if (labels >= mostLabels) continue;
    const family = functionFamilies[bar.category]!;
    const left = Math.max(bar.x, 0);
    const room = bar.x + bar.width - left - 8;
    const name = family === 'completion' ? `✓ ${call.functionName}` : call.functionName;
    if (room >= 24) {
      const text = fitText(context, name, room);
      if (text === '') continue;
      context.fillStyle = colors.families[family].text;
      context.fillText(text, left + 4, y + height / 2 + 0.5);
      labels++;
    } else {
      // An instant has no room inside: its name stands beside it when the neighbour is far enough.
      const next = Math.min(bars[index + 1]?.x ?? Infinity, width);
      const right = bar.x + bar.width + 4;
      if (next - right < textWidth(context, name) + 6) continue;
      context.fillStyle = colors.textMuted;
      context.fillText(name, right, y + height / 2 + 0.5);
      labels++;
    }
  }
}

/** Requests: light bars from call to completion, solid at the start, with a triangle where the completion came. */
export function drawRequests(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  visible: BarRow,
): void {
  const { row, bars } = visible;
  if (row.kind !== 'requests') return;
  const { y, height, source } = row;
  functionFamilies.forEach((family, category) => {
    context.fillStyle = colors.families[family].fill;
    context.globalAlpha = 0.28;
    fillBars(context, bars, category, y, height);
    context.globalAlpha = 1;
    context.beginPath();
    for (const bar of bars) {
      if (bar.category !== category) continue;
      context.rect(bar.x, y, Math.min(2, bar.width), height);
      if (bar.count > 1 || bar.width < 8) continue;
      if (!source.endsWithCompletion(bar.first)) continue;
      const right = bar.x + bar.width - seam;
      context.moveTo(right, y + height / 2);
      context.lineTo(right - 5, y + 2);
      context.lineTo(right - 5, y + height - 2);
    }
    context.fill();
  });
  context.fillStyle = colors.textMuted;
  drawCrowd(context, bars, y + height - 3);
  context.fillStyle = colors.text;
  for (const bar of bars) {
    if (bar.count > 1) continue;
    const left = Math.max(bar.x, 0);
    const text = fitText(context, source.calls[bar.first]!.functionName, bar.x + bar.width - left - 16);
    if (text !== '') context.fillText(text, left + 6, y + height / 2 + 0.5);
  }
}

/** Height of a frame's bar as a share of its row: with payload, without. */
const frameHeights = [0.8, 0.35] as const;

/** Frames: tall with payload, short without. A cross marks a loss, a triangle on top a retransmission. */
export function drawFrames(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  visible: FrameRowLayout,
  width: number,
): void {
  const { row, bars } = visible;
  const { y, height, path, source } = row;
  const bottom = y + height - 1;
  context.fillStyle = colors.lineFaint;
  context.fillRect(0, bottom, width, 1);
  context.fillStyle = colors[path];
  frameHeights.forEach((share, category) => {
    const tall = Math.round(height * share);
    context.globalAlpha = category === 1 ? 0.75 : 1;
    fillBars(context, bars, category, bottom - tall, tall);
  });
  context.globalAlpha = 1;
  context.fillStyle = colors.background;
  drawCrowd(context, bars, bottom - 2);
  for (const bar of bars) {
    if (bar.count > 1) continue;
    const frame = source.frames[bar.first]!;
    const lost = frame.fate !== undefined && !fateDelivers(frame.fate);
    if (lost) {
      context.fillStyle = colors.background;
      const tall = Math.round(height * frameHeights[0]);
      context.fillRect(bar.x + 1, bottom - tall + 1, Math.max(bar.width - 2.5, 1), tall - 2);
    }
    if (bar.width < 46 || bar.category === 1) continue;
    const left = Math.max(bar.x, 0) + (lost ? 10 : 0);
    const text = fitText(context, `${frame.payloadLength} B`, bar.x + bar.width - left - 14);
    if (text === '') continue;
    context.fillStyle = lost ? colors.text : readableOn(colors[path]);
    context.fillText(text, left + 8, bottom - (height * frameHeights[0]) / 2 + 0.5);
  }
  drawLosses(context, colors, visible.lost, bottom);
  context.fillStyle = colors.warning;
  context.beginPath();
  for (const x of visible.sentAgain) {
    context.moveTo(x - 3.5, y - 1);
    context.lineTo(x + 4.5, y - 1);
    context.lineTo(x + 0.5, y + 5);
  }
  context.fill();
}

/** Crosses with an edge of the background, so that they are seen on any bar. */
function drawLosses(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  lost: readonly number[],
  bottom: number,
): void {
  for (const [color, lineWidth] of [
    [colors.background, 4.5],
    [colors.error, 2],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = lineWidth;
    context.lineCap = 'round';
    context.beginPath();
    for (const x of lost) {
      context.moveTo(x - 2.5, bottom - 11);
      context.lineTo(x + 4.5, bottom - 4);
      context.moveTo(x + 4.5, bottom - 11);
      context.lineTo(x - 2.5, bottom - 4);
    }
    context.stroke();
  }
  context.lineCap = 'butt';
}
