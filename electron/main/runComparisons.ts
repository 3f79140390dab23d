/** Compares a run that has been made again with the one before it, in a thread, and tells the window what came of it. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { runComparisonSchema } from '../../shared/contract/runComparison';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { CompareTask } from '../engine/compareRuns';

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: runComparisonSchema }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** Memory that a comparison may take, MB. */
const heapMegabytes = 3072;

/** See the file's head. Only the newest comparison is told. */
export class RunComparisons {
  private worker: Worker | undefined;

  constructor(private readonly emit: (event: TraceStreamEvent) => void) {}

  /** Compares two traces. */
  start(task: CompareTask): void {
    this.stop();
    const worker = new Worker(path.join(__dirname, 'compareThread.js'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    this.worker = worker;
    const tell = (event: TraceStreamEvent): void => {
      if (this.worker !== worker) return;
      this.worker = undefined;
      this.emit(event);
    };
    worker.on('message', (message: unknown) => {
      const answer = answerSchema.parse(message);
      tell(
        answer.ok
          ? { kind: 'compared', comparison: answer.value }
          : { kind: 'not-compared', message: answer.error },
      );
    });
    worker.on('error', (error) => {
      tell({ kind: 'not-compared', message: `The runs could not be compared: ${error.message}` });
    });
  }

  /** Forgets the comparison under way. */
  stop(): void {
    void this.worker?.terminate();
    this.worker = undefined;
  }
}
