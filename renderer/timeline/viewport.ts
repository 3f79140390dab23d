/** The visible stretch of time and the ways to move it. Pure: every function answers a new range. */
import type { VirtualTime } from '../../shared/trace/records';

/** A stretch of virtual time, ns; `until` is larger than `from`. */
export interface TimeRange {
  readonly from: VirtualTime;
  readonly until: VirtualTime;
}

/** The narrowest view, ns: finer than any handler. */
export const narrowestSpan = 20;

/** What part of the trace's length may be seen before its start and after its end. */
const marginFraction = 0.02;

/** The view that shows a whole trace, with a little air on both sides. */
export function wholeTrace(lastTime: VirtualTime): TimeRange {
  const length = Math.max(lastTime, 1000);
  return { from: -length * marginFraction, until: length * (1 + marginFraction) };
}

/** Keeps a range inside the trace: shifted rather than cut, and never narrower than {@link narrowestSpan}. */
export function clampRange(range: TimeRange, lastTime: VirtualTime): TimeRange {
  const whole = wholeTrace(lastTime);
  const span = Math.max(narrowestSpan, range.until - range.from);
  if (span >= whole.until - whole.from) return whole;
  const middle = (range.from + range.until) / 2;
  const from = Math.min(Math.max(middle - span / 2, whole.from), whole.until - span);
  return { from, until: from + span };
}

/** Zooms by a factor (below 1: closer) and leaves `anchor` where it is. */
export function zoomAround(
  range: TimeRange,
  anchor: VirtualTime,
  factor: number,
  lastTime: VirtualTime,
): TimeRange {
  const span = range.until - range.from;
  const bounded = Math.max(factor, narrowestSpan / span);
  return clampRange(
    { from: anchor - (anchor - range.from) * bounded, until: anchor + (range.until - anchor) * bounded },
    lastTime,
  );
}

/** Moves by a part of the visible span: 0.25 is a quarter of the view to the right. */
export function panBy(range: TimeRange, fraction: number, lastTime: VirtualTime): TimeRange {
  const shift = (range.until - range.from) * fraction;
  return clampRange({ from: range.from + shift, until: range.until + shift }, lastTime);
}

/** Brings a stretch into view without zooming, unless it is visible already; leaves air at the edges. */
export function reveal(
  range: TimeRange,
  start: VirtualTime,
  end: VirtualTime,
  lastTime: VirtualTime,
): TimeRange {
  const span = range.until - range.from;
  const air = span * 0.05;
  if (start >= range.from + air && start <= range.until - air) return range;
  const middle = start + Math.min(end - start, span * 0.8) / 2;
  return clampRange({ from: middle - span / 2, until: middle + span / 2 }, lastTime);
}

/** The view that shows a stretch in the middle half; instants get a neighbourhood of `smallest` ns. */
export function fitStretch(
  start: VirtualTime,
  end: VirtualTime,
  smallest: VirtualTime,
  lastTime: VirtualTime,
): TimeRange {
  const span = Math.max(end - start, smallest) * 2;
  const middle = (start + end) / 2;
  return clampRange({ from: middle - span / 2, until: middle + span / 2 }, lastTime);
}

/** Pixels from the left edge for a time. */
export function pixelOf(range: TimeRange, width: number, time: VirtualTime): number {
  return ((time - range.from) / (range.until - range.from)) * width;
}

/** Time at a pixel from the left edge. */
export function timeAt(range: TimeRange, width: number, pixel: number): VirtualTime {
  return range.from + (pixel / width) * (range.until - range.from);
}
