import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnTemplate, fittingColumns } from '../../../../renderer/views/calls/callColumns';

/** Width of a template's fixed and least widths with the gaps and margins of the style sheet. */
function leastWidth(template: string): number {
  const widths = Array.from(template.matchAll(/(?:minmax\()?(\d+)px/g), (match) => Number(match[1]));
  return widths.reduce((sum, width) => sum + width, 0) + (widths.length - 1) * 10 + 28;
}

test('the columns never need more than there is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 160, max: 2400 }), (width) => {
      expect(leastWidth(columnTemplate(fittingColumns(width)))).toBeLessThanOrEqual(width);
    }),
  );
});

test('a wide table has all columns, a narrow one the telling ones', () => {
  expect(fittingColumns(1200).size).toBe(9);
  // The table of a window of 1280 px.
  expect([...fittingColumns(840)].sort()).toEqual([
    'duration',
    'from',
    'function',
    'latency',
    'status',
    'time',
  ]);
  expect([...fittingColumns(100)].sort()).toEqual(['function', 'time']);
});

test('more room never takes a column away', () => {
  for (let width = 100; width < 1300; width++) {
    const wider = fittingColumns(width + 1);
    for (const id of fittingColumns(width)) expect(wider.has(id)).toBe(true);
  }
});
