/** `chimneysweep soak`: walks seeds at random through state manipulation and faults, and accounts for everything at the end. */
import type { Command } from 'commander';
import { availableParallelism } from 'node:os';
import { SoakRun } from '../emulator/soak/soakRun';
import { parseSeed } from './runCommand';
import { recordSeed } from './recordSeed';
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

/** Most connections of a seed; each has a local port of the ephemeral range. */
const mostConnections = 10_000;

interface SoakOptions extends SoakRange {
  readonly threads: number;
  readonly check?: boolean;
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
    .option('--check', 'check every seed against all rules of the specification, too')
    .option('--out <trace>', 'record the first seed, and walk no other, into this .sweep file')
    .option('--json', 'print the result as JSON')
    .action(async (options: SoakOptions) => {
      exitWith(options.out === undefined ? await soakAll(options) : recordOne(options, options.out));
    });
}

/** Exit codes: 0 nothing found, 1 something found, 130 stopped by the user with nothing found. */
async function soakAll(options: SoakOptions): Promise<number> {
  const begun = performance.now();
  const tally = emptyTally();
  const { connections, check = false } = options;
  const task = check ? 'checked-soak' : 'soak';
  const stopped = await walkSeeds(options, { task, connections }, (result) => {
    addResult(tally, result);
    if (result.findings.length > 0 && tally.failures.length <= mostFailures && options.json !== true)
      process.stdout.write(failureText(result, connections, check));
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
function recordOne({ first: seed, connections, json }: SoakOptions, out: string): number {
  return recordSeed(
    {
      scenario: 'soak',
      title: 'Soak',
      seed,
      connections,
      start: (probe) => new SoakRun(probe, { seed, connections }),
      failureText: (result) => failureText(result, connections),
    },
    out,
    json === true,
  );
}
