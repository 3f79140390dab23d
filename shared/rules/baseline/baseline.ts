/**
 * The file that says what of the rules a project lets pass, and why: suppressions with a reason each, other severities, and groups of rules
 * by a name. It is checked in beside the driver; docs/checking.md describes it.
 */
import { z } from 'zod';
import { fail, succeed, type Result } from '../../base/result';
import { ruleHeading, ruleIds, type RuleId, type RuleSeverity } from '../catalogue';
import type { Finding } from '../engine/finding';

/** Version of the file's layout. */
const baselineVersion = 1;

const suppression = z
  .strictObject({
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'a fingerprint has 16 hexadecimal digits')
      .optional(),
    rule: z.string().optional(),
    driver: z.string().optional(),
    reason: z.string().trim().min(1, 'say why it may pass'),
  })
  .refine(({ fingerprint, rule }) => fingerprint !== undefined || rule !== undefined, {
    message: 'name a fingerprint or a rule',
  });

const layout = z.strictObject({
  chimneysweepBaseline: z.literal(baselineVersion),
  suppress: z.array(suppression).default([]),
  severity: z.record(z.string(), z.enum(['error', 'warning', 'info', 'off'])).default({}),
  groups: z.record(z.string(), z.array(z.string())).default({}),
});

/** See the file's head. */
export type Baseline = z.infer<typeof layout>;

/** Nothing passes, and every rule has its own severity. */
export const emptyBaseline: Baseline = {
  chimneysweepBaseline: baselineVersion,
  suppress: [],
  severity: {},
  groups: {},
};

/** A finding with the severity that holds for it. */
export interface Judged {
  readonly finding: Finding;
  readonly severity: RuleSeverity;
}

/** What a baseline makes of findings. */
export interface BaselineVerdict {
  readonly standing: readonly Judged[];
  readonly suppressed: readonly {
    readonly rule: RuleId;
    readonly fingerprint: string;
    readonly reason: string;
    readonly count: number;
  }[];
  /** Positions of suppressions that nothing matched: candidates for removal. */
  readonly unused: readonly number[];
}

/** Reads the text of a baseline file; the error names the place. */
export function parseBaseline(text: string): Result<Baseline, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = layout.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(`${issue!.path.length === 0 ? 'the file' : issue!.path.join('.')}: ${issue!.message}`);
  }
  const { suppress, severity, groups } = parsed.data;
  const patterns = [
    ...suppress.flatMap(({ rule }, index) =>
      rule === undefined ? [] : [[`suppress.${index}.rule`, rule] as const],
    ),
    ...Object.keys(severity).map((rule) => [`severity`, rule] as const),
    ...Object.entries(groups).flatMap(([name, rules]) =>
      rules.map((rule) => [`groups.${name}`, rule] as const),
    ),
  ];
  for (const [place, pattern] of patterns)
    if (selectRules(pattern, groups).length === 0) return fail(`${place}: no rule is named ${pattern}`);
  return succeed(parsed.data);
}

/** Rules that a list of patterns means: ids, `SND-*`, names of areas, tiers as `tier:1`, names of groups; separated by commas, with `!` in front to leave out. */
export function selectRules(patterns: string, groups: Baseline['groups'] = {}): RuleId[] {
  const chosen = new Set<RuleId>();
  const parts = patterns
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts[0]?.startsWith('!') === true) for (const id of ruleIds) chosen.add(id);
  for (const part of parts) {
    const leavesOut = part.startsWith('!');
    for (const id of matching(leavesOut ? part.slice(1) : part, groups)) {
      if (leavesOut) chosen.delete(id);
      else chosen.add(id);
    }
  }
  return ruleIds.filter((id) => chosen.has(id));
}

function matching(pattern: string, groups: Baseline['groups']): RuleId[] {
  const group = groups[pattern];
  // A group that names a group would be looked for among the rules and areas only: no group can lead to itself.
  if (group !== undefined) return group.flatMap((inner) => matching(inner, {}));
  const tier = /^tier:([123])$/.exec(pattern)?.[1];
  if (tier !== undefined) return ruleIds.filter((id) => ruleHeading(id).tier === Number(tier));
  const expression = new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  );
  return ruleIds.filter((id) => expression.test(id) || ruleHeading(id).area === pattern);
}

/** Applies a baseline. `driverOf` names the driver at fault. */
export function judge(
  findings: readonly Finding[],
  baseline: Baseline,
  driverOf: (finding: Finding) => string | undefined,
): BaselineVerdict {
  const severities = new Map<RuleId, RuleSeverity | 'off'>();
  for (const [pattern, severity] of Object.entries(baseline.severity))
    for (const id of selectRules(pattern, baseline.groups)) severities.set(id, severity);
  const suppressions = baseline.suppress.map((entry) => ({
    ...entry,
    rules: entry.rule === undefined ? undefined : new Set(selectRules(entry.rule, baseline.groups)),
    used: false,
  }));
  const standing: Judged[] = [];
  const suppressed = new Map<string, { rule: RuleId; fingerprint: string; reason: string; count: number }>();
  for (const finding of findings) {
    const severity = severities.get(finding.rule) ?? finding.severity;
    if (severity === 'off') continue;
    const entry = suppressions.find(
      ({ fingerprint, rules, driver }) =>
        (fingerprint === undefined || fingerprint === finding.fingerprint) &&
        (rules?.has(finding.rule) ?? true) &&
        (driver === undefined || driver === driverOf(finding)),
    );
    if (entry === undefined) {
      standing.push({ finding, severity });
      continue;
    }
    entry.used = true;
    const known = suppressed.get(finding.fingerprint);
    if (known !== undefined) known.count++;
    else {
      const { rule, fingerprint } = finding;
      suppressed.set(fingerprint, { rule, fingerprint, reason: entry.reason, count: 1 });
    }
  }
  const unused = suppressions.flatMap(({ used }, index) => (used ? [] : [index]));
  return { standing, suppressed: [...suppressed.values()], unused };
}

/** A baseline that lets pass what stands in `verdict`, besides what it has let pass; each new entry with the same reason. */
export function extendBaseline(baseline: Baseline, standing: readonly Judged[], reason: string): Baseline {
  const known = new Set(baseline.suppress.map(({ fingerprint }) => fingerprint));
  const added = new Map(
    standing
      .filter(({ finding }) => !known.has(finding.fingerprint))
      .map(({ finding }) => [
        finding.fingerprint,
        { fingerprint: finding.fingerprint, rule: finding.rule, reason },
      ]),
  );
  return { ...baseline, suppress: [...baseline.suppress, ...added.values()] };
}
