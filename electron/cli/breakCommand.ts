/** `chimneysweep break`: where breakpoints stop a run, in a trace or in a scenario that is run for that. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { TraceModel } from '../../shared/analysis/traceModel';
import { fail, succeed, type Result } from '../../shared/base/result';
import { StopFinder, type FoundStop } from '../../shared/debug/findStops';
import { eventLine, summaryOf } from '../../shared/expression/eventText';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { implementedRules } from '../../shared/rules/rules';
import type { Fault } from '../../shared/scenario/faults';
import type { TraceListener } from '../../shared/trace/traceReader';
import { inventedFileName, inventFile } from '../emulator/scenarios/scenarioRun';
import { zlibChecksum, zlibCodec } from '../files/zlibCodec';
import { Recording } from '../recorder/recording';
import { addBreakpointOptions, chosenBreakpoints, type BreakpointOptions } from './breakpointOptions';
import { complain } from './complain';
import { addFaultOptions, chosenFaults, type FaultOptions } from './faultOptions';
import { openTrace, type OpenedTrace } from './openTrace';
import { ProgressLine } from './progressLine';
import { parseSeed } from './runCommand';
import { namedScenario } from './scenarioFile';
import { applicationName } from './version';

interface BreakOptions extends BreakpointOptions, FaultOptions {
  readonly seed: number;
  readonly json?: boolean;
}

/** Emulator events between two looks at how far a run has come. */
const eventsPerSlice = 20_000;

/** Adds the verb to the program. */
export function addBreakCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('break')
    .description('Tell where breakpoints stop a run: every hit, in the order in which a debugger would stop.')
    .argument('<subject>', 'a .sweep file, or a scenario (a name, or a .yaml file), which is run for that');
  addFaultOptions(addBreakpointOptions(command))
    .option('--seed <number>', 'seed of the scenario', parseSeed, 1)
    .option('--json', 'print JSON; all times in ns')
    .addHelpText('after', '\nWhat each kind of breakpoint looks at, and when: docs/debugging.md.')
    .action((subject: string, options: BreakOptions) => {
      exitWith(stops(subject, options));
    });
}

/** Exit codes: 0 there are hits, 1 there are none or the trace has a flaw, 2 it could not be done. */
function stops(subject: string, options: BreakOptions): number {
  const breakpoints = chosenBreakpoints(options);
  if (!breakpoints.ok) return complain(breakpoints.error);
  const faults = chosenFaults(options);
  if (!faults.ok) return complain(faults.error);
  const found: FoundStop[] = [];
  const wantsRules = breakpoints.value.some(({ on }) => on.kind === 'finding');
  const checker = wantsRules ? new RuleChecker(implementedRules) : undefined;
  const finder = StopFinder.create(breakpoints.value, (stop) => found.push(stop), { checker });
  if (!finder.ok) return complain(finder.error.map(({ problem }) => problem.message).join('\n'));
  const opened = traceOf(subject, options.seed, faults.value, finder.value);
  if (!opened.ok) return complain(opened.error);
  const { model, flaw } = opened.value;
  const told = found.map((stop) => toldStop(model, stop));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ stops: told }, null, 2)}\n`);
  else for (const stop of told) process.stdout.write(stopText(stop));
  if (flaw !== undefined) complain(flaw);
  return found.length > 0 && flaw === undefined ? 0 : 1;
}

function traceOf(
  subject: string,
  seed: number,
  faults: readonly Fault[],
  finder: TraceListener,
): Result<OpenedTrace, string> {
  if (existsSync(subject) && !/\.(ya?ml|json)$/i.test(subject))
    return faults.length === 0
      ? openTrace(subject, [finder])
      : fail(`${subject} has been recorded: faults are for scenarios that are run.`);
  const scenario = namedScenario(subject);
  if (!scenario.ok) return scenario;
  const definition = scenario.value;
  const model = new TraceModel(zlibCodec, [finder]);
  const progress = new ProgressLine('run');
  const recording = new Recording(
    applicationName,
    {
      scenario: definition.scenario,
      definition,
      seed,
      loss: definition.topology.link.loss,
      file: inventFile(seed, definition.workload.bytes),
      fileSeed: seed,
      faults,
    },
    inventedFileName(seed),
    { write: (bytes) => model.push(bytes.slice()) },
    { checksum: zlibChecksum },
  );
  while (recording.advance(eventsPerSlice)) progress.show(recording.progress);
  recording.finish(false);
  progress.clear();
  return succeed({ model, flaw: undefined });
}

/** A stop as it is printed. */
interface ToldStop extends Omit<FoundStop, 'log'> {
  /** What the event is. */
  readonly what: string;
  readonly log?: string;
}

function toldStop(model: TraceModel, { log, ...stop }: FoundStop): ToldStop {
  const line = eventLine(model, model.store!, stop.event);
  const what = line === undefined ? 'a record that says what there is' : summaryOf(line);
  return { ...stop, what, ...(log === undefined ? {} : { log }) };
}

function stopText({ breakpoint, event, record, time, what, log }: ToldStop): string {
  const milliseconds = (time / 1e6).toFixed(6).padStart(14);
  const known = record === event ? '' : ` (known at #${record})`;
  const says = log === undefined ? '' : `\n${' '.repeat(18)}${log}`;
  return `${milliseconds} ms  #${event}  ${what}${known}  [${breakpoint}]${says}\n`;
}
