import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { coverableItems, coverageKinds } from '../../../shared/analysis/ddiItems';
import { claimsFor, mostTestsNamed } from '../../../shared/analysis/ddiTestClaims';
import { ddiTests } from '../../../shared/analysis/generated/ddiTests';
import { TestTitles } from '../../harness/ddiCoverage/testTitles';

const titles = new TestTitles(path.resolve(import.meta.dirname, '../../..'));

describe('the tests that are named for parts of the DDI', () => {
  it('belong to things that can be covered', () => {
    for (const kind of coverageKinds) {
      const names = coverableItems.filter((item) => item.kind === kind).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(Object.keys(ddiTests[kind])));
    }
  });

  it('are one to three, each once', () => {
    for (const item of coverableItems.filter(({ kind, name }) => Object.hasOwn(ddiTests[kind], name))) {
      const claims = claimsFor(ddiTests, item);
      expect(claims.length).toBeGreaterThanOrEqual(1);
      expect(claims.length).toBeLessThanOrEqual(mostTestsNamed);
      expect(new Set(claims.map((claim) => JSON.stringify(claim))).size).toBe(claims.length);
    }
  });

  it('exist: each title can be found in the file', () => {
    const claims = coverableItems.flatMap((item) => claimsFor(ddiTests, item));
    expect(claims.length).toBeGreaterThan(0);
    const lost = claims.filter(({ file, titles: all }) => !all.every((title) => titles.has(file, title)));
    expect(lost).toEqual([]);
  });
});
