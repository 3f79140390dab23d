/** Options of a check, wherever one is made: in `check`, and beside a recording. */
import { Option } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import type { LatencyBudget } from '../../shared/analysis/latencyBudget';
import { fail, succeed, type Result } from '../../shared/base/result';
import {
  emptyBaseline,
  parseBaseline,
  selectRules,
  type Baseline,
} from '../../shared/rules/baseline/baseline';
import type { RuleId, RuleSeverity } from '../../shared/rules/catalogue';
import { implementationOf, implementedRules } from '../../shared/rules/rules';
import { fileProblem } from '../files/fileProblem';
import type { CheckAnswer, CheckTask } from './checkWork';

/** Severities that let a check fail, the gravest first. */
const failLevels = ['error', 'warning', 'info', 'never'] as const;

/** From which severity on a check fails. */
export type FailLevel = (typeof failLevels)[number];

/** The options themselves, for every verb anew. */
export const checkOptions = {
  rules: () =>
    new Option(
      '--rules <patterns>',
      'only these: ids, SND-*, areas, tier:1, groups of the baseline; !X leaves out',
    ),
  baseline: () =>
    new Option('--baseline <file>', 'what may pass, with reasons; severities and groups (docs/checking.md)'),
  failOn: () => new Option('--fail-on <severity>', 'exit with 1 from this severity on').choices(failLevels),
} as const;

/** What was chosen with them. */
export interface CheckChoices {
  readonly rules?: string;
  readonly baseline?: string;
  readonly updateBaseline?: string;
  readonly budget?: readonly LatencyBudget[];
}

/** The task that was asked for; the error says what is wrong with the options. */
export function checkTask(subject: string, choices: CheckChoices): Result<CheckTask, string> {
  const baseline = readBaseline(choices);
  if (!baseline.ok) return baseline;
  const rules = chosenRules(choices.rules, baseline.value);
  if (!rules.ok) return rules;
  return succeed({
    subject,
    rules: rules.value,
    baseline: baseline.value,
    budgets: choices.budget ?? [],
  });
}

/** Whether nothing was found from a severity on, every rule and budget held, and the trace is whole. */
export function passes({ report, budgets }: CheckAnswer, failOn: FailLevel): boolean {
  return !fails(report, failOn) && budgets.length === 0 && report.flaw === null;
}

/** Tells on standard error what does not belong into a report. */
export function tellBesides({ report, budgets, unused }: CheckAnswer, { baseline }: CheckChoices): void {
  for (const index of unused)
    process.stderr.write(
      `chimneysweep: ${baseline ?? 'the baseline'}: suppress.${index} matches nothing any more\n`,
    );
  for (const breach of budgets) process.stderr.write(`chimneysweep: ${breach}\n`);
  if (report.flaw !== null) process.stderr.write(`chimneysweep: ${report.flaw}\n`);
}

function fails({ counts, coverage }: CheckAnswer['report'], failOn: FailLevel): boolean {
  if (failOn === 'never') return false;
  const grave = failLevels.slice(0, failLevels.indexOf(failOn) + 1) as RuleSeverity[];
  return coverage.failed.length > 0 || grave.some((severity) => counts[severity] > 0);
}

function readBaseline({ baseline, updateBaseline }: CheckChoices): Result<Baseline, string> {
  if (baseline === undefined)
    return updateBaseline === undefined
      ? succeed(emptyBaseline)
      : fail('--update-baseline needs to know which: name it with --baseline.');
  if (updateBaseline !== undefined && !existsSync(baseline)) return succeed(emptyBaseline);
  let text: string;
  try {
    text = readFileSync(baseline, 'utf8');
  } catch (error) {
    return fail(fileProblem(error, 'read', baseline));
  }
  const parsed = parseBaseline(text);
  return parsed.ok ? parsed : fail(`${baseline}: ${parsed.error}`);
}

function chosenRules(patterns: string | undefined, { groups }: Baseline): Result<readonly RuleId[], string> {
  if (patterns === undefined) return succeed(implementedRules.map(({ id }) => id));
  const rules = selectRules(patterns, groups).filter((id) => implementationOf(id) !== undefined);
  return rules.length === 0
    ? fail(`--rules ${patterns}: no rule that is implemented has such a name.`)
    : succeed(rules);
}
