/** `chimneysweep again`: makes the run of a trace again, as it was or with something changed. */
import { Option, type Command } from 'commander';
import path from 'node:path';
import { differenceText, handlerDifferences } from '../../shared/analysis/differenceText';
import { hostCostOfHeader } from '../../shared/analysis/hostCostSettings';
import { compareTraces } from '../../shared/analysis/traceDifference';
import { sha256Text } from '../../shared/base/digest';
import { fail, succeed, type Result } from '../../shared/base/result';
import { canonicalDefinition } from '../../shared/scenario/canonical';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { readScenario, scenarioProblemText } from '../../shared/scenario/readScenario';
import { readRecordedRun, type CarriedFile } from '../../shared/scenario/recordedRun';
import type { TraceHeader } from '../../shared/trace/records';
import { inventFile } from '../emulator/scenarios/scenarioRun';
import type { ScenarioSettings } from '../emulator/scenarios/scenarioSettings';
import { fileProblem } from '../files/fileProblem';
import { saveTrace } from '../files/saveTrace';
import { readSourceFile } from '../files/sourceFile';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum } from '../files/zlibCodec';
import { Recording } from '../recorder/recording';
import { analyseFile, sameFiles } from './analyseFile';
import { complain } from './complain';
import { openTrace } from './openTrace';
import { parseSeed } from './runCommand';
import { changedAt } from './scenarioChange';
import { applicationName } from './version';

interface AgainOptions {
  readonly out: string;
  readonly set?: readonly string[];
  readonly seed?: number;
  readonly file?: string;
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
      ).argParser((text: string, before: readonly string[] = []) => [...before, text]),
    )
    .option('--seed <number>', 'another seed', parseSeed)
    .option('--file <path>', 'the file that was carried, where it was not made up')
    .option('--diff', 'show where the runs part')
    .option('--json', 'print JSON')
    .action(async (trace: string, options: AgainOptions) => {
      exitWith(await again(trace, options));
    });
}

/** The file to carry: made up again, or read and known by its digest. */
function carried(
  file: CarriedFile,
  seed: number,
  bytes: number,
  given: string | undefined,
): Result<Uint8Array, string> {
  if (given === undefined && 'seed' in file) return succeed(inventFile(seed, bytes));
  if (given === undefined)
    return fail('The trace knows the file that it carried by its digest only. Name the file by --file.');
  const read = readSourceFile(given);
  if (!read.ok || !('sha256' in file) || sha256Text(read.value) === file.sha256) return read;
  return fail(`${given} is not the file that the trace carried: its SHA-256 differs.`);
}

function changed(
  definition: ScenarioDefinition,
  changes: readonly string[],
): Result<ScenarioDefinition, string> {
  let json: unknown = canonicalDefinition(definition);
  for (const change of changes) {
    const next = changedAt(json, change);
    if (!next.ok) return next;
    json = next.value;
  }
  const read = readScenario(JSON.stringify(json));
  if (read.ok) return read;
  return fail(read.error.map((problem) => scenarioProblemText('--set', problem)).join('\nchimneysweep: '));
}

interface Plan {
  readonly settings: ScenarioSettings;
  readonly header: TraceHeader;
  readonly fileName: string;
}

function planOf(trace: string, options: AgainOptions): Result<Plan, string> {
  const opened = openTrace(trace);
  if (!opened.ok) return opened;
  const { header } = opened.value.model.store!;
  if (header.settings['targetDriver'] !== undefined || header.settings['intermediateDriver'] !== undefined)
    return fail(
      `${trace} was recorded with driver modules; make it again with run, --target-driver and --trust-drivers.`,
    );
  const recorded = readRecordedRun(header);
  if (!recorded.ok) return recorded;
  const { file } = recorded.value;
  const definition = changed(recorded.value.definition, options.set ?? []);
  if (!definition.ok) return definition;
  const seed = options.seed ?? header.seed;
  const fileSeed = 'seed' in file ? (file.seed === header.seed ? seed : file.seed) : undefined;
  const { workload, topology, scenario } = definition.value;
  const bytes = carried(file, fileSeed ?? seed, workload.bytes, options.file);
  if (!bytes.ok) return bytes;
  const hostCost = hostCostOfHeader(header.settings);
  if (!hostCost.ok) return hostCost;
  const usesOwn = options.file !== undefined && 'seed' in file;
  const settings: ScenarioSettings = {
    scenario,
    definition: definition.value,
    seed,
    loss: topology.link.loss,
    file: bytes.value,
    fileSeed: usesOwn ? undefined : fileSeed,
    hostCost: hostCost.value,
  };
  const named = header.settings['file'];
  const isSameFile = seed === header.seed && !usesOwn;
  const fileName = isSameFile && typeof named === 'string' ? named : `made up from seed ${seed}`;
  return succeed({ settings, header, fileName: usesOwn ? path.basename(options.file) : fileName });
}

/** Exit codes: 0 the same bytes, or changed as asked; 1 not the same although nothing was changed; 2 it could not be done. */
async function again(trace: string, options: AgainOptions): Promise<number> {
  if (path.resolve(trace) === path.resolve(options.out)) return complain(`--out would overwrite ${trace}.`);
  const plan = planOf(trace, options);
  if (!plan.ok) return complain(plan.error);
  const { settings, header, fileName } = plan.value;
  const keepLast = header.settings['keepLastNs'];
  try {
    const sink = new TraceFileSink(options.out);
    const recording = new Recording(applicationName, settings, fileName, sink, {
      snapLength: header.snapLength,
      keepLast: typeof keepLast === 'number' ? keepLast : undefined,
      checksum: zlibChecksum,
    });
    while (recording.advance(eventsPerSlice));
    recording.finish(false);
    sink.close();
    await saveTrace(options.out, recording.wasFlushed);
    const same = sameFiles(trace, options.out);
    const isChanged = options.seed !== undefined || (options.set ?? []).length > 0;
    if (options.json === true)
      process.stdout.write(`${JSON.stringify({ trace: options.out, same }, null, 2)}\n`);
    else if (same) process.stdout.write(`${options.out} is the same as ${trace}, byte for byte.\n`);
    else tellDifference(trace, options, isChanged);
    return same || isChanged ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(fileProblem(error, 'write', options.out));
  }
}

function tellDifference(trace: string, { out, diff }: AgainOptions, isChanged: boolean): void {
  process.stdout.write(`${out} differs from ${trace}${isChanged ? '' : ', though nothing was changed'}.\n`);
  if (diff !== true && !isChanged) return;
  const left = analyseFile(trace);
  const right = analyseFile(out);
  if (!left.ok || !right.ok) return;
  const handlers = handlerDifferences(left.value, right.value);
  process.stdout.write(differenceText(compareTraces(left.value, right.value), handlers));
}
