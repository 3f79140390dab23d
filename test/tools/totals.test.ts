import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addTotals, formatTotals, playwrightTotals, vitestTotals } from '../../tools/lib/totals.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'chimneysweep-totals-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const report = (content: unknown): string => {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

describe('the closing line', () => {
  it('names skipped tests only when there are any', () => {
    expect(formatTotals({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(formatTotals({ passed: 12, failed: 3, skipped: 4 })).toBe('12 passed, 3 failed, 4 skipped');
  });

  it('adds up both runners', () => {
    const sum = addTotals({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 });
    expect(sum).toEqual({ passed: 11, failed: 22, skipped: 33 });
  });
});

describe('Vitest', () => {
  const counts = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };

  it('counts tests', () => {
    const totals = vitestTotals(report({ ...counts, testResults: [] }));
    expect(totals).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it('counts a file that cannot be loaded as a failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}] },
      { status: 'passed', assertionResults: [{}] },
    ];
    expect(vitestTotals(report({ ...counts, testResults })).failed).toBe(2);
  });
});

describe('Playwright', () => {
  it('counts flaky tests and errors outside of tests as failures', () => {
    const stats = { expected: 7, unexpected: 1, flaky: 1, skipped: 2 };
    const totals = playwrightTotals(report({ stats, errors: [{}] }));
    expect(totals).toEqual({ passed: 7, failed: 3, skipped: 2 });
  });
});

describe('a runner that died', () => {
  it.each([
    ['wrote nothing', () => path.join(folder, 'missing.json')],
    ['wrote half a report', () => report('{"stats": ')],
  ])('%s: no tests ran', (_title, file) => {
    expect(vitestTotals(file())).toEqual({ passed: 0, failed: 0, skipped: 0 });
    expect(playwrightTotals(file())).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
