import { readFileSync } from 'node:fs';

/**
 * How many tests passed, failed and were skipped.
 *
 * @typedef {Readonly<{ passed: number, failed: number, skipped: number }>} Totals
 */

/** @type {Totals} */
export const noTotals = Object.freeze({ passed: 0, failed: 0, skipped: 0 });

/**
 * @param {Totals} a
 * @param {Totals} b
 * @returns {Totals}
 */
export const addTotals = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/**
 * The closing line that people and CI read.
 *
 * @param {Totals} totals
 * @returns {string}
 */
export const formatTotals = ({ passed, failed, skipped }) =>
  `${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`;

/**
 * @param {string} file
 * @returns {unknown} undefined when the runner ended before it wrote its report
 */
const readReport = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/**
 * @param {string} file report of Vitest's JSON reporter
 * @returns {Totals} a test file that could not be loaded counts as one failure
 */
export const vitestTotals = (file) => {
  /**
   * @typedef {object} Report
   * @property {number} numPassedTests
   * @property {number} numFailedTests
   * @property {number} numPendingTests
   * @property {number} numTodoTests
   * @property {{ status: string, assertionResults: unknown[] }[]} testResults
   */
  const report = /** @type {Report | undefined} */ (readReport(file));
  if (report === undefined) return noTotals;
  const notLoaded = report.testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + notLoaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
};

/**
 * @param {string} file report of Playwright's JSON reporter
 * @returns {Totals} an error outside of any test counts as one failure
 */
export const playwrightTotals = (file) => {
  /**
   * @typedef {object} Report
   * @property {{ expected: number, unexpected: number, flaky: number, skipped: number }} stats
   * @property {unknown[]} errors
   */
  const report = /** @type {Report | undefined} */ (readReport(file));
  if (report === undefined) return noTotals;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected, failed: unexpected + flaky + report.errors.length, skipped };
};
