import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutTicks, niceStep } from '../../../renderer/timeline/ticks';

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
