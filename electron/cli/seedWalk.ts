/** Walks many seeds in threads: what `soak` and `transparency` share. */
import { InvalidArgumentError } from 'commander';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SeedResults, SeedTask, SeedWorkerData } from './seedWorker';

/** Milliseconds between two progress lines on a terminal. */
const progressInterval = 500;

/** Which seeds are walked, and how many at a time. */
export interface SeedRange {
  readonly seeds: number;
  readonly first: number;
  readonly threads: number;
}

/** Reads a whole number from 1 to `most`. */
export function parseCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`A whole number from 1 to ${most}.`);
    return count;
  };
}

/**
 * Walks all seeds in threads; answers whether the user has stopped it. `done` hears of each seed as it ends, in no order.
 * @param workerData tells the threads what to walk
 */
export function walkSeeds<Task extends SeedTask>(
  { seeds, first, threads }: SeedRange,
  workerData: SeedWorkerData<Task>,
  done: (result: SeedResults[Task]) => void,
): Promise<boolean> {
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
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData });
      workers.add(worker);
      worker.on('message', (result: SeedResults[Task]) => {
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
