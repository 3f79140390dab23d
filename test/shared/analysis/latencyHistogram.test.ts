import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram, latencyRelativeError } from '../../../shared/analysis/latencyHistogram';
import { property } from '../../harness/property';

function histogramOf(durations: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const duration of durations) histogram.record(duration);
  return histogram;
}

/** The nearest rank in all of them. */
function exactPercentile(durations: readonly number[], percent: number): number {
  const sorted = [...durations].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil((percent / 100) * sorted.length))) - 1]!;
}

const duration = fc.oneof(
  fc.nat({ max: 200 }),
  fc.nat({ max: 5_000_000 }),
  fc.integer({ min: 2 ** 31 - 5, max: 2 ** 33 }),
  fc.maxSafeNat(),
);
const durations = fc.array(duration, { minLength: 1, maxLength: 200 });

describe('a latency histogram', () => {
  it('answers every percentile with at most its relative error', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 100, noNaN: true }), (all, percent) => {
        const exact = exactPercentile(all, percent);
        const answer = histogramOf(all).percentile(percent);
        expect(Math.abs(answer - exact)).toBeLessThanOrEqual(exact * latencyRelativeError);
      }),
      property(500),
    );
  });

  it('knows count, shortest and longest exactly, and values below 64 ns each', () => {
    fc.assert(
      fc.property(durations, (all) => {
        const { count, minimum, maximum } = histogramOf(all).summary();
        expect({ count, minimum, maximum }).toEqual({
          count: all.length,
          minimum: all.reduce((least, one) => Math.min(least, one)),
          maximum: all.reduce((most, one) => Math.max(most, one)),
        });
      }),
      property(),
    );
    const small = histogramOf([1, 2, 3, 61, 62, 63]);
    expect([17, 34, 51, 67, 84].map((percent) => small.percentile(percent))).toEqual([2, 3, 61, 62, 63]);
  });

  it('merges two into the one that has seen both, in either order', () => {
    fc.assert(
      fc.property(durations, durations, (left, right) => {
        const whole = histogramOf([...left, ...right]);
        const forwards = histogramOf(left);
        forwards.merge(histogramOf(right));
        const backwards = histogramOf(right);
        backwards.merge(histogramOf(left));
        const { sum: _, ...expected } = whole.serialise();
        expect(forwards.serialise()).toMatchObject(expected);
        expect(backwards.serialise()).toMatchObject(expected);
      }),
      property(),
    );
  });

  it('merges an empty one without a change', () => {
    const histogram = histogramOf([5, 70_000]);
    histogram.merge(new LatencyHistogram());
    expect(histogram.serialise()).toEqual(histogramOf([5, 70_000]).serialise());
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 50 }), (all) => {
        const histogram = histogramOf(all);
        const back = LatencyHistogram.parse(JSON.parse(JSON.stringify(histogram.serialise())));
        expect(back.ok && back.value.serialise()).toEqual(histogram.serialise());
        expect(back.ok && back.value.count).toBe(all.length);
      }),
      property(),
    );
  });

  it.each([
    ['nothing', undefined],
    ['another shape', { buckets: 'none' }],
    ['half a bucket', { sum: 1, minimum: 1, maximum: 1, buckets: [1] }],
    ['a bucket beyond the last', { sum: 1, minimum: 1, maximum: 1, buckets: [1, 1, 1e9, 1] }],
    ['buckets out of order', { sum: 3, minimum: 1, maximum: 2, buckets: [2, 1, 1, 1, 2, 1] }],
    ['an empty bucket', { sum: 3, minimum: 1, maximum: 2, buckets: [1, 0, 2, 1] }],
    ['a minimum elsewhere', { sum: 3, minimum: 9, maximum: 2, buckets: [1, 1, 2, 1] }],
    ['a negative count', { sum: 3, minimum: 1, maximum: 2, buckets: [1, -1, 2, 1] }],
  ])('refuses %s from JSON with a sentence', (_, input) => {
    const parsed = LatencyHistogram.parse(input);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.error).toMatch(/^no histogram: /);
  });

  it.each([-1, Number.NaN, Infinity, 2 ** 53])('takes no %d ns', (value) => {
    expect(() => histogramOf([value])).toThrow(RangeError);
  });
});
