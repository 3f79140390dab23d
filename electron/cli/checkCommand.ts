/** `chimneysweep check`: runs the rules of the specification over a trace, or over a scenario that it runs for that. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { latencyBreaches, parseLatencyBudget, type LatencyBudget } from '../../shared/analysis/latencyBudget';
import { TraceModel } from '../../shared/analysis/traceModel';
import { fail, succeed, type Result } from '../../shared/base/result';
import { scenarioDescription, scenarioIds, type ScenarioId } from '../../shared/contract/scenarios';
import {
  emptyBaseline,
  extendBaseline,
  judge,
  parseBaseline,
  selectRules,
  type Baseline,
} from '../../shared/rules/baseline/baseline';
import type { RuleSeverity } from '../../shared/rules/catalogue';
import { RuleChecker } from '../../shared/rules/engine/checker';
import type { Rule } from '../../shared/rules/engine/rule';
import { checkReport, type CheckReport } from '../../shared/rules/report/checkReport';
import { htmlFindings } from '../../shared/rules/report/htmlFindings';
import { junitReport } from '../../shared/rules/report/junitReport';
import { sarifReport } from '../../shared/rules/report/sarifReport';
import { textReport } from '../../shared/rules/report/textReport';
import { implementationOf, implementedRules } from '../../shared/rules/rules';
import { inventFile } from '../emulator/scenarios/scenarioRun';
import { fileProblem } from '../files/fileProblem';
import { Recording } from '../recorder/recording';
import { complain } from './complain';
import { openTrace, type OpenedTrace } from './openTrace';
import { ProgressLine } from './progressLine';
import { parseSeed } from './runCommand';
import { applicationName, applicationVersion } from './version';

const formats = ['text', 'json', 'junit', 'sarif', 'html'] as const;

type CheckFormat = (typeof formats)[number];

/** Severities that let a check fail, the gravest first. */
const failLevels = ['error', 'warning', 'info', 'never'] as const;

interface CheckOptions {
  readonly rules?: string;
  readonly baseline?: string;
  readonly updateBaseline?: string;
  readonly format: CheckFormat;
  readonly json?: boolean;
  readonly out?: string;
  readonly failOn: (typeof failLevels)[number];
  readonly budget?: readonly LatencyBudget[];
  readonly seed: number;
}

/** Emulator events between two looks at the progress line. */
const eventsPerSlice = 20_000;

function collectBudgets(text: string, before: readonly LatencyBudget[] = []): LatencyBudget[] {
  const budget = parseLatencyBudget(text);
  if (!budget.ok) throw new InvalidArgumentError(budget.error);
  return [...before, budget.value];
}

/** Adds the verb to the program. */
export function addCheckCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('check')
    .description('Check a trace, or a run of a scenario, against the rules of the specification.')
    .argument('<subject>', 'a .sweep file, or the name of a scenario, which is run for that')
    .option(
      '--rules <patterns>',
      'only these: ids, SND-*, areas, tier:1, groups of the baseline; !X leaves out',
    )
    .option('--baseline <file>', 'what may pass, with reasons; severities and groups (docs/checking.md)')
    .option(
      '--update-baseline <reason>',
      'let everything that is found now pass from here on, for this reason',
    )
    .addOption(new Option('--format <format>', 'how to report').choices(formats).default('text'))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write the report there instead of printing it')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 from this severity on')
        .choices(failLevels)
        .default('warning'),
    )
    .option(
      '--budget <handler=percentile<time>',
      'a latency that may not be exceeded, such as MiniportTcpOffloadSend=p99<50us; several may be given',
      collectBudgets,
    )
    .option('--seed <number>', 'seed of the scenario', parseSeed, 1)
    .action((subject: string, options: CheckOptions) => {
      exitWith(check(subject, options));
    });
}

/** Exit codes: 0 nothing from `--fail-on` on, 1 something, or the trace has a flaw, 2 it could not be done. */
function check(subject: string, options: CheckOptions): number {
  const baseline = readBaseline(options);
  if (!baseline.ok) return complain(baseline.error);
  const rules = chosenRules(options.rules, baseline.value);
  if (!rules.ok) return complain(rules.error);
  const checker = new RuleChecker(rules.value);
  const opened = openSubject(subject, options.seed, checker);
  if (!opened.ok) return complain(opened.error);
  checker.finish();
  const { model, flaw } = opened.value;
  const { components } = model.store!;
  const verdict = judge(checker.findings, baseline.value, ({ component }) =>
    component === undefined ? undefined : components[component]?.name,
  );
  const report = checkReport(subject, model, checker, verdict, flaw);
  const budgets = latencyBreaches(model.figures.handlers, options.budget ?? []);
  const text = written(report, rules.value, budgets, options);
  try {
    if (options.out === undefined) process.stdout.write(text);
    else writeFileSync(options.out, text);
    if (options.updateBaseline !== undefined && options.baseline !== undefined) {
      const extended = extendBaseline(baseline.value, verdict.standing, options.updateBaseline);
      writeFileSync(options.baseline, `${JSON.stringify(extended, null, 2)}\n`);
    }
  } catch (error) {
    return complain(fileProblem(error, 'write', options.out ?? options.baseline ?? 'the report'));
  }
  for (const index of verdict.unused)
    process.stderr.write(
      `chimneysweep: ${options.baseline ?? 'the baseline'}: suppress.${index} matches nothing any more\n`,
    );
  for (const breach of budgets) process.stderr.write(`chimneysweep: ${breach}\n`);
  if (flaw !== undefined) process.stderr.write(`chimneysweep: ${flaw}\n`);
  if (options.updateBaseline !== undefined) return 0;
  return fails(report, options.failOn) || budgets.length > 0 || flaw !== undefined ? 1 : 0;
}

function fails({ counts, coverage }: CheckReport, failOn: CheckOptions['failOn']): boolean {
  if (failOn === 'never') return false;
  const grave = failLevels.slice(0, failLevels.indexOf(failOn) + 1) as RuleSeverity[];
  return coverage.failed.length > 0 || grave.some((severity) => counts[severity] > 0);
}

function readBaseline({ baseline, updateBaseline }: CheckOptions): Result<Baseline, string> {
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

function chosenRules(patterns: string | undefined, { groups }: Baseline): Result<readonly Rule[], string> {
  if (patterns === undefined) return succeed(implementedRules);
  const rules = selectRules(patterns, groups).flatMap((id) => implementationOf(id) ?? []);
  return rules.length === 0
    ? fail(`--rules ${patterns}: no rule that is implemented has such a name.`)
    : succeed(rules);
}

function openSubject(subject: string, seed: number, checker: RuleChecker): Result<OpenedTrace, string> {
  const scenario = scenarioIds.find((id) => id === subject);
  if (scenario !== undefined && !existsSync(subject)) return runScenario(scenario, seed, checker);
  if (!existsSync(subject))
    return fail(`${subject} is neither a file nor a scenario. The scenarios are: ${scenarioIds.join(', ')}.`);
  return openTrace(subject, [checker]);
}

/** Records a scenario in memory, and reads what it has recorded. */
function runScenario(scenario: ScenarioId, seed: number, checker: RuleChecker): Result<OpenedTrace, string> {
  const { defaultLoss: loss, defaultFileBytes } = scenarioDescription(scenario);
  const model = new TraceModel(undefined, [checker]);
  const progress = new ProgressLine('run');
  const recording = new Recording(
    applicationName,
    { scenario, seed, loss, file: inventFile(seed, defaultFileBytes) },
    'made up',
    { write: (bytes) => void model.push(bytes.slice()) },
  );
  while (recording.advance(eventsPerSlice)) progress.show(recording.progress);
  recording.finish(false);
  progress.clear();
  const ending = model.close();
  return ending.ok ? succeed({ model, flaw: undefined }) : fail(ending.error.message);
}

function written(
  report: CheckReport,
  rules: readonly Rule[],
  budgets: readonly string[],
  { format, json }: CheckOptions,
): string {
  switch (json === true ? 'json' : format) {
    case 'text':
      return textReport(report);
    case 'json':
      return `${JSON.stringify({ ...report, budgets }, null, 2)}\n`;
    case 'junit':
      return junitReport(
        report,
        rules.map(({ id }) => id),
      );
    case 'sarif':
      return sarifReport(report, uriOf(report.subject), applicationVersion);
    case 'html':
      return htmlFindings(report);
  }
}

/** How SARIF names what was checked: a file by its path as it was given, or a scenario. */
function uriOf(subject: string): string {
  if (!existsSync(subject)) return `scenario:${subject}`;
  return path.isAbsolute(subject) ? pathToFileURL(subject).href : encodeURI(subject.replaceAll('\\', '/'));
}
