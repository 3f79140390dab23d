/** A thread of `chimneysweep soak`: takes seeds one at a time and answers what each has found. */
import { parentPort, workerData } from 'node:worker_threads';
import { silentProbe } from '../emulator/observe/silentProbe';
import { soak, type SoakResult } from '../emulator/soak/soakRun';

/** What the thread is made with; tells it from threads of others. */
export interface SoakWorkerData {
  readonly task: 'soak';
  readonly connections: number;
}

/** What the thread answers for each seed that it is sent. */
export type SoakAnswer = SoakResult;

/** Whether this thread is one of `chimneysweep soak`. */
export function isSoakWorker(): boolean {
  return (workerData as SoakWorkerData | null)?.task === 'soak';
}

/** Serves the thread's seeds. */
export function serveSoak(): void {
  const { connections } = workerData as SoakWorkerData;
  parentPort?.on('message', (seed: number) => {
    parentPort?.postMessage(soak(silentProbe(), { seed, connections }) satisfies SoakAnswer);
  });
}
