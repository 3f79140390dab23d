/** Where the ruler has its ticks and what stands at them. */
import { groupDigits } from '../format/time';
import type { TimeRange } from './viewport';

/** One tick. */
export interface Tick {
  readonly time: number;
  /** Empty for small ticks. */
  readonly label: string;
}

const steps = [1, 2, 5] as const;

/** The smallest of 1, 2, 5 times a power of ten ns that is at least `shortest`. */
export function niceStep(shortest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(shortest, 1)));
  for (const step of steps) if (step * power >= shortest * 0.999_999) return step * power;
  return 10 * power;
}

function unitOf(step: number): { readonly divisor: number; readonly name: string } {
  if (step >= 1e9) return { divisor: 1e9, name: 's' };
  if (step >= 1e6) return { divisor: 1e6, name: 'ms' };
  if (step >= 1e3) return { divisor: 1e3, name: 'µs' };
  return { divisor: 1, name: 'ns' };
}

/** Ticks for a range on `width` pixels, labelled ones at least `labelSpace` pixels apart, with small ones between. */
export function layoutTicks(range: TimeRange, width: number, labelSpace = 110): Tick[] {
  const span = range.until - range.from;
  const step = niceStep((span / Math.max(width, 1)) * labelSpace);
  const { divisor, name } = unitOf(step);
  const small = step / 5;
  const ticks: Tick[] = [];
  const first = Math.max(0, Math.ceil(range.from / small));
  const last = Math.floor(range.until / small);
  for (let index = first; index <= last; index++) {
    const time = index * small;
    ticks.push({
      time,
      label: index % 5 === 0 ? `${groupDigits((index / 5) * (step / divisor))}\u00a0${name}` : '',
    });
  }
  return ticks;
}

/** A stretch of the ruler in pixels. */
export interface Extent {
  readonly left: number;
  readonly right: number;
}

/** Pixels from a tick to its label. */
export const labelShift = 5;

/** Least distance between two labels, px. */
const labelGap = 4;

/** Whether a label would touch what is taken. */
export function overlaps(label: Extent, taken: Extent | undefined): boolean {
  return taken !== undefined && label.right + labelGap > taken.left && label.left - labelGap < taken.right;
}

/** Where the label of the cursor stands: around the cursor, inside the ruler; undefined if the cursor is out of sight. */
export function cursorExtent(x: number, labelWidth: number, width: number): Extent | undefined {
  if (x < -1 || x > width + 1) return undefined;
  const left = Math.min(Math.max(x - labelWidth / 2, 0), Math.max(width - labelWidth, 0));
  return { left, right: left + labelWidth };
}
