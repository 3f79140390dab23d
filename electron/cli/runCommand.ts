/** `chimneysweep run`: runs a scenario without a window and records it. */
import { InvalidArgumentError, type Command } from 'commander';
import path from 'node:path';
import type { RunReport } from '../../shared/analysis/runReport';
import { highestLoss } from '../../shared/contract/recording';
import type { RecordingCost } from '../../shared/contract/recordingCost';
import { scenarios } from '../../shared/contract/scenarios';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { expectsEvents, missedExpectations } from '../../shared/scenario/missedExpectations';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { implementedRules } from '../../shared/rules/rules';
import { textReport } from '../../shared/rules/report/textReport';
import type { TraceSink } from '../../shared/trace/traceEncoder';
import { watchModules } from '../drivers/moduleWatch';
import { inventedFileName, inventFile } from '../emulator/scenarios/scenarioRun';
import type { IpVersions } from '../emulator/scenarios/topology';
import { fileProblem } from '../files/fileProblem';
import { readSourceFile } from '../files/sourceFile';
import { saveTrace } from '../files/saveTrace';
import { zlibChecksum } from '../files/zlibCodec';
import { TraceFileSink } from '../files/traceFileSink';
import { defaultSnapLength, Recording } from '../recorder/recording';
import {
  checkOptions,
  checkTask,
  passes,
  tellBesides,
  type CheckChoices,
  type FailLevel,
} from './checkOptions';
import type { CheckAnswer } from './checkWork';
import { addFaultOptions, chosenFaults, type FaultOptions } from './faultOptions';
import { FlushPace } from './flushPace';
import { LiveCheck } from './liveCheck';
import { collectNames, parseSnapLength, tapHelp, unknownTaps } from './tapOptions';
import { chimneyRequest, hostOptions, type HostOptions } from './hostOptions';
import { addLinkOptions, linkRequest, type LinkOptions } from './linkOptions';
import { ProgressLine } from './progressLine';
import { monotonicClock, recordingCostFigures } from './recordingFigures';
import { reportText } from './reportText';
import { namedScenario } from './scenarioFile';
import { advanceOrBlame, chosenDrivers } from './chosenDrivers';
import { complain } from './complain';
import { applicationName } from './version';

interface RunOptions
  extends LinkOptions, HostOptions, FaultOptions, Omit<CheckChoices, 'updateBaseline' | 'budget'> {
  readonly check?: boolean;
  readonly failOn?: FailLevel;
  readonly file?: string;
  readonly out?: string;
  readonly seed: number;
  readonly loss?: number;
  readonly ipVersion?: IpVersions;
  readonly json?: boolean;
  readonly pcapng?: string;
  readonly tap?: readonly string[];
  readonly snapLength?: number;
  readonly targetDriver?: string;
  readonly intermediateDriver?: string;
  readonly trustDrivers?: boolean;
  readonly driverSource: boolean;
  readonly watch?: boolean;
  readonly keepLast?: number;
  readonly onDiskFull: OnDiskFull;
}

/** What a run does when the disk takes no more of its recording. */
type OnDiskFull = 'stop' | 'continue';

/** A seed as it is written on the command line. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 0xffff_ffff)
    throw new InvalidArgumentError('A seed is a whole number from 0 to 4294967295.');
  return seed;
}

/** A loss as it is written on the command line. */
export function parseLoss(text: string): number {
  const loss = Number(text);
  if (text.trim() === '' || !(loss >= 0 && loss <= highestLoss)) {
    throw new InvalidArgumentError(`A loss is a probability from 0 to ${highestLoss}, such as 0.01.`);
  }
  return loss;
}

/** Reads which IP versions are to be used. */
export function parseIpVersion(text: string): IpVersions {
  if (text === 'both') return text;
  if (text !== '4' && text !== '6') throw new InvalidArgumentError('IP versions are 4, 6, and both.');
  return text === '4' ? 'ipv4' : 'ipv6';
}

/** Reads a time in seconds; answers ns. */
function parseSeconds(text: string): number {
  const nanoseconds = Math.round(Number(text) * 1e9);
  if (text.trim() === '' || !(Number.isSafeInteger(nanoseconds) && nanoseconds > 0))
    throw new InvalidArgumentError('A time is a number of seconds of virtual time, such as 0.5.');
  return nanoseconds;
}

function parseOnDiskFull(text: string): OnDiskFull {
  if (text !== 'stop' && text !== 'continue')
    throw new InvalidArgumentError('A run may stop or continue where the disk takes no more.');
  return text;
}

/** Adds the verbs to the program: `record` is `run` that must be told where the recording goes. */
export function addRunCommand(program: Command, exitWith: (code: number) => void): void {
  const out = '--out <trace>';
  const outHelp = 'write the recording to this .sweep file';
  const run = program.command('run').description('Run a scenario in the emulated stack and record it.');
  describeRun(run.option(out, outHelp), exitWith, '');
  const record = program
    .command('record')
    .description('Record a scenario into a file: as run, but --out is required. A real wire: wire --out.');
  const further =
    '\n\nA real wire is recorded by `chimneysweep wire --tap NAME --out TRACE`: docs/real-wire.md.';
  describeRun(record.requiredOption(out, outHelp), exitWith, further);
}

function describeRun(command: Command, exitWith: (code: number) => void, further: string): void {
  command
    .argument('<scenario>', 'a scenario of the library (below), or a .yaml file (docs/scenarios.md)')
    .option('--file <path>', 'carry the bytes of this file instead of made-up ones')
    .option('--seed <number>', 'seed of all randomness', parseSeed, 1)
    .option('--loss <probability>', `frame loss in each direction, 0 to ${highestLoss}`, parseLoss)
    .option('--ip-version <version>', '4, 6, or both for a path over each in turn', parseIpVersion);
  addFaultOptions(addLinkOptions(command))
    .addOption(hostOptions.chimney)
    .addOption(hostOptions.chimneyPort)
    .addOption(hostOptions.chimneyApplication)
    .addOption(hostOptions.hostCost)
    .option('--pcapng <capture>', 'write whole frames to this pcapng file besides')
    .option('--tap <name>', tapHelp, collectNames)
    .option(
      '--snap-length <bytes>',
      `bytes of each frame that the trace keeps (${defaultSnapLength}; headers always), or all`,
      parseSnapLength,
    )
    .option(
      '--keep-last <seconds>',
      'keep only what happens in the last seconds of virtual time, in memory, and write it at the end',
      parseSeconds,
    )
    .option(
      '--on-disk-full <choice>',
      'stop the run, or continue it and mark in the trace what the disk did not take',
      parseOnDiskFull,
      'stop',
    )
    .option('--target-driver <module>', 'a driver module in the place of the built-in offload target')
    .option('--intermediate-driver <module>', 'a driver module between the host stack and the adapter')
    .option('--trust-drivers', 'load driver modules: they run with your rights and can do whatever you can')
    .option('--no-driver-source', 'do not record where in their source driver modules make their calls')
    .option('--watch', 'run again whenever a driver module changes on the disk, until Ctrl+C')
    .option('--check', 'run the rules over the recording while it is made, and answer 1 for what they find')
    .addOption(checkOptions.rules())
    .addOption(checkOptions.baseline())
    .addOption(checkOptions.failOn())
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `\nScenarios:\n${scenarios.map(({ id, title }) => `  ${id.padEnd(22)} ${title}`).join('\n')}${further}`,
    )
    .action(async (scenario: string, options: RunOptions) => {
      exitWith(options.watch === true ? await runAtChanges(scenario, options) : await run(scenario, options));
    });
}

/** Runs, and again at each change of a module; whoever interrupts it ends it. */
async function runAtChanges(scenario: string, options: RunOptions): Promise<number> {
  const files = [options.targetDriver, options.intermediateDriver].filter((file) => file !== undefined);
  if (files.length === 0) return complain('--watch is about driver modules. Name one.');
  if (options.trustDrivers !== true) return run(scenario, options);
  let changes = 0;
  let changed: () => void = () => undefined;
  await watchModules(files, () => {
    changes++;
    changed();
  });
  for (;;) {
    const before = changes;
    await run(scenario, options);
    process.stderr.write(`chimneysweep: Waiting for changes of ${files.join(' and ')}; Ctrl+C ends it.\n`);
    while (changes === before) await new Promise<void>((resolve) => (changed = resolve));
  }
}

async function run(scenario: string, options: RunOptions): Promise<number> {
  const definition = namedScenario(scenario);
  if (!definition.ok) return complain(definition.error);
  const named = (['rules', 'baseline', 'failOn'] as const).find((name) => options[name] !== undefined);
  if (named !== undefined && options.check !== true)
    return complain(
      `--${named === 'failOn' ? 'fail-on' : named} is about what the rules find. Say --check, too.`,
    );
  const task = options.check === true ? checkTask(options.out ?? scenario, options) : undefined;
  if (task?.ok === false) return complain(task.error);
  // Its thread starts while the run is set up.
  const check = task === undefined ? undefined : new LiveCheck(task.value);
  try {
    return await runBeside(check, definition.value, options);
  } finally {
    check?.stop();
  }
}

async function runBeside(
  check: LiveCheck | undefined,
  definition: ScenarioDefinition,
  options: RunOptions,
): Promise<number> {
  const { scenario, expectations } = definition;
  let file: Uint8Array;
  if (options.file === undefined) file = inventFile(options.seed, definition.workload.bytes);
  else {
    const source = readSourceFile(options.file);
    if (!source.ok) return complain(source.error);
    file = source.value;
  }
  if (
    options.out !== undefined &&
    options.file !== undefined &&
    path.resolve(options.out) === path.resolve(options.file)
  ) {
    return complain(`--out would overwrite ${options.file}, the file to send. Name another trace.`);
  }
  if (options.tap !== undefined && options.pcapng === undefined)
    return complain('--tap says where --pcapng FILE listens. Name the file too.');
  const faults = chosenFaults(options);
  if (!faults.ok) return complain(faults.error);
  const loaded = await chosenDrivers(options);
  if (!loaded.ok) return complain(loaded.error);
  const { modules: drivers, blame, sourceOfCall } = loaded.value;
  let sink: TraceSink & { close?: () => void; bytesWritten?: number } = { write: () => undefined };
  let capture: TraceFileSink | undefined;
  try {
    if (options.pcapng !== undefined) capture = new TraceFileSink(options.pcapng);
    if (options.out !== undefined) sink = new TraceFileSink(options.out);
    const loss = options.loss ?? definition.topology.link.loss;
    const link = linkRequest(options);
    const settings = {
      scenario,
      definition,
      seed: options.seed,
      loss,
      link,
      ipVersions: options.ipVersion,
      file,
      fileSeed: options.file === undefined ? options.seed : undefined,
      drivers,
      chimney: chimneyRequest(options),
      hostCost: options.hostCost,
      faults: faults.value,
    };
    const name = options.file === undefined ? inventedFileName(options.seed) : path.basename(options.file);
    const begun = performance.now();
    let diskProblem: unknown;
    const model = expectsEvents(expectations) ? new TraceModel() : undefined;
    const rules = expectations.findings === undefined ? undefined : new RuleChecker(implementedRules);
    const recording = new Recording(applicationName, settings, name, alsoInto(sink, check, model), {
      snapLength: options.snapLength,
      keepLast: options.keepLast,
      onSinkError:
        options.onDiskFull === 'stop'
          ? undefined
          : (error) => {
              diskProblem ??= error;
            },
      checksum: zlibChecksum,
      clock: monotonicClock,
      checker: rules,
      sourceOfCall: options.driverSource ? sourceOfCall : undefined,
      capture: capture === undefined ? undefined : { sink: capture, taps: options.tap },
    });
    const pace = new FlushPace(options.keepLast === undefined ? check : undefined);
    const progress = new ProgressLine('carried');
    const advance = (): boolean => advanceOrBlame(recording, pace.eventsPerSlice, blame);
    let going = advance();
    const unknown = recording.taps === undefined ? undefined : unknownTaps(recording.taps);
    if (unknown !== undefined) return complain(unknown);
    while (going) {
      progress.show(recording.progress);
      check?.look();
      pace.look(recording);
      going = advance();
    }
    const report = recording.finish(false);
    sink.close?.();
    progress.clear();
    if (diskProblem !== undefined)
      warn(
        `${fileProblem(diskProblem, 'write', options.out!)} The run went on; ${recording.lostCount} events are lost and counted in the trace.`,
      );
    const checked = await check?.finish();
    const saveBegun = performance.now();
    if (options.out !== undefined) await save(options.out, recording.wasFlushed);
    const ended = performance.now();
    const cost = {
      ...recording.cost!,
      ...(options.out === undefined ? {} : { saveMilliseconds: ended - saveBegun }),
    };
    model?.close();
    const answer = checked?.ok === true ? checked.value : undefined;
    const missed = missedExpectations(expectations, { report, model, findings: rules?.findings });
    print(report, (ended - begun) / 1000, cost, recording, options, answer, missed);
    if (answer !== undefined) tellBesides(answer, options);
    if (checked?.ok === false) return complain(checked.error);
    const isClean = answer === undefined || passes(answer, options.failOn ?? 'warning');
    return report.success && isClean && missed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const written = options.pcapng !== undefined && capture === undefined ? options.pcapng : options.out;
    if (written === undefined) throw error;
    return complain(fileProblem(error, 'write', written));
  } finally {
    sink.close?.();
    capture?.close();
  }
}

/** A sink for what goes into the file, and to whoever looks at what the file has taken. */
function alsoInto(sink: TraceSink, check: LiveCheck | undefined, model: TraceModel | undefined): TraceSink {
  if (check === undefined && model === undefined) return sink;
  return {
    write: (bytes) => {
      sink.write(bytes);
      check?.write(bytes);
      // A model may keep what it is given; the encoder writes over it.
      model?.push(bytes.slice());
    },
  };
}

/** Compacts what has been recorded. */
async function save(out: string, wasFlushed: boolean): Promise<void> {
  const progress = new ProgressLine('saved');
  try {
    await saveTrace(out, wasFlushed, (fraction) => {
      progress.show(fraction);
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    // The recording is there, and larger than it could be.
    warn(
      `${fileProblem(error, 'write', `${out}.saving`)} ${out} stays as it was recorded: whole, but not compact.`,
    );
  } finally {
    progress.clear();
  }
}

function warn(message: string): void {
  process.stderr.write(`chimneysweep: ${message}\n`);
}

function print(
  report: RunReport,
  wallSeconds: number,
  cost: RecordingCost,
  { eventCount: events, lostCount: lostEvents }: Recording,
  options: RunOptions,
  check: CheckAnswer | undefined,
  missed: readonly string[],
): void {
  if (options.json === true) {
    const wallTimeMs = Math.round(wallSeconds * 1000);
    process.stdout.write(
      JSON.stringify(
        {
          ...report,
          events,
          lostEvents,
          wallTimeMs,
          recording: recordingCostFigures(cost),
          trace: options.out ?? null,
          missedExpectations: missed,
          ...(check === undefined ? {} : { check: check.report }),
        },
        null,
        2,
      ) + '\n',
    );
    return;
  }
  process.stdout.write(reportText(report, { wallSeconds, events, cost, trace: options.out }));
  for (const one of missed) process.stdout.write(`NOT AS EXPECTED: ${one}\n`);
  if (check !== undefined) process.stdout.write(textReport(check.report));
}
