/** A thread that checks a recording while it is made: it reads the bytes that go into the file, and tells what the rules find. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { Finding } from '../../shared/rules/engine/finding';
import { flawOf } from '../../shared/trace/traceError';
import { zlibCodec } from '../files/zlibCodec';
import { answerOf, checkerOf, type CheckAnswer, type CheckTask } from './checkWork';

/** What the thread is made with. */
export interface CheckerThreadData {
  readonly checkTask: CheckTask;
  /** Takes what it has to say. */
  readonly port: MessagePort;
  /** Of `CheckerProgress`; shared, so that a recording that never rests can look. */
  readonly progress: SharedArrayBuffer;
}

/** Places in the shared numbers. */
export const checkerProgress = {
  /** Pieces of the recording that have been read. */
  taken: 0,
  /** 1 once the thread reads no more. */
  ended: 1,
} as const;

/** What the thread is told: the next bytes of the recording, or that there are no more. */
export type ToChecker = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'end' };

/** What it says. */
export type FromChecker =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'answer'; readonly answer: CheckAnswer }
  /** The bytes are no trace. */
  | { readonly kind: 'refusal'; readonly message: string };

/** Whether this thread is one that checks. */
export function isCheckerThread(): boolean {
  return (workerData as Partial<CheckerThreadData> | null)?.checkTask !== undefined;
}

/** Serves the recording that the thread is for. */
export function serveChecker(): void {
  const { checkTask, port, progress } = workerData as CheckerThreadData;
  const counters = new Int32Array(progress);
  const say = (message: FromChecker): void => {
    port.postMessage(message);
  };
  const checker = checkerOf(checkTask);
  checker.onFinding = (finding) => {
    say({ kind: 'finding', finding });
  };
  const model = new TraceModel(zlibCodec, [checker]);
  // Whatever ends the thread: nobody may wait for it any longer.
  process.on('exit', () => {
    Atomics.store(counters, checkerProgress.ended, 1);
    Atomics.notify(counters, checkerProgress.taken);
  });
  parentPort?.on('message', (message: ToChecker) => {
    if (message.kind === 'bytes') {
      model.push(message.bytes);
      Atomics.add(counters, checkerProgress.taken, 1);
      Atomics.notify(counters, checkerProgress.taken);
      return;
    }
    const ending = model.close();
    if (ending.ok) say({ kind: 'answer', answer: answerOf(checkTask, model, checker, flawOf(ending.value)) });
    else say({ kind: 'refusal', message: ending.error.message });
    port.close();
    parentPort?.close();
  });
}
