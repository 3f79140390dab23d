import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorExtent, layoutTicks, niceStep, overlaps } from '../../../renderer/timeline/ticks';

const plain = (text: string): string => text.replace(/\u2009/g, '').replace(/\u00a0/g, ' ');

test('steps are 1, 2 or 5 times a power of ten and never too short', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), (shortest) => {
      const step = niceStep(shortest);
      expect(step).toBeGreaterThanOrEqual(shortest * 0.999_99);
      expect(step).toBeLessThanOrEqual(shortest * 2.6);
      expect(['1', '2', '5']).toContain(step.toExponential(0)[0]);
    }),
  );
});

test('labels carry the unit that suits the step, and none stands before the start', () => {
  const labels = layoutTicks({ from: -20_000, until: 1_020_000 }, 1000)
    .map((tick) => plain(tick.label))
    .filter((label) => label !== '');
  expect(labels).toEqual(['0 µs', '200 µs', '400 µs', '600 µs', '800 µs', '1000 µs']);
});

test('labels are far enough apart at any zoom', () => {
  fc.assert(
    fc.property(fc.double({ min: 20, max: 1e11, noNaN: true }), (span) => {
      const labelled = layoutTicks({ from: 0, until: span }, 1200, 100).filter((tick) => tick.label !== '');
      expect(labelled.length).toBeLessThanOrEqual(13);
    }),
  );
});

test('the cursor label stays inside the ruler and is gone with its cursor', () => {
  expect(cursorExtent(500, 80, 1000)).toEqual({ left: 460, right: 540 });
  expect(cursorExtent(3, 80, 1000)).toEqual({ left: 0, right: 80 });
  expect(cursorExtent(999, 80, 1000)).toEqual({ left: 920, right: 1000 });
  expect(cursorExtent(-20, 80, 1000)).toBeUndefined();
  expect(cursorExtent(1020, 80, 1000)).toBeUndefined();
});

test('a tick label gives way to the label of the cursor, however little of it is covered', () => {
  const taken = { left: 460, right: 540 };
  expect(overlaps({ left: 430, right: 461 }, taken)).toBe(true);
  expect(overlaps({ left: 480, right: 500 }, taken)).toBe(true);
  expect(overlaps({ left: 538, right: 570 }, taken)).toBe(true);
  expect(overlaps({ left: 400, right: 440 }, taken)).toBe(false);
  expect(overlaps({ left: 560, right: 590 }, taken)).toBe(false);
  expect(overlaps({ left: 480, right: 500 }, undefined)).toBe(false);
});
