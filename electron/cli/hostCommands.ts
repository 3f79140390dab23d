/** `chimneysweep netstat`, `chimneystats` and `cost`: what the host of a recorded run would have told. */
import { InvalidArgumentError, type Command } from 'commander';
import { chimneyStatisticsAt, chimneyStatisticsText } from '../../shared/analysis/chimneyStatistics';
import { hostCostReport, hostCostText } from '../../shared/analysis/hostCostReport';
import { hostCostOfHeader, withHostCost } from '../../shared/analysis/hostCostSettings';
import { netstatAt, netstatText } from '../../shared/analysis/netstat';
import { TraceModel } from '../../shared/analysis/traceModel';
import { fail, succeed, type Result } from '../../shared/base/result';
import { scenarioDescription, scenarioIds, type ScenarioId } from '../../shared/contract/scenarios';
import { inventedFileName, inventFile } from '../emulator/scenarios/scenarioRun';
import { Recording } from '../recorder/recording';
import { openTrace, type OpenedTrace } from './openTrace';
import { complain } from './complain';
import { applicationName } from './version';

interface SnapshotOptions {
  readonly at?: number;
  readonly json?: boolean;
}

interface CostOptions {
  readonly hostCost: readonly string[];
  readonly bins: number;
  readonly json?: boolean;
}

/** ns of each unit. */
const timeUnits: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** A virtual time such as `12.5ms`, in ns. */
export function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s)$/.exec(text.trim());
  if (match === null) throw new InvalidArgumentError('A virtual time such as 350us, 12.5ms or 3s.');
  return Math.round(Number(match[1]) * timeUnits[match[2]!]!);
}

function parseBins(text: string): number {
  const bins = Number(text);
  if (!/^\d+$/.test(text) || bins < 1 || bins > 100_000)
    throw new InvalidArgumentError('A number of bins from 1 to 100000.');
  return bins;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Prints what `show` makes of a trace; 1 if the file has a flaw. */
function print(opened: OpenedTrace, text: string): number {
  process.stdout.write(text);
  if (opened.flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${opened.flaw}\n`);
  return 1;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Records a scenario with its own settings in memory. */
function runScenario(scenario: ScenarioId): Result<OpenedTrace, string> {
  const { defaultFileBytes, defaultLoss } = scenarioDescription(scenario);
  const model = new TraceModel();
  let problem: string | undefined;
  const settings = { scenario, seed: 1, loss: defaultLoss, file: inventFile(1, defaultFileBytes) };
  const recording = new Recording(applicationName, settings, inventedFileName(1), {
    write: (bytes) => {
      const pushed = model.push(bytes.slice());
      if (!pushed.ok) problem ??= pushed.error.message;
    },
  });
  while (recording.advance(20_000));
  recording.finish(false);
  return problem === undefined ? succeed({ model, flaw: undefined }) : fail(problem);
}

function cost(what: string, options: CostOptions): number {
  const scenario = scenarioIds.find((id) => id === what);
  const opened = scenario === undefined ? openTrace(what) : runScenario(scenario);
  if (!opened.ok) return complain(opened.error);
  const { model } = opened.value;
  const recorded = hostCostOfHeader(model.store?.header.settings ?? {});
  if (!recorded.ok) return complain(`${what}: ${recorded.error}`);
  const settings = withHostCost(recorded.value, options.hostCost);
  if (!settings.ok) return complain(settings.error);
  const report = hostCostReport(model, settings.value, options.bins);
  return print(opened.value, options.json === true ? json(report) : hostCostText(report));
}

/** Adds the verbs to the program. */
export function addHostCommands(program: Command, exitWith: (code: number) => void): void {
  const snapshot = <Rows>(
    name: string,
    description: string,
    rowsAt: (model: TraceModel, time: number | undefined) => Rows,
    textOf: (rows: Rows) => string,
  ): void => {
    program
      .command(name)
      .description(description)
      .argument('<trace>', 'a .sweep file')
      .option('--at <time>', 'at this virtual time, such as 12.5ms (the end)', parseTime)
      .option('--json', 'print it as JSON')
      .action((trace: string, options: SnapshotOptions) => {
        const opened = openTrace(trace);
        if (!opened.ok) {
          exitWith(complain(opened.error));
          return;
        }
        const rows = rowsAt(opened.value.model, options.at);
        exitWith(print(opened.value, options.json === true ? json(rows) : textOf(rows)));
      });
  };
  snapshot(
    'netstat',
    'List the connections of a trace with their offload states, as netstat -t does.',
    netstatAt,
    netstatText,
  );
  snapshot(
    'chimneystats',
    "Tell what each adapter of a trace has offloaded, in the place of netsh's chimneystats.",
    chimneyStatisticsAt,
    chimneyStatisticsText,
  );
  program
    .command('cost')
    .description("Reckon what a run costs the host's processors, by host path and chimney.")
    .argument('<trace|scenario>', `a .sweep file, or one of ${scenarioIds.join(', ')}`)
    .option('--host-cost <name=value>', 'another number than the recorded one; repeatable', collect, [])
    .option('--bins <number>', 'bins of the series over time', parseBins, 50)
    .option('--json', 'print the report as JSON, with the series')
    .action((what: string, options: CostOptions) => {
      exitWith(cost(what, options));
    });
}
