/** A thread that walks seeds: takes them one at a time and answers what each has found. */
import { parentPort, workerData } from 'node:worker_threads';
import { silentProbe } from '../emulator/observe/silentProbe';
import { soak, type SoakResult } from '../emulator/soak/soakRun';
import { checkTransparency, type TransparencyResult } from '../emulator/transparency/transparencyRun';

/** What a thread answers for each seed, by its task. */
export interface SeedResults {
  readonly soak: SoakResult;
  readonly transparency: TransparencyResult;
}

/** What can be done with seeds. */
export type SeedTask = keyof SeedResults;

/** What the thread is made with; tells it from threads of others. */
export interface SeedWorkerData<Task extends SeedTask = SeedTask> {
  readonly task: Task;
  readonly connections: number;
}

/** Whether this thread is one that walks seeds. */
export function isSeedWorker(): boolean {
  const task = (workerData as SeedWorkerData | null)?.task;
  return task === 'soak' || task === 'transparency';
}

/** Serves the thread's seeds. */
export function serveSeeds(): void {
  const { task, connections } = workerData as SeedWorkerData;
  parentPort?.on('message', (seed: number) => {
    const settings = { seed, connections };
    parentPort?.postMessage(task === 'soak' ? soak(silentProbe(), settings) : checkTransparency(settings));
  });
}
