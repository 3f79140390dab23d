/** `chimneysweep transparency`: runs random workloads over impaired wires with and without hand-overs, and compares what applications see. */
import { type Command } from 'commander';
import { availableParallelism } from 'node:os';
import { TransparencyCheck } from '../emulator/transparency/transparencyRun';
import { parseSeed } from './runCommand';
import { recordSeed } from './recordSeed';
import { parseCount, walkSeeds, type SeedRange } from './seedWalk';
import {
  addTransparencyResult,
  emptyTransparencyTally,
  mostTransparencyFailures,
  transparencyFailureText,
  transparencyJson,
  transparencyText,
} from './transparencyReport';

/** Most connections of a seed. */
const mostConnections = 1000;

interface TransparencyOptions extends SeedRange {
  readonly connections: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addTransparencyCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('transparency')
    .description(
      'Hand connections over at random instants on wires that impair frames, seed by seed, and compare what the applications see ' +
        'with the run without hand-overs.',
    )
    .option('--seeds <number>', 'seeds to run', parseCount(0xffff_ffff), 100)
    .option('--first <seed>', 'the first of them', parseSeed, 1)
    .option('--connections <number>', 'connections of each', parseCount(mostConnections), 4)
    .option('--threads <number>', 'seeds that are run at a time', parseCount(64), availableParallelism())
    .option('--out <trace>', 'record the first seed, and run no other, into this .sweep file')
    .option('--json', 'print the result as JSON')
    .action(async (options: TransparencyOptions) => {
      exitWith(options.out === undefined ? await checkAll(options) : recordOne(options, options.out));
    });
}

/** Exit codes: 0 nothing found, 1 something found, 130 stopped by the user with nothing found. */
async function checkAll(options: TransparencyOptions): Promise<number> {
  const { connections } = options;
  const begun = performance.now();
  const tally = emptyTransparencyTally();
  const stopped = await walkSeeds(options, { task: 'transparency', connections }, (result) => {
    addTransparencyResult(tally, result);
    if (
      result.findings.length > 0 &&
      tally.failures.length <= mostTransparencyFailures &&
      options.json !== true
    )
      process.stdout.write(transparencyFailureText(result, connections));
  });
  const seconds = (performance.now() - begun) / 1000;
  tally.failures.sort((left, right) => left.seed - right.seed);
  process.stdout.write(
    options.json === true
      ? transparencyJson(tally, options, seconds, stopped)
      : transparencyText(tally, seconds),
  );
  if (tally.failures.length > 0) return 1;
  return stopped ? 130 : 0;
}

/** Runs one seed in this thread and records its run with hand-overs. */
function recordOne({ first: seed, connections, json }: TransparencyOptions, out: string): number {
  return recordSeed(
    {
      scenario: 'transparency',
      title: 'Transparency',
      seed,
      connections,
      start: (probe) => new TransparencyCheck(probe, { seed, connections }),
      failureText: (result) => transparencyFailureText(result, connections),
    },
    out,
    json === true,
  );
}
