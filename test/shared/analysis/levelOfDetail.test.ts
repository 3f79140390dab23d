import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmountSeries, LevelSeries, seriesBins } from '../../../shared/analysis/levelOfDetail';
import { analyseTrace } from '../../harness/analyseTrace';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';

const time = fc.oneof(fc.nat({ max: 20_000_000 }), fc.nat({ max: 2 ** 40 }));
const amounts = fc.array(fc.tuple(time, fc.nat({ max: 65_536 })), { minLength: 1, maxLength: 60 });

describe('a series of amounts', () => {
  it('keeps every amount however often its bins have doubled, in any order of arrival', () => {
    fc.assert(
      fc.property(amounts, (added) => {
        const forwards = new AmountSeries();
        const backwards = new AmountSeries();
        for (const [at, amount] of added) forwards.add(at, amount);
        for (const [at, amount] of [...added].reverse()) backwards.add(at, amount);
        const end = forwards.binWidth * seriesBins;
        const view = forwards.view(0, end, seriesBins);
        expect(
          Buffer.from(backwards.view(0, end, seriesBins).value.buffer).equals(Buffer.from(view.value.buffer)),
        ).toBe(true);
        const expected = new Map<number, number>();
        for (const [at, amount] of added) {
          const bin = Math.floor(at / forwards.binWidth);
          expected.set(bin, (expected.get(bin) ?? 0) + amount);
        }
        for (const [bin, sum] of expected) expect(view.value[bin]).toBe(sum);
        expect(view.value.reduce((sum, one) => sum + one, 0)).toBe(forwards.total);
      }),
      property(40),
    );
  });

  it('shows the sum of each slot, and the most of a bin in it', () => {
    const series = new AmountSeries();
    series.add(0, 5);
    series.add(1024, 7);
    series.add(5000, 9);
    const view = series.view(0, 8192, 2);
    expect([...view.value]).toEqual([12, 9]);
    expect([...view.maximum]).toEqual([7, 9]);
  });

  it('spreads a bin evenly over slots that are narrower', () => {
    const series = new AmountSeries();
    series.add(100, 8);
    expect([...series.view(0, 1024, 4).value]).toEqual([2, 2, 2, 2]);
  });
});

describe('a series of a level', () => {
  it('has in each slot the mean over time, and the extremes', () => {
    const series = new LevelSeries();
    series.set(0, 2);
    series.set(1024, 6);
    series.set(3072, 0);
    const view = series.view(0, 4096, 2);
    expect([...view.value]).toEqual([4, 3]);
    expect([...view.maximum]).toEqual([6, 6]);
    expect([...view.minimum]).toEqual([2, 0]);
  });

  it('has the same area however often its bins have doubled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 ** 30 }), fc.nat({ max: 100 })), { minLength: 1 }),
        (steps) => {
          const series = new LevelSeries();
          const sorted = [...steps].sort(([left], [right]) => left - right);
          let area = 0;
          sorted.forEach(([at, value], index) => {
            series.set(at, value);
            area += value * ((sorted[index + 1]?.[0] ?? 2 ** 30 + 1024) - at);
          });
          const view = series.view(0, 2 ** 30 + 1024, 1);
          expect(view.value[0]! * view.slotWidth).toBeCloseTo(area, -6);
          expect(view.maximum[0]).toBe(series.largest);
        },
      ),
      property(40),
    );
  });

  it('takes no step back in time', () => {
    const series = new LevelSeries();
    series.set(10, 1);
    expect(() => {
      series.set(9, 1);
    }).toThrow(RangeError);
  });
});

describe('the series of a run', () => {
  const run = recordScenario('first-sweep', { seed: 2, loss: 0.01 });
  const { analysis, store } = analyseTrace(run.bytes);

  it('add up to the new bytes of each path', () => {
    for (const path of ['host', 'chimney', 'peer'] as const)
      expect(analysis.series.newBytes[path].total).toBe(run.model.frames.totals[path].newBytes);
  });

  it('have as many requests in flight as are pending, and none at the end but receives that are left', () => {
    const { requestsInFlight, pendingReceives, postedSendBytes } = analysis.series;
    expect(postedSendBytes.value).toBe(0);
    expect(postedSendBytes.largest).toBeGreaterThan(12_288);
    expect(pendingReceives.largest).toBeGreaterThan(1);
    const sends = analysis.handlers.sums.find(({ functionName }) => functionName === 'NdisOffloadTcpSend');
    expect(requestsInFlight.largest).toBeGreaterThanOrEqual(sends!.mostInFlight);
    expect(requestsInFlight.value).toBe(pendingReceives.value);
    expect(requestsInFlight.view(0, store.lastTime, 100).maximum.some((most) => most > 1)).toBe(true);
  });
});
