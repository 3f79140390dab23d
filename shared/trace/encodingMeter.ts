/**
 * Measures what encoding a trace costs, at next to no cost of its own: of the records every 256th or so is timed, each chunk and each write is timed.
 * It stands outside the bytes: a trace is the same with it and without it.
 */

/** Reads a clock that does not run backwards, ms, with fractions. */
export type MonotonicClock = () => number;

/** Records between two that are timed, on average, once there are many; at first it is fewer, so that short runs have samples too. */
const usualGap = 256;
const firstGap = 8;

/** Records by which the gap between samples has grown by one. */
const gapGrowth = 64;

/**
 * A record that takes longer, ms, was interrupted: by another process, or by a collection of garbage. It counts as what it is, and not as many
 * times that as it stands for records.
 */
const longestSample = 0.02;

/** See the file's head. */
export class EncodingMeter {
  /** Counted down by the encoder; at 0 it calls `beginRow`. */
  recordsUntilSample: number;
  /** Whether the record under way is timed. */
  isTiming = false;
  private gap = firstGap;
  private samples = 0;
  /** Records that the samples stand for, and their time, ms. */
  private standFor = 0;
  private sampled = 0;
  private interrupted = 0;
  private begun = 0;
  private clockCost = 0;
  private workDepth = 0;
  private workBegun = 0;
  private work = 0;
  private sinkBegun = 0;
  private sink = 0;
  /** Which records are timed: by chance of its own, so that no rhythm of a run has its way with the samples. */
  private chance = 0x2545_f491;

  constructor(private readonly clock: MonotonicClock) {
    this.recordsUntilSample = this.nextGap();
  }

  /** A record begins that is to be timed. */
  beginRow(): void {
    this.recordsUntilSample = this.nextGap();
    // What is written within other work is part of that.
    if (this.workDepth > 0) return;
    this.isTiming = true;
    const before = this.clock();
    this.begun = this.clock();
    this.clockCost = this.begun - before;
  }

  /** It has been written. */
  endRow(): void {
    this.isTiming = false;
    const time = this.clock() - this.begun;
    const { gap } = this;
    this.samples++;
    this.gap = Math.min(usualGap, firstGap + (this.standFor + this.gap) / gapGrowth);
    if (time > longestSample) {
      this.interrupted += time;
      return;
    }
    if (this.clockCost > longestSample) return;
    this.standFor += gap;
    this.sampled += gap * (time - this.clockCost);
  }

  /** Work begins that is timed as a whole: a chunk is closed, the end is written. It may contain such work. */
  beginWork(): void {
    if (this.workDepth++ === 0) this.workBegun = this.clock();
  }

  /** It ends. */
  endWork(): void {
    if (--this.workDepth === 0) this.work += this.clock() - this.workBegun;
  }

  /** Bytes go to the sink. */
  beginSink(): void {
    this.sinkBegun = this.clock();
  }

  /** The sink has taken them, or has failed. */
  endSink(): void {
    this.sink += this.clock() - this.sinkBegun;
  }

  /** Time that a number of records and all other work took, ms. */
  milliseconds(records: number): number {
    const rows = this.standFor === 0 ? 0 : (this.sampled / this.standFor) * records;
    return Math.max(0, rows) + this.interrupted + this.work;
  }

  /** Time that the sink took, ms; in `milliseconds` it is contained. */
  get sinkMilliseconds(): number {
    return this.sink;
  }

  /** Records that were timed. */
  get sampleCount(): number {
    return this.samples;
  }

  /** A number from 1 on whose mean is the gap (xorshift). */
  private nextGap(): number {
    let chance = this.chance;
    chance ^= chance << 13;
    chance ^= chance >>> 17;
    chance ^= chance << 5;
    this.chance = chance;
    return 1 + ((chance >>> 0) % Math.max(1, Math.floor(this.gap * 2 - 1)));
  }
}
