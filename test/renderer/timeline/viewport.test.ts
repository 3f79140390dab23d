import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clampRange,
  fitStretch,
  narrowestSpan,
  panBy,
  pixelOf,
  reveal,
  timeAt,
  wholeTrace,
  zoomAround,
} from '../../../renderer/timeline/viewport';

const lastTime = 1_000_000;
const anyRange = fc
  .record({
    from: fc.double({ min: -1e7, max: 1e7, noNaN: true }),
    span: fc.double({ min: 1, max: 1e7, noNaN: true }),
  })
  .map(({ from, span }) => ({ from, until: from + span }));

test('however it is moved, the view stays inside the trace and wide enough', () => {
  fc.assert(
    fc.property(anyRange, fc.double({ min: 0.001, max: 1000, noNaN: true }), (range, factor) => {
      const whole = wholeTrace(lastTime);
      for (const moved of [
        clampRange(range, lastTime),
        zoomAround(range, (range.from + range.until) / 2, factor, lastTime),
        panBy(range, factor, lastTime),
      ]) {
        expect(moved.from).toBeGreaterThanOrEqual(whole.from - 1e-6);
        expect(moved.until).toBeLessThanOrEqual(whole.until + 1e-6);
        expect(moved.until - moved.from).toBeGreaterThanOrEqual(narrowestSpan - 1e-6);
      }
    }),
  );
});

test('zooming leaves the time under the pointer where it is', () => {
  const range = { from: 200_000, until: 400_000 };
  const anchor = timeAt(range, 1000, 250);
  const zoomed = zoomAround(range, anchor, 0.5, lastTime);
  expect(pixelOf(zoomed, 1000, anchor)).toBeCloseTo(250, 6);
  expect(zoomed.until - zoomed.from).toBeCloseTo(100_000, 6);
});

test('what is visible is revealed by not moving; what is not comes into view at the same zoom', () => {
  const range = { from: 100_000, until: 200_000 };
  expect(reveal(range, 150_000, 151_000, lastTime)).toBe(range);
  const moved = reveal(range, 700_000, 700_500, lastTime);
  expect(moved.from).toBeLessThan(700_000);
  expect(moved.until).toBeGreaterThan(700_500);
  expect(moved.until - moved.from).toBeCloseTo(100_000, 6);
});

test('fitting a stretch gives it the middle half; an instant gets a neighbourhood', () => {
  expect(fitStretch(400_000, 500_000, 2000, lastTime)).toEqual({ from: 350_000, until: 550_000 });
  const instant = fitStretch(400_000, 400_000, 2000, lastTime);
  expect(instant).toEqual({ from: 398_000, until: 402_000 });
});
