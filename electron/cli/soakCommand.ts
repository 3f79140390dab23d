/** `chimneysweep soak`: walks seeds at random through state manipulation and faults, and accounts for everything at the end. */
import { InvalidArgumentError, type Command } from 'commander';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { traceFormatVersion } from '../../shared/trace/records';
import { soakActionNames } from '../emulator/soak/soakActions';
import { SoakRun, type SoakResult } from '../emulator/soak/soakRun';
import { fileProblem } from '../files/fileProblem';
import { TraceFileSink } from '../files/traceFileSink';
import { TraceRecorder } from '../recorder/traceRecorder';
import { parseSeed } from './runCommand';
import type { SoakAnswer, SoakWorkerData } from './soakWorker';
import { applicationName } from './version';

/** Most connections of a seed; each has a local port of the ephemeral range. */
const mostConnections = 10_000;

/** Failing seeds whose findings are printed, and findings printed of each. */
const mostFailures = 10;
const mostFindings = 12;

/** Milliseconds between two progress lines on a terminal. */
const progressInterval = 500;

interface SoakOptions {
  readonly seeds: number;
  readonly first: number;
  readonly connections: number;
  readonly threads: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** What all seeds came to. */
interface Tally {
  readonly failures: SoakResult[];
  readonly actions: Record<string, number>;
  done: number;
  calls: number;
  events: number;
  chimneyBytes: number;
}

function parseCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`A whole number from 1 to ${most}.`);
    return count;
  };
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
  const tally: Tally = { failures: [], actions: {}, done: 0, calls: 0, events: 0, chimneyBytes: 0 };
  const stopped = await walkSeeds(options, (result) => {
    add(tally, result);
    if (result.findings.length > 0 && tally.failures.length <= mostFailures && options.json !== true)
      process.stdout.write(failureText(result, options));
  });
  const seconds = (performance.now() - begun) / 1000;
  tally.failures.sort((left, right) => left.seed - right.seed);
  process.stdout.write(
    options.json === true ? resultJson(tally, options, seconds, stopped) : tallyText(tally, seconds),
  );
  if (tally.failures.length > 0) return 1;
  return stopped ? 130 : 0;
}

/** Walks all seeds in threads; answers whether the user has stopped it. `done` hears of each seed as it ends. */
function walkSeeds(options: SoakOptions, done: (result: SoakResult) => void): Promise<boolean> {
  const { seeds, first, connections, threads } = options;
  return new Promise((resolve, reject) => {
    const progress = new ProgressLine(seeds);
    const workers = new Set<Worker>();
    let next = 0;
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      for (const worker of workers) void worker.terminate();
    };
    process.once('SIGINT', stop);
    const feed = (worker: Worker): void => {
      if (next < seeds) worker.postMessage((first + next++) >>> 0);
      else void worker.terminate();
    };
    for (let index = 0; index < Math.min(threads, seeds); index++) {
      const workerData: SoakWorkerData = { task: 'soak', connections };
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData });
      workers.add(worker);
      worker.on('message', (result: SoakAnswer) => {
        if (result.findings.length > 0) progress.clear();
        done(result);
        progress.step();
        feed(worker);
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        workers.delete(worker);
        if (workers.size > 0) return;
        process.removeListener('SIGINT', stop);
        progress.clear();
        resolve(stopped);
      });
      feed(worker);
    }
  });
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
  recorder.flush();
  sink.close();
  const result = run.result();
  if (options.json === true) process.stdout.write(JSON.stringify(result, null, 2) + '\n');
  else
    process.stdout.write(
      result.findings.length === 0 ? `seed ${seed}: nothing found\n` : failureText(result, options),
    );
  return result.findings.length === 0 ? 0 : 1;
}

function add(tally: Tally, result: SoakResult): void {
  tally.done++;
  tally.calls += result.calls;
  tally.events += result.events;
  tally.chimneyBytes += result.chimneyBytes;
  for (const name of soakActionNames) tally.actions[name] = (tally.actions[name] ?? 0) + result.actions[name];
  if (result.findings.length > 0) tally.failures.push(result);
}

/** The command that repeats one seed. */
function repeatCommand(seed: number, connections: number): string {
  return `npx chimneysweep soak --seeds 1 --first ${seed} --connections ${connections}`;
}

function failureText({ seed, findings }: SoakResult, { connections }: SoakOptions): string {
  const shown = findings.slice(0, mostFindings).map((finding) => `  ${finding}`);
  if (findings.length > mostFindings) shown.push(`  and ${findings.length - mostFindings} more`);
  const lines = [`FAILED seed ${seed}:`, ...shown, `  again: ${repeatCommand(seed, connections)}`];
  return lines.join('\n') + '\n';
}

function tallyText({ failures, actions, done, calls, chimneyBytes }: Tally, seconds: number): string {
  const taken = Object.entries(actions).map(([name, count]) => `${name} ${count}`);
  const failed = failures.length === 0 ? 'nothing found' : `${failures.length} failed`;
  const lines = [
    `${failures.length === 0 ? 'OK' : 'FAILED'}: ${done} seeds, ${failed}, in ${seconds.toFixed(1)} s`,
    `  calls recorded    ${calls}`,
    `  bytes by chimney  ${chimneyBytes}`,
    `  actions           ${taken.join(', ')}`,
  ];
  if (failures.length > 0) lines.push(`  failing seeds     ${failures.map(({ seed }) => seed).join(' ')}`);
  return lines.join('\n') + '\n';
}

function resultJson(tally: Tally, options: SoakOptions, seconds: number, stopped: boolean): string {
  const { failures, ...totals } = tally;
  const failed = failures.map((result) => ({
    ...result,
    again: repeatCommand(result.seed, options.connections),
  }));
  const { seeds, first, connections } = options;
  return (
    JSON.stringify(
      {
        seeds,
        first,
        connections,
        stopped,
        ...totals,
        wallTimeMs: Math.round(seconds * 1000),
        failures: failed,
      },
      null,
      2,
    ) + '\n'
  );
}

/** One line on a terminal that counts seeds; nothing where standard error is no terminal. */
class ProgressLine {
  private done = 0;
  private shownAt = -Infinity;
  private shown = false;

  constructor(private readonly seeds: number) {}

  step(): void {
    this.done++;
    if (!process.stderr.isTTY || performance.now() - this.shownAt < progressInterval) return;
    this.shownAt = performance.now();
    this.shown = true;
    process.stderr.write(`\r${this.done} of ${this.seeds} seeds (Ctrl+C stops)`);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
    this.shownAt = -Infinity;
  }
}
