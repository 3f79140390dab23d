/** `chimneysweep check`: runs the rules of the specification over a trace, or over a scenario that it runs for that. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseLatencyBudget, type LatencyBudget } from '../../shared/analysis/latencyBudget';
import { fail, succeed, type Result } from '../../shared/base/result';
import { scenarioIds } from '../../shared/contract/scenarios';
import { extendBaseline } from '../../shared/rules/baseline/baseline';
import type { RuleId } from '../../shared/rules/catalogue';
import type { CheckReport } from '../../shared/rules/report/checkReport';
import { htmlFindings } from '../../shared/rules/report/htmlFindings';
import { junitReport } from '../../shared/rules/report/junitReport';
import { sarifReport } from '../../shared/rules/report/sarifReport';
import { textReport } from '../../shared/rules/report/textReport';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import type { Fault } from '../../shared/scenario/faults';
import { inventFile } from '../emulator/scenarios/scenarioRun';
import { fileProblem } from '../files/fileProblem';
import { zlibChecksum } from '../files/zlibCodec';
import { Recording } from '../recorder/recording';
import {
  checkOptions,
  checkTask,
  passes,
  tellBesides,
  type CheckChoices,
  type FailLevel,
} from './checkOptions';
import { answerOf, checkerOf, type CheckAnswer, type CheckTask } from './checkWork';
import { complain } from './complain';
import { addFaultOptions, chosenFaults, type FaultOptions } from './faultOptions';
import { FlushPace } from './flushPace';
import { LiveCheck } from './liveCheck';
import { openTrace } from './openTrace';
import { ProgressLine } from './progressLine';
import { parseSeed } from './runCommand';
import { isScenarioFile, namedScenario } from './scenarioFile';
import { applicationName, applicationVersion } from './version';

const formats = ['text', 'json', 'junit', 'sarif', 'html'] as const;

type CheckFormat = (typeof formats)[number];

interface CheckOptions extends CheckChoices, FaultOptions {
  readonly failOn: FailLevel;
  readonly format: CheckFormat;
  readonly json?: boolean;
  readonly out?: string;
  readonly seed: number;
}

function collectBudgets(text: string, before: readonly LatencyBudget[] = []): LatencyBudget[] {
  const budget = parseLatencyBudget(text);
  if (!budget.ok) throw new InvalidArgumentError(budget.error);
  return [...before, budget.value];
}

/** Adds the verb to the program. */
export function addCheckCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('check')
    .description('Check a trace, or a run of a scenario, against the rules of the specification.')
    .argument('<subject>', 'a .sweep file, or a scenario by its name or .yaml file, which is run for that');
  addFaultOptions(command)
    .addOption(checkOptions.rules())
    .addOption(checkOptions.baseline())
    .option(
      '--update-baseline <reason>',
      'let everything that is found now pass from here on, for this reason',
    )
    .addOption(new Option('--format <format>', 'how to report').choices(formats).default('text'))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write the report there instead of printing it')
    .addOption(checkOptions.failOn().default('warning'))
    .option(
      '--budget <handler=percentile<time>',
      'a latency that may not be exceeded, such as MiniportTcpOffloadSend=p99<50us; several may be given',
      collectBudgets,
    )
    .option('--seed <number>', 'seed of the scenario', parseSeed, 1)
    .action(async (subject: string, options: CheckOptions) => {
      exitWith(await check(subject, options));
    });
}

/** Exit codes: 0 nothing from `--fail-on` on, 1 something, or the trace has a flaw, 2 it could not be done. */
async function check(subject: string, options: CheckOptions): Promise<number> {
  const task = checkTask(subject, options);
  if (!task.ok) return complain(task.error);
  const faults = chosenFaults(options);
  if (!faults.ok) return complain(faults.error);
  const answered = await answerFor(subject, options.seed, faults.value, task.value);
  if (!answered.ok) return complain(answered.error);
  const { report, budgets, standing } = answered.value;
  const text = written(report, task.value.rules, budgets, options);
  try {
    if (options.out === undefined) process.stdout.write(text);
    else writeFileSync(options.out, text);
    if (options.updateBaseline !== undefined && options.baseline !== undefined) {
      const extended = extendBaseline(task.value.baseline, standing, options.updateBaseline);
      writeFileSync(options.baseline, `${JSON.stringify(extended, null, 2)}\n`);
    }
  } catch (error) {
    return complain(fileProblem(error, 'write', options.out ?? options.baseline ?? 'the report'));
  }
  tellBesides(answered.value, options);
  return options.updateBaseline !== undefined || passes(answered.value, options.failOn) ? 0 : 1;
}

async function answerFor(
  subject: string,
  seed: number,
  faults: readonly Fault[],
  task: CheckTask,
): Promise<Result<CheckAnswer, string>> {
  const isName = scenarioIds.some((id) => id === subject) && !existsSync(subject);
  if (isName || isScenarioFile(subject)) {
    const definition = namedScenario(subject);
    return definition.ok ? runScenario(definition.value, seed, faults, task) : definition;
  }
  if (!existsSync(subject))
    return fail(`${subject} is neither a file nor a scenario. The scenarios are: ${scenarioIds.join(', ')}.`);
  if (faults.length > 0) return fail(`${subject} has been recorded: faults are for scenarios that are run.`);
  const checker = checkerOf(task);
  const opened = openTrace(subject, [checker]);
  if (!opened.ok) return opened;
  const { model, flaw } = opened.value;
  return succeed(answerOf(task, { store: model.store, model: () => model }, checker, flaw));
}

/** Records a scenario, which a thread of its own checks meanwhile. */
async function runScenario(
  definition: ScenarioDefinition,
  seed: number,
  faults: readonly Fault[],
  task: CheckTask,
): Promise<Result<CheckAnswer, string>> {
  const { scenario, topology, workload } = definition;
  const { loss } = topology.link;
  const check = new LiveCheck(task);
  const pace = new FlushPace(check);
  const progress = new ProgressLine('run');
  const recording = new Recording(
    applicationName,
    { scenario, definition, seed, loss, file: inventFile(seed, workload.bytes), fileSeed: seed, faults },
    'made up',
    check,
    { checksum: zlibChecksum },
  );
  while (recording.advance(pace.eventsPerSlice)) {
    progress.show(recording.progress);
    pace.look(recording);
  }
  recording.finish(false);
  progress.clear();
  return check.finish();
}

function written(
  report: CheckReport,
  rules: readonly RuleId[],
  budgets: readonly string[],
  { format, json }: CheckOptions,
): string {
  switch (json === true ? 'json' : format) {
    case 'text':
      return textReport(report);
    case 'json':
      return `${JSON.stringify({ ...report, budgets }, null, 2)}\n`;
    case 'junit':
      return junitReport(report, rules);
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
