import { describe, expect, it } from 'vitest';
import { EncodingMeter } from '../../../shared/trace/encodingMeter';

/** A clock that a test sets; reading it takes 60 ns, as it does in Node. */
function handClock(): { now: number; readonly read: () => number } {
  const clock = { now: 0, read: () => (clock.now += 60e-6) };
  return clock;
}

/** Lets a meter see records that take so long each, ms, as an encoder would. */
function writeRows(
  meter: EncodingMeter,
  clock: { now: number },
  rows: number,
  cost: (row: number) => number,
): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    if (--meter.recordsUntilSample === 0) meter.beginRow();
    const time = cost(row);
    clock.now += time;
    sum += time;
    if (meter.isTiming) meter.endRow();
    meter.isTiming = false;
  }
  return sum;
}

describe('the meter of an encoder', () => {
  it.each([
    ['that all take the same time', () => 300e-6],
    ['that follow a rhythm of 256', (row: number) => (row % 256 < 32 ? 2000e-6 : 100e-6)],
    ['that follow a rhythm of 2', (row: number) => (row % 2 === 0 ? 100e-6 : 900e-6)],
    ['that become cheaper', (row: number) => (row < 2000 ? 4000e-6 : 200e-6)],
  ])('finds the time of 200,000 records %s within 8 %, by 1,500 samples at most', (_what, cost) => {
    const clock = handClock();
    const meter = new EncodingMeter(clock.read);
    const spent = writeRows(meter, clock, 200_000, cost);
    expect(Math.abs(meter.milliseconds(200_000) / spent - 1)).toBeLessThan(0.08);
    expect(meter.sampleCount).toBeLessThan(1500);
  });

  it('has samples of a run of 500 records already', () => {
    const clock = handClock();
    const meter = new EncodingMeter(clock.read);
    const spent = writeRows(meter, clock, 500, () => 500e-6);
    expect(meter.milliseconds(500)).toBeCloseTo(spent, 6);
  });

  it('counts a record that was interrupted once, and not for all that it stands for', () => {
    const clock = handClock();
    const meter = new EncodingMeter(clock.read);
    let interruption = 0;
    writeRows(meter, clock, 100_000, () => {
      if (!meter.isTiming || meter.sampleCount !== 300 || interruption > 0) return 200e-6;
      interruption = 50;
      return interruption;
    });
    expect(interruption).toBe(50);
    expect(meter.milliseconds(100_000)).toBeGreaterThan(69.9);
    expect(meter.milliseconds(100_000)).toBeLessThan(70.2);
  });

  it('times work within work once, and records within work as part of it', () => {
    const clock = handClock();
    const meter = new EncodingMeter(clock.read);
    meter.beginWork();
    writeRows(meter, clock, 1000, () => 0.01);
    meter.beginWork();
    meter.beginSink();
    clock.now += 5;
    meter.endSink();
    meter.endWork();
    meter.endWork();
    expect(meter.milliseconds(1000)).toBeCloseTo(15, 2);
    expect(meter.sinkMilliseconds).toBeCloseTo(5, 2);
    expect(meter.sampleCount).toBe(0);
  });
});
