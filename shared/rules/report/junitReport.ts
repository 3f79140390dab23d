/** A check report as JUnit XML: a test case for each rule, which fails if it was broken, and is skipped if it had nothing to look at. */
import { markup, type Markup } from '../../export/markup';
import { ruleHeading, type RuleId } from '../catalogue';
import type { CheckReport, ReportedFinding } from './checkReport';

function detailOf(finding: ReportedFinding): string {
  const { found, expected, evidence, clause, fingerprint } = finding;
  return [
    `found: ${found}`,
    `expected: ${expected}`,
    ...evidence.map(({ event, time, text }) => `event ${event} at ${time} ns: ${text}`),
    clause,
    `fingerprint ${fingerprint}`,
  ].join('\n');
}

function caseOf(
  id: RuleId,
  findings: readonly ReportedFinding[],
  isIdle: boolean,
  failure: string | undefined,
): Markup {
  const { title, area } = ruleHeading(id);
  const failures = findings.map(
    (finding) =>
      markup`<failure type="${finding.severity}" message="${finding.found}">${detailOf(finding)}</failure>`,
  );
  const error = failure === undefined ? markup`` : markup`<error message="${failure}"/>`;
  const skipped = isIdle ? markup`<skipped message="the trace has nothing for it to look at"/>` : markup``;
  return markup`<testcase classname="${area}" name="${id} ${title}">${failures}${error}${skipped}</testcase>
`;
}

/** See the file's head. `rules` are those that were asked for. */
export function junitReport(report: CheckReport, rules: readonly RuleId[]): string {
  const { findings, coverage, subject } = report;
  const idle = new Set(coverage.idle);
  const failed = new Map(coverage.failed.map(({ rule, message }) => [rule, message]));
  const byRule = new Map<RuleId, ReportedFinding[]>();
  for (const finding of findings) {
    const list = byRule.get(finding.rule);
    if (list === undefined) byRule.set(finding.rule, [finding]);
    else list.push(finding);
  }
  // What whoever recorded has found itself is there whichever rules were asked for.
  const all = [...rules, ...[...byRule.keys()].filter((id) => !rules.includes(id))];
  const cases = all.map((id) => caseOf(id, byRule.get(id) ?? [], idle.has(id), failed.get(id)));
  const suite = markup`<testsuite name="${subject}" tests="${all.length}" failures="${byRule.size}" errors="${failed.size}" skipped="${idle.size}">
${cases}</testsuite>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suite.html}\n</testsuites>\n`;
}
