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
