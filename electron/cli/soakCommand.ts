/** `chimneysweep soak`: walks seeds at random through state manipulation and faults, and accounts for everything at the end. */
import { InvalidArgumentError, type Command } from 'commander';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { traceFormatVersion } from '../../shared/trace/records';
import { SoakRun, type SoakResult } from '../emulator/soak/soakRun';
import { fileProblem } from '../files/fileProblem';
import { TraceFileSink } from '../files/traceFileSink';
import { TraceRecorder } from '../recorder/traceRecorder';
import { parseSeed } from './runCommand';
import {
  addResult,
  emptyTally,
  failureText,
  mostFailures,
  tallyJson,
  tallyText,
  type SoakRange,
} from './soakReport';
import type { SoakAnswer, SoakWorkerData } from './soakWorker';
import { applicationName } from './version';

/** Most connections of a seed; each has a local port of the ephemeral range. */
const mostConnections = 10_000;

/** Milliseconds between two progress lines on a terminal. */
const progressInterval = 500;

interface SoakOptions extends SoakRange {
  readonly threads: number;
  readonly out?: string;
  readonly json?: boolean;
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
  const tally = emptyTally();
  const stopped = await walkSeeds(options, (result) => {
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
      worker.on('error', (error) => {
        stop();
        reject(error);
      });
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
