/** Findings in groups: by the rule, by the object, or by the driver at fault. */
import { ruleHeading, type RuleSeverity } from '../../../shared/rules/catalogue';
import type { Finding } from '../../../shared/rules/engine/finding';
import { noCounts, severities, type SeverityCounts } from '../../stores/sortedFindings';
import type { TraceStore } from '../../../shared/trace/traceStore';

/** How findings may be grouped. */
export const groupings = ['rule', 'object', 'driver'] as const;

/** See {@link groupings}. */
export type Grouping = (typeof groupings)[number];

/** Findings that belong together. */
export interface FindingGroup {
  readonly key: string;
  readonly title: string;
  readonly severity: RuleSeverity;
  readonly findings: readonly Finding[];
}

/** Words for severities. */
export const severityNames: Readonly<Record<RuleSeverity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'hint',
};

function keyOf(store: TraceStore, finding: Finding, grouping: Grouping): string {
  switch (grouping) {
    case 'rule':
      return finding.rule;
    case 'object':
      return finding.object === undefined
        ? 'no state object'
        : (store.stateObjects[finding.object]?.label ?? `state object ${finding.object}`);
    case 'driver':
      return finding.component === undefined
        ? 'no driver'
        : (store.components[finding.component]?.name ?? `component ${finding.component}`);
  }
}

function titleOf(key: string, [first]: readonly Finding[], grouping: Grouping): string {
  return grouping === 'rule' && first !== undefined ? `${key} ${ruleHeading(first.rule).title}` : key;
}

/** Groups, the gravest first, and then the one that began first. */
export function groupFindings(
  store: TraceStore,
  findings: readonly Finding[],
  grouping: Grouping,
): FindingGroup[] {
  const byKey = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = keyOf(store, finding, grouping);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [finding]);
    else group.push(finding);
  }
  const groups = [...byKey].map(([key, members]): FindingGroup => {
    const severity = severities.find((one) => members.some((finding) => finding.severity === one))!;
    return { key, title: titleOf(key, members, grouping), severity, findings: members };
  });
  return groups.sort(
    (left, right) =>
      severities.indexOf(left.severity) - severities.indexOf(right.severity) ||
      left.findings[0]!.time - right.findings[0]!.time,
  );
}

/** Number of findings of each severity. */
export function countBySeverity(findings: readonly Finding[]): SeverityCounts {
  const counts = noCounts();
  for (const { severity } of findings) counts[severity]++;
  return counts;
}
