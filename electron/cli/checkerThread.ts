/** A thread that checks a recording while it is made: it reads the bytes that go into the file, and tells what the rules find. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { TraceReader } from '../../shared/trace/traceReader';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { Finding } from '../../shared/rules/engine/finding';
import { flawOf } from '../../shared/trace/traceError';
import { zlibCodec } from '../files/zlibCodec';
import { answerOf, checkerOf, type CheckAnswer, type CheckTask } from './checkWork';
import { standBack, stepForward } from './threadPriority';

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
  /** 1 once the recording has ended: only the thread is waited for. */
  awaited: 2,
} as const;

/** What the thread is told: the next bytes of the recording, or that there are no more. */
export type ToChecker = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'end' };

/** What it says. */
export type FromChecker =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'answer'; readonly answer: CheckAnswer }
  /** The bytes are no trace. */
  | { readonly kind: 'refusal'; readonly message: string };

/** Serves the recording that the thread is for. */
export function serveChecker(): void {
  const { checkTask, port, progress } = workerData as CheckerThreadData;
  const counters = new Int32Array(progress);
  const say = (message: FromChecker): void => {
    port.postMessage(message);
  };
  // The recording goes first while it lasts; what is left to read then keeps the user waiting.
  standBack();
  let isBehind = true;
  const checker = checkerOf(checkTask);
  checker.onFinding = (finding) => {
    say({ kind: 'finding', finding });
  };
  const reader = new TraceReader([checker], zlibCodec, { isFresh: true });
  /** What has been read: only who has to explain a finding needs more of it than the rules do, and reads it once more. */
  const pieces: Uint8Array[] = [];
  const model = (): TraceModel => {
    const read = new TraceModel(zlibCodec);
    for (const piece of pieces) read.push(piece);
    read.close();
    return read;
  };
  // Whatever ends the thread: nobody may wait for it any longer.
  process.on('exit', () => {
    Atomics.store(counters, checkerProgress.ended, 1);
    Atomics.notify(counters, checkerProgress.taken);
  });
  parentPort?.on('message', (message: ToChecker) => {
    if (isBehind && Atomics.load(counters, checkerProgress.awaited) === 1) {
      isBehind = false;
      stepForward();
    }
    if (message.kind === 'bytes') {
      reader.push(message.bytes);
      pieces.push(message.bytes);
      Atomics.add(counters, checkerProgress.taken, 1);
      Atomics.notify(counters, checkerProgress.taken);
      return;
    }
    const ending = reader.close();
    if (ending.ok) {
      const trace = { store: reader.store, model: once(model) };
      say({ kind: 'answer', answer: answerOf(checkTask, trace, checker, flawOf(ending.value)) });
    } else say({ kind: 'refusal', message: ending.error.message });
    port.close();
    parentPort?.close();
  });
}

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
