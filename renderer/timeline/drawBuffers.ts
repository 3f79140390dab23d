/** Draws who has lists over time: each owner by its colour, its pattern and, where there is room, its name. */
import type { ComponentRole } from '../../shared/trace/records';
import { ownerRoles } from './bufferRows';
import { fitText, hatch } from './canvas';
import type { TimelineColors } from './colors';
import type { Bar } from './rowLayout';
import type { LaneRow } from './lanes';

/** What stays of a role look like. */
export interface OwnerLook {
  readonly title: string;
  readonly fill: string;
  /** `solid`: filled. `hatched`: diagonal lines. `striped`: upright lines. `framed`: an edge around nothing. */
  readonly pattern: 'solid' | 'hatched' | 'striped' | 'framed';
}

/** The look of each owner. */
export function ownerLook(colors: TimelineColors, role: ComponentRole): OwnerLook {
  switch (role) {
    case 'offload-target':
      return { title: 'target', fill: colors.chimney, pattern: 'hatched' };
    case 'intermediate-driver':
      return { title: 'intermediate driver', fill: colors.families.indication.fill, pattern: 'striped' };
    case 'host-stack':
      return { title: 'host stack', fill: colors.host, pattern: 'solid' };
    case 'application':
      return { title: 'application', fill: colors.families.data.fill, pattern: 'solid' };
    case 'ndis':
      return { title: 'NDIS', fill: colors.textMuted, pattern: 'framed' };
    case 'wire':
    case 'peer':
      return { title: role, fill: colors.peer, pattern: 'solid' };
  }
}

function fillStay(
  context: CanvasRenderingContext2D,
  look: OwnerLook,
  bar: Bar,
  y: number,
  height: number,
): void {
  const { fill, pattern } = look;
  const width = Math.max(bar.width - 0.5, 1);
  context.fillStyle = fill;
  if (width < 4) {
    context.fillRect(bar.x, y, width, pattern === 'framed' ? height / 2 : height);
    return;
  }
  context.globalAlpha = pattern === 'framed' ? 0 : 0.28;
  context.fillRect(bar.x, y, width, height);
  context.globalAlpha = 1;
  if (pattern === 'hatched') {
    context.fillStyle = hatch(context, fill, 8);
    context.fillRect(bar.x, y, width, height);
  } else if (pattern === 'striped') {
    for (let x = bar.x + 4; x < bar.x + width; x += 5) context.fillRect(x, y, 1, height);
  }
  context.fillStyle = fill;
  context.fillRect(bar.x, y, Math.min(2, width), height);
  context.fillRect(bar.x, y + height - 2, width, 2);
  if (pattern === 'framed') context.fillRect(bar.x, y, width, 1);
}

/** See the file's head. */
export function drawBuffers(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  row: Extract<LaneRow, { kind: 'buffers' }>,
  bars: readonly Bar[],
): void {
  const { y, height } = row;
  const looks = ownerRoles.map((role) => ownerLook(colors, role));
  for (const bar of bars) {
    const look = looks[bar.category]!;
    fillStay(context, look, bar, y, height);
    if (bar.count > 1) {
      // More stays than can be drawn.
      context.fillStyle = colors.text;
      for (let x = bar.x; x < bar.x + bar.width - 1; x += 3) context.fillRect(x, y + height - 3, 1.5, 1.5);
      continue;
    }
    const left = Math.max(bar.x, 0);
    const text = fitText(context, look.title, bar.x + bar.width - left - 12);
    if (text === '') continue;
    // Letters on hatching need ground of their own.
    context.fillStyle = colors.background;
    context.globalAlpha = 0.8;
    context.fillRect(left + 4, y + 2, context.measureText(text).width + 4, height - 5);
    context.globalAlpha = 1;
    context.fillStyle = colors.text;
    context.fillText(text, left + 6, y + height / 2 + 0.5);
  }
}
