/** `chimneysweep soak`: walks seeds at random through state manipulation and faults, and accounts for everything at the end. */
import type { Command } from 'commander';
import { availableParallelism } from 'node:os';
import { traceFormatVersion } from '../../shared/trace/records';
import { SoakRun } from '../emulator/soak/soakRun';
import { fileProblem } from '../files/fileProblem';
import { TraceFileSink } from '../files/traceFileSink';
import { TraceRecorder } from '../recorder/traceRecorder';
import { parseSeed } from './runCommand';
import { parseCount, walkSeeds } from './seedWalk';
import {
  addResult,
  emptyTally,
  failureText,
  mostFailures,
  tallyJson,
  tallyText,
  type SoakRange,
} from './soakReport';
import { applicationName } from './version';

/** Most connections of a seed; each has a local port of the ephemeral range. */
const mostConnections = 10_000;

interface SoakOptions extends SoakRange {
  readonly threads: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addSoakCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('soak')
    .description(
      'Walk state manipulation and faults at random instants, seed by seed, and look for what goes wrong.',
    )
    .option('--seeds <number>', 'seeds to walk', parseCount(0xffff_ffff), 100)
    .option('--first <seed>', 'the first of them', parseSeed, 1)
    .option('--connections <number>', 'connections of each', parseCount(mostConnections), 50)
    .option('--threads <number>', 'seeds that are walked at a time', parseCount(64), availableParallelism())
    .option('--out <trace>', 'record the first seed, and walk no other, into this .sweep file')
    .option('--json', 'print the result as JSON')
    .action(async (options: SoakOptions) => {
      exitWith(options.out === undefined ? await soakAll(options) : recordSeed(options, options.out));
    });
}

/** Exit codes: 0 nothing found, 1 something found, 130 stopped by the user with nothing found. */
async function soakAll(options: SoakOptions): Promise<number> {
  const begun = performance.now();
  const tally = emptyTally();
  const stopped = await walkSeeds(options, { task: 'soak', connections: options.connections }, (result) => {
    addResult(tally, result);
    if (result.findings.length > 0 && tally.failures.length <= mostFailures && options.json !== true)
      process.stdout.write(failureText(result, options.connections));
  });
  const seconds = (performance.now() - begun) / 1000;
  tally.failures.sort((left, right) => left.seed - right.seed);
  process.stdout.write(
    options.json === true ? tallyJson(tally, options, seconds, stopped) : tallyText(tally, seconds),
  );
  if (tally.failures.length > 0) return 1;
  return stopped ? 130 : 0;
}

/** Walks one seed in this thread and records it. */
function recordSeed(options: SoakOptions, out: string): number {
  const { first: seed, connections } = options;
  let sink: TraceFileSink;
  try {
    sink = new TraceFileSink(out);
  } catch (error) {
    process.stderr.write(`chimneysweep: ${fileProblem(error, 'write', out)}\n`);
    return 2;
  }
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: applicationName,
      scenario: 'soak',
      title: `Soak, seed ${seed}`,
      seed,
      settings: { connections },
      snapLength: 128,
    },
    sink,
  );
  const run = new SoakRun(recorder, { seed, connections });
  while (run.advance(100_000));
  recorder.finish(run.report());
  sink.close();
  const result = run.result();
  if (options.json === true) process.stdout.write(JSON.stringify(result, null, 2) + '\n');
  else
    process.stdout.write(
      result.findings.length === 0
        ? `seed ${seed}: nothing found\n`
        : failureText(result, options.connections),
    );
  return result.findings.length === 0 ? 0 : 1;
}
