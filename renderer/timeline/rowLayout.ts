/**
 * Turns one row of items into bars for the visible range. Where items are too narrow to be told apart, a bar stands for all
 * of them and says how many; the work then depends on the pixels and not on the number of items.
 */
import type { VirtualTime } from '../../shared/trace/records';
import type { TimeRange } from './viewport';

/** Items of one row in order of their start. Items should not overlap; ones that do hide each other. */
export interface RowSource {
  readonly length: number;
  start(index: number): VirtualTime;
  /** At least `start(index)`. */
  end(index: number): VirtualTime;
  /** Small number that decides how the bar looks; the smallest wins where several share a bar. */
  category(index: number): number;
}

/** A bar in pixels from the left edge of the lanes. */
export interface Bar {
  readonly x: number;
  width: number;
  readonly category: number;
  /** Position of its first item in the source. */
  readonly first: number;
  /** Number of items it stands for. */
  count: number;
}

/** Items looked at to find the category of a crowded column. */
const samples = 6;

/** First index with a start at or after `time`, looked for from `low` on in growing steps. */
function gallop(source: RowSource, low: number, time: VirtualTime): number {
  let step = 1;
  let from = low;
  let to = low;
  while (to < source.length && source.start(to) < time) {
    from = to + 1;
    to += step;
    step *= 2;
  }
  to = Math.min(to, source.length);
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (source.start(middle) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Index of the item at or last before a time, or -1. */
export function lastStartingBy(source: RowSource, time: VirtualTime): number {
  let low = 0;
  let high = source.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (source.start(middle) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Bars of a row on `width` pixels; a bar is never narrower than `column` pixels. */
export function layoutRow(source: RowSource, range: TimeRange, width: number, column: number): Bar[] {
  const bars: Bar[] = [];
  const scale = width / (range.until - range.from);
  const pixel = (time: VirtualTime): number => (time - range.from) * scale;
  let index = lastStartingBy(source, range.from) + 1;
  // Something that began before the view may reach into it.
  for (let back = 0; back < 16 && index > 0 && source.end(index - 1) > range.from; back++) index--;
  while (index < source.length) {
    const start = source.start(index);
    if (start > range.until) break;
    const left = Math.max(pixel(start), -4);
    const right = Math.min(pixel(source.end(index)), width + 4);
    if (right - left >= column * 1.5) {
      bars.push({ x: left, width: right - left, category: source.category(index), first: index, count: 1 });
      index++;
      continue;
    }
    const columnIndex = Math.floor(left / column);
    const columnEnd = range.from + ((columnIndex + 1) * column) / scale;
    let next = Math.max(index + 1, gallop(source, index, columnEnd));
    // Only the last item of a column can reach beyond it, since items do not overlap.
    if (next - 1 > index && (source.end(next - 1) - source.start(next - 1)) * scale >= column * 1.5) next--;
    let category = source.category(index);
    for (let sample = index + 1; sample < Math.min(next, index + samples); sample++) {
      category = Math.min(category, source.category(sample));
    }
    const count = next - index;
    const previous = bars[bars.length - 1];
    const alone = count === 1;
    const x = alone ? left : columnIndex * column;
    if (
      previous !== undefined &&
      previous.category === category &&
      previous.first + previous.count === index &&
      x - (previous.x + previous.width) < 1 &&
      previous.width + column > 0
    ) {
      previous.width = Math.max(previous.width, x + column - previous.x);
      previous.count += count;
    } else bars.push({ x, width: column, category, first: index, count });
    index = next;
  }
  return bars;
}

/**
 * Pixels of single items that must stay visible however crowded it is: the first of every `spacing` pixels. `positions` are
 * indices into the source, in order.
 */
export function layoutMarks(
  source: RowSource,
  positions: readonly number[],
  range: TimeRange,
  width: number,
  spacing: number,
): number[] {
  const scale = width / (range.until - range.from);
  const firstFrom = (time: VirtualTime, low: number): number => {
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (source.start(positions[middle]!) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const marks: number[] = [];
  for (let index = firstFrom(range.from, 0); index < positions.length;) {
    const time = source.start(positions[index]!);
    if (time > range.until) break;
    const x = (time - range.from) * scale;
    marks.push(x);
    index = Math.max(index + 1, firstFrom(range.from + (x + spacing) / scale, index));
  }
  return marks;
}
