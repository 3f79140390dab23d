import path from 'node:path';
import { expect, it } from 'vitest';
import { TestTitles } from '../../harness/ddiCoverage/testTitles';

const titles = new TestTitles(path.resolve(import.meta.dirname, '../../..'));
const trees = 'test/conformance/trees.test.ts';

it('a title that the file spells is found', () => {
  expect(titles.has(trees, 'scenario many-connections')).toBe(true);
});

it('a title with values in it is found', () => {
  expect(titles.has(trees, 'trees in scenario first-sweep')).toBe(true);
});

it('a title that a file of the harness spells is found', () => {
  expect(titles.has(trees, 'TRM-002: nothing is terminated twice')).toBe(true);
});

it('other titles and other files are not found', () => {
  expect(titles.has(trees, 'a title of nobody')).toBe(false);
  expect(titles.has('test/conformance/nowhere.test.ts', 'scenario many-connections')).toBe(false);
});
