/**
 * How long things took, in buckets whose width grows with the value: any number of durations in little memory, percentiles with a known
 * error, and two histograms add up to the one that would have seen both.
 *
 * Below 64 ns every value has a bucket of its own; above, every power of two is divided into 64 buckets.
 */
import { z } from 'zod';
import { fail, succeed, type Result } from '../base/result';

const subBucketBits = 6;
const subBuckets = 2 ** subBucketBits;

/** Largest duration that a histogram takes, ns: what a trace can express. */
const largestDuration = Number.MAX_SAFE_INTEGER;

/** Largest ratio of what a percentile may be off to the exact value: half a bucket's width. */
export const latencyRelativeError = 1 / (2 * subBuckets);

/** Exponent of the largest power of two that is at most `value`, a whole number from 1 to 2^53 - 1. */
function exponentOf(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}

/** Bucket of a whole number of ns. */
function bucketOf(value: number): number {
  if (value < subBuckets) return value;
  const exponent = exponentOf(value);
  const within = Math.floor(value / 2 ** (exponent - subBucketBits)) - subBuckets;
  return subBuckets * (exponent - subBucketBits + 1) + within;
}

/** Number of buckets that all durations need. */
const bucketCount = bucketOf(largestDuration) + 1;

/** Lowest value of a bucket, ns. */
function lowestOf(bucket: number): number {
  if (bucket < subBuckets) return bucket;
  const octave = Math.floor(bucket / subBuckets) - 1;
  return (subBuckets + (bucket % subBuckets)) * 2 ** octave;
}

/** Number of values that share a bucket. */
function widthOf(bucket: number): number {
  return bucket < subBuckets ? 1 : 2 ** (Math.floor(bucket / subBuckets) - 1);
}

const whole = z.number().int().nonnegative();

const serialised = z.object({
  /** Sum of all durations, ns. */
  sum: z.number().nonnegative(),
  minimum: whole,
  maximum: whole,
  /** Bucket and count in turns, buckets ascending, counts positive. */
  buckets: z.array(whole),
});

/** A histogram as JSON; see {@link LatencyHistogram.serialise}. */
export type SerialisedHistogram = z.infer<typeof serialised>;

/** What a table shows of a histogram; all in ns. */
export interface LatencySummary {
  readonly count: number;
  readonly minimum: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly maximum: number;
}

/** See the file's head. */
export class LatencyHistogram {
  /** How many durations there are. */
  count = 0;
  /** Sum of them, ns; exact up to 2^53. */
  sum = 0;
  private low = Infinity;
  private high = 0;
  /** Counts of the buckets from `first` on. */
  private counts = new Float64Array(0);
  private first = 0;

  /** Shortest duration, ns; 0 if there is none. Exact. */
  get minimum(): number {
    return this.count === 0 ? 0 : this.low;
  }

  /** Longest duration, ns; 0 if there is none. Exact. */
  get maximum(): number {
    return this.high;
  }

  /** Mean duration, ns; 0 if there is none. */
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /**
   * Adds a duration in ns; fractions are rounded.
   * @throws RangeError for what is no duration.
   */
  record(duration: number): void {
    if (!(duration >= 0 && duration <= largestDuration))
      throw new RangeError(`${duration} is no duration in ns`);
    const value = Math.round(duration);
    const bucket = bucketOf(value);
    this.reserve(bucket, bucket);
    this.counts[bucket - this.first]!++;
    this.count++;
    this.sum += value;
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
  }

  /** Adds all durations of another histogram. */
  merge(other: LatencyHistogram): void {
    if (other.count === 0) return;
    this.reserve(other.first, other.first + other.counts.length - 1);
    const shift = other.first - this.first;
    for (let index = 0; index < other.counts.length; index++)
      this.counts[index + shift]! += other.counts[index]!;
    this.count += other.count;
    this.sum += other.sum;
    this.low = Math.min(this.low, other.low);
    this.high = Math.max(this.high, other.high);
  }

  /**
   * The duration that `percent` percent of all do not exceed (nearest rank), ns: at most {@link latencyRelativeError} off. 0 if there is
   * none.
   */
  percentile(percent: number): number {
    if (this.count === 0) return 0;
    const rank = Math.min(this.count, Math.max(1, Math.ceil((percent / 100) * this.count)));
    // The ends are known exactly.
    if (rank === 1) return this.low;
    if (rank === this.count) return this.high;
    let seen = 0;
    for (let index = 0; index < this.counts.length; index++) {
      seen += this.counts[index]!;
      if (seen < rank) continue;
      const bucket = index + this.first;
      const middle = lowestOf(bucket) + Math.floor(widthOf(bucket) / 2);
      return Math.min(this.high, Math.max(this.low, middle));
    }
    return this.high;
  }

  /** What a table shows. */
  summary(): LatencySummary {
    return {
      count: this.count,
      minimum: this.minimum,
      mean: this.mean,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      maximum: this.maximum,
    };
  }

  /** The histogram as a small object for JSON: only buckets that hold something. */
  serialise(): SerialisedHistogram {
    const buckets: number[] = [];
    for (let index = 0; index < this.counts.length; index++) {
      const count = this.counts[index]!;
      if (count > 0) buckets.push(index + this.first, count);
    }
    return { sum: this.sum, minimum: this.minimum, maximum: this.maximum, buckets };
  }

  /** The histogram of what `serialise` made; the error says what is wrong with the input. */
  static parse(input: unknown): Result<LatencyHistogram, string> {
    const parsed = serialised.safeParse(input);
    if (!parsed.success) return fail(`no histogram: ${parsed.error.issues[0]?.message ?? 'wrong shape'}`);
    const { sum, minimum, maximum, buckets } = parsed.data;
    if (buckets.length % 2 !== 0) return fail('no histogram: a bucket has no count');
    const histogram = new LatencyHistogram();
    const lowest = buckets[0] ?? 0;
    const highest = buckets[buckets.length - 2] ?? 0;
    if (highest >= bucketCount) return fail(`no histogram: there is no bucket ${highest}`);
    let before = -1;
    for (let index = 0; index < buckets.length; index += 2) {
      const bucket = buckets[index]!;
      const count = buckets[index + 1]!;
      if (bucket <= before) return fail(`no histogram: bucket ${bucket} is out of order`);
      if (count === 0) return fail(`no histogram: bucket ${bucket} is empty`);
      before = bucket;
      histogram.reserve(lowest, highest);
      histogram.counts[bucket - histogram.first] = count;
      histogram.count += count;
    }
    if (histogram.count === 0) return succeed(histogram);
    if (bucketOf(minimum) !== lowest || bucketOf(maximum) !== highest || minimum > maximum)
      return fail('no histogram: minimum and maximum are not in its outermost buckets');
    histogram.sum = sum;
    histogram.low = minimum;
    histogram.high = maximum;
    return succeed(histogram);
  }

  /** Makes room for the buckets from `lowest` to `highest`, by whole octaves. */
  private reserve(lowest: number, highest: number): void {
    const end = this.first + this.counts.length;
    if (this.counts.length > 0 && lowest >= this.first && highest < end) return;
    const from = Math.floor(lowest / subBuckets) * subBuckets;
    const until = (Math.floor(highest / subBuckets) + 1) * subBuckets;
    const first = this.counts.length === 0 ? from : Math.min(from, this.first);
    const counts = new Float64Array(Math.max(until, end) - first);
    counts.set(this.counts, this.counts.length === 0 ? 0 : this.first - first);
    this.counts = counts;
    this.first = first;
  }
}
