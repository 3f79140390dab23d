import { expect, test } from 'vitest';
import { showNodes } from '../../../renderer/views/state/stateFindings';
import type { StateNode } from '../../../renderer/views/state/stateRows';
import { countsInWords } from '../../../renderer/widgets/findingCounts';

function node(object: number, depth: number): StateNode {
  return { object, depth, layer: 'tcp', label: '', owner: 'host', ownedSince: undefined, groups: [] };
}

/** Neighbor 0 with path 1 and its connections 2 and 3, then neighbor 4. */
const tree = [node(0, 0), node(1, 1), node(2, 2), node(3, 2), node(4, 0)];
const countsOf = (object: number): { error: number; warning: number; info: number } => ({
  error: object === 2 ? 2 : 0,
  warning: object === 3 || object === 4 ? 1 : 0,
  info: object === 1 ? 1 : 0,
});

test('an open object tells of its own findings only', () => {
  const shown = showNodes(tree, () => false, countsOf);
  expect(shown.map(({ node: { object } }) => object)).toEqual([0, 1, 2, 3, 4]);
  expect(shown.map(({ told }) => countsInWords(told))).toEqual([
    '',
    '1\u00a0hint',
    '2\u00a0errors',
    '1\u00a0warning',
    '1\u00a0warning',
  ]);
});

test('a closed object hides what depends on it and tells of its findings too', () => {
  const shown = showNodes(tree, (object) => object === 1, countsOf);
  expect(shown.map(({ node: { object } }) => object)).toEqual([0, 1, 4]);
  expect(shown[1]!.told).toEqual({ error: 2, warning: 1, info: 1 });
  expect(shown[1]!.own).toEqual({ error: 0, warning: 0, info: 1 });
  expect(countsInWords(shown[1]!.told)).toBe('2\u00a0errors, 1\u00a0warning, 1\u00a0hint');
  const outermost = showNodes(tree, (object) => object < 2, countsOf);
  expect(outermost.map(({ node: { object } }) => object)).toEqual([0, 4]);
  expect(outermost[0]!.told).toEqual({ error: 2, warning: 1, info: 1 });
});
