import { expect, test } from 'vitest';
import { formatPercent, hostCpuOf } from '../../../renderer/views/throughput/hostCpuData';
import { wholeTrace } from '../../../renderer/timeline/viewport';
import { defaultHostCost } from '../../../shared/analysis/hostCostModel';
import { recordScenario } from '../../harness/recordScenario';

const { model } = recordScenario('transfer', { fileBytes: 400_000, loss: 0 });
const whole = wholeTrace(model.store!.lastTime);

test('the bins of the chart add up to the cycles of the trace', () => {
  const data = hostCpuOf(model, whole, 200);
  const cycles = model.hostCost.cycles(defaultHostCost);
  const sum = (percent: readonly number[]): number =>
    percent
      .slice(0, -1)
      .reduce((total, part) => total + ((part / 100) * data.binWidth * defaultHostCost.clockHz) / 1e9, 0);
  expect(sum(data.percent.hostPath) / cycles.hostPath).toBeCloseTo(1, 6);
  expect(sum(data.percent.chimney) / cycles.chimney).toBeCloseTo(1, 6);
  expect(data.times).toHaveLength(data.percent.hostPath.length);
});

test('the bins stay in place while panning', () => {
  const data = hostCpuOf(model, whole, 200);
  const shifted = hostCpuOf(model, { from: whole.from + 100_000, until: whole.until + 100_000 }, 200);
  expect(shifted.binWidth).toBe(data.binWidth);
  expect(shifted.times.every((time) => time % data.binWidth === 0)).toBe(true);
});

test('the numbers are those of the header', () => {
  expect(hostCpuOf(model, whole, 50).settings).toEqual(defaultHostCost);
});

test('shares are written with as many digits as they deserve', () => {
  expect([0, 0.123, 4.56, 45.6, 123.4].map(formatPercent)).toEqual([
    '0 %',
    '0.12 %',
    '4.6 %',
    '46 %',
    '123 %',
  ]);
});
