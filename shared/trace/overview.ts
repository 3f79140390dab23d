/**
 * How much happened when, by component, in few numbers: what a first picture of a trace is drawn from. Bins double in width as the trace
 * grows, so that the overview costs the same for any length.
 */
import type { VirtualTime } from './records';

/** Bins of an overview; at least half of them are in use once a trace is longer than as many ns. */
export const overviewBins = 4096;

/** Width of a bin at the start, ns. */
const firstWidth = 1_000;

/** Series of each component. */
export const overviewSeries = ['events', 'errors', 'bytes'] as const;

/** A finished overview. */
export interface Overview {
  /** Width of a bin in ns; bin b covers [b * width, (b + 1) * width). */
  readonly width: VirtualTime;
  /** Bins in use. */
  readonly bins: number;
  /** By component, then by {@link overviewSeries}: a number per bin. */
  readonly components: readonly (readonly Float64Array[])[];
}

/** Collects an overview while a trace is written or read. Times must not decrease. */
export class OverviewBuilder {
  private width = firstWidth;
  private readonly components: (Float64Array[] | undefined)[] = [];
  /** Numbers of the open bin, by component and series, and for how many components there is room. */
  private open = new Float64Array(0);
  private known = 0;
  private bin = 0;
  private binEnd = firstWidth;

  /** Counts one event of a component: what it is called with, or a frame that it sends (with its length in bytes). */
  add(time: VirtualTime, component: number, bytes: number): void {
    if (time >= this.binEnd) this.advance(time);
    if (component >= this.known) this.make(component);
    const place = component * overviewSeries.length;
    this.open[place]!++;
    this.open[place + 2]! += bytes;
  }

  /** Counts a call to a component that failed. */
  addError(time: VirtualTime, component: number): void {
    if (time >= this.binEnd) this.advance(time);
    if (component >= this.known) this.make(component);
    this.open[component * overviewSeries.length + 1]!++;
  }

  /** The overview so far. */
  finish(): Overview {
    this.close();
    const bins = this.bin + 1;
    return {
      width: this.width,
      bins,
      components: Array.from(this.components, (series) =>
        (series ?? []).map((values) => values.subarray(0, bins)),
      ),
    };
  }

  /** Makes series for components up to this one. */
  private make(component: number): void {
    const grown = new Float64Array((component + 1) * overviewSeries.length);
    grown.set(this.open);
    this.open = grown;
    this.known = component + 1;
  }

  /** Adds the open bin to the series. */
  private close(): void {
    const { open, bin } = this;
    for (let component = 0; component < this.known; component++) {
      for (let number = 0; number < overviewSeries.length; number++) {
        const place = component * overviewSeries.length + number;
        if (open[place] === 0) continue;
        this.components[component] ??= overviewSeries.map(() => new Float64Array(overviewBins));
        this.components[component]![number]![bin]! += open[place]!;
        open[place] = 0;
      }
    }
  }

  private advance(time: VirtualTime): void {
    this.close();
    while (time >= this.width * overviewBins) this.fold();
    this.bin = Math.floor(time / this.width);
    this.binEnd = (this.bin + 1) * this.width;
  }

  /** Makes each bin twice as wide. */
  private fold(): void {
    for (const series of this.components) {
      for (const values of series ?? []) {
        for (let bin = 0; bin < overviewBins / 2; bin++)
          values[bin] = values[bin * 2]! + values[bin * 2 + 1]!;
        values.fill(0, overviewBins / 2);
      }
    }
    this.width *= 2;
  }
}
