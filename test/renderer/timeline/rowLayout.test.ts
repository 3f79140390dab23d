import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastStartingBy, layoutMarks, layoutRow, type RowSource } from '../../../renderer/timeline/rowLayout';

/** Items from gaps and lengths: in order and without overlap, as rows promise. */
function makeRow(items: readonly (readonly [gap: number, length: number, category: number])[]): RowSource {
  const starts: number[] = [];
  const ends: number[] = [];
  let time = 0;
  for (const [gap, length] of items) {
    starts.push((time += gap));
    ends.push((time += length));
  }
  return {
    length: items.length,
    start: (index) => starts[index]!,
    end: (index) => ends[index]!,
    category: (index) => items[index]![2],
  };
}

const anyRow = fc.array(fc.tuple(fc.nat(1000), fc.nat(3000), fc.nat(3)), { maxLength: 300 }).map(makeRow);

test('every item that is visible stands in exactly one bar, in order', () => {
  fc.assert(
    fc.property(anyRow, fc.nat(200_000), fc.integer({ min: 100, max: 400_000 }), (row, from, span) => {
      const range = { from, until: from + span };
      const bars = layoutRow(row, range, 400, 3);
      let next = -1;
      for (const bar of bars) {
        if (next >= 0) expect(bar.first).toBe(next);
        next = bar.first + bar.count;
      }
      for (let index = 0; index < row.length; index++) {
        if (row.start(index) < range.from || row.start(index) > range.until) continue;
        const holders = bars.filter((bar) => index >= bar.first && index < bar.first + bar.count);
        expect(holders).toHaveLength(1);
      }
    }),
  );
});

test('a bar covers the pixels of the items it stands for', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const range = { from: 0, until: 100_000 };
      const scale = 400 / 100_000;
      for (const bar of layoutRow(row, range, 400, 3)) {
        expect(bar.width).toBeGreaterThanOrEqual(3);
        const first = row.start(bar.first) * scale;
        expect(bar.x).toBeLessThanOrEqual(first + 1e-6);
        expect(bar.x + bar.width).toBeGreaterThanOrEqual(first);
      }
    }),
  );
});

test('the number of bars depends on the pixels, not on the items', () => {
  const row = makeRow(Array.from({ length: 100_000 }, (_, index) => [1, 1, index % 5] as const));
  const bars = layoutRow(row, { from: 0, until: 200_000 }, 900, 3);
  expect(bars.length).toBeLessThanOrEqual(301);
  expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(100_000);
});

test('a long item that began before the view reaches into it', () => {
  const row = makeRow([
    [0, 10_000, 1],
    [10, 5, 2],
  ]);
  const [bar] = layoutRow(row, { from: 5000, until: 9000 }, 400, 3);
  expect(bar).toMatchObject({ first: 0, count: 1, category: 1 });
  expect(bar!.x + bar!.width).toBeGreaterThanOrEqual(400);
});

test('the strongest category among the first of a crowd wins', () => {
  const row = makeRow([
    [0, 1, 3],
    [0, 1, 1],
    [0, 1, 3],
  ]);
  expect(layoutRow(row, { from: 0, until: 100_000 }, 100, 3)).toEqual([
    { x: 0, width: 3, category: 1, first: 0, count: 3 },
  ]);
});

test('the last item at or before a time is found', () => {
  const row = makeRow([
    [10, 5, 0],
    [10, 5, 0],
  ]);
  expect(lastStartingBy(row, 9)).toBe(-1);
  expect(lastStartingBy(row, 10)).toBe(0);
  expect(lastStartingBy(row, 1000)).toBe(1);
});

test('marks keep their distance and never vanish altogether', () => {
  const row = makeRow(Array.from({ length: 10_000 }, () => [5, 5, 0] as const));
  const positions = Array.from({ length: 1000 }, (_, index) => index * 10);
  const marks = layoutMarks(row, positions, { from: 0, until: 100_000 }, 500, 9);
  expect(marks.length).toBeGreaterThan(40);
  for (let index = 1; index < marks.length; index++)
    expect(marks[index]! - marks[index - 1]!).toBeGreaterThanOrEqual(9 - 1e-6);
  expect(layoutMarks(row, [5000], { from: 0, until: 100_000 }, 500, 9)).toHaveLength(1);
});
