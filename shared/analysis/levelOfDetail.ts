/**
 * Series over the whole of a trace in little memory: a fixed number of bins that double in width whenever the trace outgrows them. The same
 * trace gives the same bins, however it arrives.
 */
import type { VirtualTime } from '../trace/records';

/** Bins of a series; a power of two. */
export const seriesBins = 16_384;
/** Width of a bin before the first doubling, ns. */
const firstWidth = 1024;

/** A series at the resolution that somebody asked for. */
export interface SeriesView {
  readonly from: VirtualTime;
  /** Width of a slot, ns. */
  readonly slotWidth: VirtualTime;
  /** By slot: the sum of what was added, or the mean value. 0 where nothing is known. */
  readonly value: Float64Array;
  /** By slot: least and most per bin inside it, in the same unit as `value` has per bin. */
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
}

/** What both kinds of series share: where bins are, and how they grow. */
abstract class Bins {
  /** Width of a bin now, ns: 1024 times a power of two. */
  binWidth = firstWidth;
  /** Time up to which the series reaches, ns. */
  reaches = 0;

  /** Position of a time's bin; doubles the bins until it has one. */
  protected binOf(time: VirtualTime): number {
    while (time >= this.binWidth * seriesBins) {
      this.halve();
      this.binWidth *= 2;
    }
    return Math.floor(time / this.binWidth);
  }

  /** Puts each two neighboring bins together. */
  protected abstract halve(): void;

  /** Bins that a slot of a view touches, as first and end. */
  protected range(from: VirtualTime, until: VirtualTime): readonly [number, number] {
    const first = Math.max(0, Math.floor(from / this.binWidth));
    const end = Math.ceil(Math.min(until, this.reaches + 1) / this.binWidth);
    return [first, Math.min(seriesBins, Math.max(first, end))];
  }
}

function emptyView(from: VirtualTime, until: VirtualTime, slots: number): SeriesView {
  return {
    from,
    slotWidth: (until - from) / slots,
    value: new Float64Array(slots),
    minimum: new Float64Array(slots),
    maximum: new Float64Array(slots),
  };
}

/** Amounts that are added at instants, such as bytes. */
export class AmountSeries extends Bins {
  /** Sum of everything. */
  total = 0;
  private readonly sums = new Float64Array(seriesBins);

  /** Adds an amount at a time; times may come in any order. */
  add(time: VirtualTime, amount: number): void {
    this.sums[this.binOf(time)]! += amount;
    this.total += amount;
    if (time > this.reaches) this.reaches = time;
  }

  /**
   * Sums from `from` to `until` in equal slots. Where a slot is narrower than a bin, or cuts one, the bin's amount is taken for spread
   * evenly over its width.
   */
  view(from: VirtualTime, until: VirtualTime, slots: number): SeriesView {
    const view = emptyView(from, until, slots);
    const { binWidth, sums } = this;
    for (let slot = 0; slot < slots; slot++) {
      const begin = from + slot * view.slotWidth;
      const end = begin + view.slotWidth;
      const [first, behind] = this.range(begin, end);
      let least = Infinity;
      for (let bin = first; bin < behind; bin++) {
        const part = Math.min(end, (bin + 1) * binWidth) - Math.max(begin, bin * binWidth);
        view.value[slot]! += sums[bin]! * (part / binWidth);
        least = Math.min(least, sums[bin]!);
        view.maximum[slot] = Math.max(view.maximum[slot]!, sums[bin]!);
      }
      view.minimum[slot] = least === Infinity ? 0 : least;
    }
    return view;
  }

  /** The largest sum of a bin. */
  get largest(): number {
    let largest = 0;
    for (const sum of this.sums) if (sum > largest) largest = sum;
    return largest;
  }

  protected halve(): void {
    const { sums } = this;
    for (let bin = 0; bin < seriesBins / 2; bin++) sums[bin] = sums[2 * bin]! + sums[2 * bin + 1]!;
    sums.fill(0, seriesBins / 2);
  }
}

/** A value that holds until it changes, such as a number of requests in flight; 0 at first. */
export class LevelSeries extends Bins {
  /** The value now. */
  value = 0;
  /** The largest value so far. */
  largest = 0;
  private since = 0;
  private readonly least = new Float64Array(seriesBins).fill(Infinity);
  private readonly most = new Float64Array(seriesBins).fill(-Infinity);
  /** Value times ns. */
  private readonly areas = new Float64Array(seriesBins);

  /** Changes the value by a step. @throws RangeError for a time before the last one. */
  step(time: VirtualTime, by: number): void {
    this.set(time, this.value + by);
  }

  /** Changes the value. @throws RangeError for a time before the last one. */
  set(time: VirtualTime, value: number): void {
    if (time < this.since) throw new RangeError(`${time} ns is before ${this.since} ns`);
    this.hold(time);
    const bin = this.binOf(time);
    this.note(bin, value);
    this.value = value;
    if (value > this.largest) this.largest = value;
  }

  /** The value from `from` to `until` in equal slots: time-weighted means, and extremes. The last value is taken to hold on. */
  view(from: VirtualTime, until: VirtualTime, slots: number): SeriesView {
    const view = emptyView(from, until, slots);
    this.hold(Math.max(this.since, until));
    const { binWidth, areas, least, most } = this;
    for (let slot = 0; slot < slots; slot++) {
      const begin = from + slot * view.slotWidth;
      const end = begin + view.slotWidth;
      const [first, behind] = this.range(begin, end);
      let minimum = Infinity;
      let maximum = -Infinity;
      for (let bin = first; bin < behind; bin++) {
        const part = Math.min(end, (bin + 1) * binWidth) - Math.max(begin, bin * binWidth);
        view.value[slot]! += areas[bin]! * (part / binWidth);
        minimum = Math.min(minimum, least[bin]!);
        maximum = Math.max(maximum, most[bin]!);
      }
      view.value[slot]! /= view.slotWidth;
      view.minimum[slot] = minimum === Infinity ? 0 : minimum;
      view.maximum[slot] = maximum === -Infinity ? 0 : maximum;
    }
    return view;
  }

  /** Spreads the value over the time until now. */
  private hold(time: VirtualTime): void {
    const last = this.binOf(time);
    for (let bin = Math.floor(this.since / this.binWidth); bin <= last; bin++) {
      const begin = Math.max(this.since, bin * this.binWidth);
      const end = Math.min(time, (bin + 1) * this.binWidth);
      this.areas[bin]! += this.value * Math.max(0, end - begin);
      if (end > begin) this.note(bin, this.value);
    }
    this.since = time;
    if (time > this.reaches) this.reaches = time;
  }

  private note(bin: number, value: number): void {
    if (value < this.least[bin]!) this.least[bin] = value;
    if (value > this.most[bin]!) this.most[bin] = value;
  }

  protected halve(): void {
    const { areas, least, most } = this;
    for (let bin = 0; bin < seriesBins / 2; bin++) {
      areas[bin] = areas[2 * bin]! + areas[2 * bin + 1]!;
      least[bin] = Math.min(least[2 * bin]!, least[2 * bin + 1]!);
      most[bin] = Math.max(most[2 * bin]!, most[2 * bin + 1]!);
    }
    areas.fill(0, seriesBins / 2);
    least.fill(Infinity, seriesBins / 2);
    most.fill(-Infinity, seriesBins / 2);
  }
}
