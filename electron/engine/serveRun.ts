/** The thread of one run: records it, and answers who interrupts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { LiveRun } from './liveRun';
import {
  interruptionName,
  type FromRun,
  type Interruption,
  type InterruptionAnswer,
  type RunThreadData,
} from './runTask';
import { runPhases, ThreadState } from './threadState';
import { WishPort } from './wishPort';

/** Serves the run that the thread is for. */
export function serveRun(): void {
  const { runTask, port, state: buffer, limits } = workerData as RunThreadData;
  const state = new ThreadState(buffer);
  const tell = (message: FromRun): void => {
    const { kind } = message;
    const bytes = kind === 'stream' && message.event.kind === 'bytes' ? message.event.bytes : undefined;
    parentPort?.postMessage(message, bytes === undefined ? [] : [bytes.buffer as ArrayBuffer]);
  };
  const exit = process.exit.bind(process);
  const endThread = (): void => {
    exit(0);
  };
  const run = new LiveRun(runTask, {
    wishes: new WishPort(port, state),
    state,
    limits,
    tell,
    endThread,
  });
  // A module that wants to end the process ends its run.
  process.exit = (code) => {
    run.exited(String(code ?? ''));
    return exit(code ?? 0);
  };
  process.on('uncaughtException', (error) => {
    run.broken(error);
    exit(1);
  });
  const answer = (interruption: Interruption): InterruptionAnswer => run.interrupted(interruption);
  Object.defineProperty(globalThis, interruptionName, { value: answer });
  void run.record().finally(() => {
    state.phase = runPhases.ending;
    port.close();
    parentPort?.close();
  });
}
