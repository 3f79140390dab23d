/** `chimneysweep again`: makes the run of a trace again, as it was or with something changed. */
import { Option, type Command } from 'commander';
import path from 'node:path';
import { differenceText, handlerDifferences } from '../../shared/analysis/differenceText';
import { compareTraces } from '../../shared/analysis/traceDifference';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { whyRunsPart } from '../../shared/analysis/whyRunsPart';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { LoadedDriverModules } from '../drivers/driverModules';
import { fileProblem } from '../files/fileProblem';
import { saveTrace } from '../files/saveTrace';
import { readSourceFile } from '../files/sourceFile';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum } from '../files/zlibCodec';
import { driverSourceSetting } from '../recorder/recordingHeader';
import { Recording } from '../recorder/recording';
import { runAgain, type RunAgain } from '../recorder/runAgain';
import { analyseFile, sameFiles } from './analyseFile';
import { advanceOrBlame, chosenDrivers } from './chosenDrivers';
import { complain } from './complain';
import { openTrace } from './openTrace';
import { ProgressLine } from './progressLine';
import { parseSeed } from './runCommand';
import { applicationName } from './version';

interface AgainOptions {
  readonly out: string;
  readonly set?: readonly string[];
  readonly seed?: number;
  readonly file?: string;
  readonly targetDriver?: string;
  readonly intermediateDriver?: string;
  readonly trustDrivers?: boolean;
  readonly diff?: boolean;
  readonly json?: boolean;
}

/** Emulator events between two looks at whether the run goes on. */
const eventsPerSlice = 20_000;

/** Adds the verb to the program. */
export function addAgainCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('again')
    .description(
      'Make the run of a trace again: the same trace byte for byte, or one with something changed.',
    )
    .argument('<trace>', 'a .sweep file with a scenario')
    .requiredOption('--out <trace>', 'write the new recording to this .sweep file')
    .addOption(
      new Option(
        '--set <path=value>',
        'change the definition, as workload.bytes=1MiB; several may be given',
      ).argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]),
    )
    .option('--seed <number>', 'another seed', parseSeed)
    .option('--file <path>', 'the file that was carried, where it was not made up')
    .option('--target-driver <module>', 'the driver module of the offload target, where there was one')
    .option('--intermediate-driver <module>', 'the driver module of the intermediate driver')
    .option('--trust-drivers', 'load driver modules: they run with your rights and can do whatever you can')
    .option('--diff', 'show where the runs part')
    .option('--json', 'print JSON')
    .action(async (trace: string, options: AgainOptions) => {
      exitWith(await again(trace, options));
    });
}

/** What is to be recorded, and what a driver module has done wrong. */
interface Plan {
  readonly run: RunAgain;
  readonly model: TraceModel;
  readonly blame: LoadedDriverModules['blame'];
  readonly sourceOfCall: LoadedDriverModules['sourceOfCall'];
}

async function planOf(trace: string, options: AgainOptions): Promise<Result<Plan, string>> {
  const opened = openTrace(trace);
  if (!opened.ok) return opened;
  const { model } = opened.value;
  const { store } = model;
  if (store === undefined) return fail(`${trace} has no header.`);
  let file: { name: string; bytes: Uint8Array } | undefined;
  if (options.file !== undefined) {
    const read = readSourceFile(options.file);
    if (!read.ok) return read;
    file = { name: path.basename(options.file), bytes: read.value };
  }
  const drivers = await chosenDrivers(options);
  if (!drivers.ok) return drivers;
  const { modules, blame } = drivers.value;
  const hasSource = store.header.settings[driverSourceSetting] === true;
  const sourceOfCall = hasSource ? drivers.value.sourceOfCall : undefined;
  const run = runAgain(store.header, { changes: options.set, seed: options.seed, file, drivers: modules });
  return run.ok ? succeed({ run: run.value, model, blame, sourceOfCall }) : run;
}

/** Exit codes: 0 the same bytes, or changed as asked; 1 not the same although nothing was changed; 2 it could not be done. */
async function again(trace: string, options: AgainOptions): Promise<number> {
  if (path.resolve(trace) === path.resolve(options.out)) return complain(`--out would overwrite ${trace}.`);
  const plan = await planOf(trace, options);
  if (!plan.ok) return complain(plan.error);
  const { run, model, blame, sourceOfCall } = plan.value;
  const progress = new ProgressLine('carried');
  try {
    const sink = new TraceFileSink(options.out);
    const recording = new Recording(applicationName, run.settings, run.fileName, sink, {
      ...run.options,
      sourceOfCall,
      checksum: zlibChecksum,
    });
    while (advanceOrBlame(recording, eventsPerSlice, blame)) progress.show(recording.progress);
    recording.finish(false);
    sink.close();
    await saveTrace(options.out, recording.wasFlushed);
    progress.clear();
    const same = sameFiles(trace, options.out);
    if (options.json === true) tellJson(trace, options, same, run.isChanged);
    else tell(trace, options, same, run.isChanged ? undefined : whyRunsPart(model, applicationName));
    return same || run.isChanged ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(fileProblem(error, 'write', options.out));
  } finally {
    progress.clear();
  }
}

function tell(trace: string, options: AgainOptions, same: boolean, why: string | undefined): void {
  const { out, diff } = options;
  if (same) {
    process.stdout.write(`${out} is the same as ${trace}, byte for byte.\n`);
    return;
  }
  process.stdout.write(`${out} differs from ${trace}.${why === undefined ? '' : ` ${why}`}\n`);
  if (diff !== true) return;
  const difference = differenceOf(trace, out);
  if (difference === undefined) return;
  const { left, right } = difference;
  process.stdout.write(differenceText(compareTraces(left, right), handlerDifferences(left, right)));
}

/** Both traces with their analyses; undefined where one can't be read, which has been told. */
function differenceOf(leftPath: string, rightPath: string) {
  const left = analyseFile(leftPath);
  const right = analyseFile(rightPath);
  for (const side of [left, right]) if (!side.ok) complain(side.error);
  return left.ok && right.ok ? { left: left.value, right: right.value } : undefined;
}

function tellJson(trace: string, { out, diff }: AgainOptions, same: boolean, isChanged: boolean): void {
  const sides = diff === true ? differenceOf(trace, out) : undefined;
  const difference =
    sides === undefined
      ? {}
      : {
          difference: {
            ...compareTraces(sides.left, sides.right),
            handlers: handlerDifferences(sides.left, sides.right),
          },
        };
  process.stdout.write(`${JSON.stringify({ trace: out, same, isChanged, ...difference }, null, 2)}\n`);
}
