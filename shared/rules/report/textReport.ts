/** A check report for a terminal. */
import type { CheckReport, ReportedFinding } from './checkReport';

/** Findings that are written out; the rest is counted by rule. */
const mostFindings = 200;

/** Longest line of prose. */
const width = 100;

function milliseconds(time: number): string {
  return `${(time / 1e6).toFixed(6)} ms`;
}

function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = '';
    }
    line += (line === '' ? '' : ' ') + word;
  }
  return [...lines, indent + line].join('\n');
}

function findingText(finding: ReportedFinding, run: CheckReport['run']): string {
  const { rule, title, severity, driver, found, expected, clause, source, legal, evidence, object } = finding;
  const lines = [
    `${severity} ${rule}  ${title}${driver === null ? '' : `  [${driver}]`}`,
    wrapped(`found: ${found}`, '  '),
    wrapped(`expected: ${expected}`, '  '),
    ...evidence.map(({ event, time, text }) => `  event ${event} at ${milliseconds(time)}: ${text}`),
    ...(object === null ? [] : [`  object: ${object.label} (${object.layer}), owner ${object.owner}`]),
    wrapped(clause, '  | '),
    ...(legal === null ? [] : [wrapped(`legal: ${legal}`, '  | ')]),
    `  | ${source.join(', ')}`,
    `  see it again: scenario ${run.scenario}, seed ${run.seed}, ${milliseconds(finding.time)}; fingerprint ${finding.fingerprint}`,
  ];
  return lines.join('\n');
}

/** See the file's head. */
export function textReport(report: CheckReport): string {
  const { findings, suppressed, counts, coverage, run, subject } = report;
  const shown = findings.slice(0, mostFindings);
  const parts = shown.map((finding) => findingText(finding, run));
  if (findings.length > shown.length) {
    const rest = new Map<string, number>();
    for (const { rule } of findings.slice(mostFindings)) rest.set(rule, (rest.get(rule) ?? 0) + 1);
    const list = [...rest].map(([rule, count]) => `${count} of ${rule}`).join(', ');
    parts.push(`${findings.length - shown.length} more are left out here: ${list}. --format json has them.`);
  }
  for (const { rule, reason, count } of suppressed)
    parts.push(`passed by the baseline: ${count} of ${rule} (${reason})`);
  for (const { rule, message } of coverage.failed)
    parts.push(`${rule} could not be checked to the end, which is a defect of chimneysweep: ${message}`);
  parts.push(
    `${subject}: ${counts.error} errors, ${counts.warning} warnings, ${counts.info} hints; ` +
      `${coverage.looked} of ${coverage.rules} rules had something to look at, ${coverage.looks} cases.`,
  );
  return `${parts.join('\n\n')}\n`;
}
