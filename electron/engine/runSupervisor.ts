/**
 * Keeps a run in a thread of its own, passes on what it says, and sees to it that the recording ends well whatever becomes of the thread: a
 * handler that never returns, an appetite for memory, the end of the thread.
 */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { fileProblem } from '../files/fileProblem';
import { saveTrace } from '../files/saveTrace';
import type { RunWish } from '../recorder/runGate';
import { recoverFile } from './recoverFile';
import type { FromRun, Interruption, RunTask, RunThreadData } from './runTask';
import { runPhases, ThreadState } from './threadState';
import { interruptThread } from './threadInterruption';

/** When a supervisor loses its patience. Looks are counted, not time: a machine that sleeps does not look. */
export interface SupervisionLimits {
  /** Time between two looks at the thread, ms. */
  readonly lookInterval: number;
  /** Looks without a new record after which the thread is asked what it does. */
  readonly idleLooks: number;
  /** Looks after the wish to stop, after which it is ended. */
  readonly stopLooks: number;
  /** Memory by which the process may grow in a run with driver modules, bytes. */
  readonly memoryBytes: number;
  /** Longest wait for an answer of the thread, ms; then it is ended without one. */
  readonly patience: number;
}

/** 3 s without a record, 5 s to stop, 1.5 GB. */
export const usualLimits: SupervisionLimits = {
  lookInterval: 100,
  idleLooks: 30,
  stopLooks: 50,
  memoryBytes: 1.5e9,
  patience: 5_000,
};

/** Memory of the JavaScript heap that the thread of a run has, MB. */
const heapMegabytes = 3072;

/** Share of the heap at which the thread itself ends a run with driver modules: what is left is for ending it. */
const heapShare = 0.6;

/** What a supervisor is made with. */
export interface SupervisorOptions {
  /** Program of the thread: `runThread.ts`, built. */
  readonly program: string;
  /** Gets what the run says, in order; `end` or `failed` comes last, and exactly once. */
  readonly onEvent: (event: TraceStreamEvent) => void;
  readonly limits?: Partial<SupervisionLimits>;
}

let nextNumber = 1;

/** See the file's head. */
export class RunSupervisor {
  /** Settles when nothing more comes. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  private readonly name = `chimneysweep-run-${nextNumber++}.`;
  private readonly port: MessagePort;
  private readonly state = new ThreadState();
  private readonly limits: SupervisionLimits;
  private readonly looks: NodeJS.Timeout;
  /** Whether `end` or `failed` has been passed on. */
  private isOver = false;
  private closed = false;
  private refusal: string | undefined;
  private lastBeats = 0;
  private idle = 0;
  /** Looks since the wish to stop; undefined before it. */
  private stopping: number | undefined;
  private interrupting = false;
  private memoryBase: number | undefined;
  /** Why the thread has died, as far as anybody has said. */
  private reason = 'the engine stopped';

  constructor(
    private readonly task: RunTask,
    private readonly options: SupervisorOptions,
  ) {
    this.limits = { ...usualLimits, ...options.limits };
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const hasModules = Object.values(task.drivers ?? {}).some((file) => file !== undefined);
    const heapBytes = hasModules ? heapMegabytes * 1e6 * heapShare : Infinity;
    const workerData: RunThreadData = {
      runTask: task,
      port: port2,
      state: this.state.buffer,
      limits: { heapBytes },
    };
    this.worker = new Worker(options.program, {
      name: this.name,
      workerData,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    this.worker.on('message', (message: FromRun) => {
      this.hear(message);
    });
    this.worker.on('error', (error) => {
      const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.reason = outOfMemory ? 'it took more memory than a run may have' : error.message;
    });
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        void this.afterExit().then(resolve);
      });
    });
    this.looks = setInterval(() => {
      this.look(hasModules);
    }, this.limits.lookInterval);
  }

  /** Wishes something of the run; nothing where it has ended. */
  wish(wish: RunWish): void {
    if (wish.kind === 'stop') this.stopping ??= 0;
    this.port.postMessage(wish);
    this.state.wish();
  }

  private hear(message: FromRun): void {
    switch (message.kind) {
      case 'stream':
        this.pass(message.event);
        return;
      case 'closed':
        this.closed = true;
        return;
      case 'refused':
        this.refusal = message.message;
    }
  }

  private pass(event: TraceStreamEvent): void {
    if (this.isOver) return;
    if (event.kind === 'end' || event.kind === 'failed') this.isOver = true;
    this.options.onEvent(event);
  }

  /** Looks at how the thread is getting on. */
  private look(hasModules: boolean): void {
    const { state, limits } = this;
    const { phase, beats } = state;
    if (this.interrupting || phase === runPhases.ending) return;
    if (this.stopping !== undefined && ++this.stopping > limits.stopLooks) {
      void this.interrupt('stop');
      return;
    }
    const isIdle = phase !== runPhases.waiting && beats === this.lastBeats;
    this.idle = isIdle ? this.idle + 1 : 0;
    this.lastBeats = beats;
    if (hasModules) {
      const memory = process.memoryUsage.rss();
      // What is set up belongs to the run: a file, the compiler, the modules.
      if (phase === runPhases.settingUp) this.memoryBase = undefined;
      else this.memoryBase ??= memory;
      if (this.memoryBase !== undefined && memory - this.memoryBase > limits.memoryBytes) {
        void this.interrupt('memory');
        return;
      }
      if (this.idle >= limits.idleLooks) void this.interrupt('no-progress');
    }
  }

  private async interrupt(why: Interruption['why']): Promise<void> {
    this.interrupting = true;
    const outcome = await interruptThread(this.worker, this.name, why, this.limits.patience);
    // Who can't be asked can't be let go on either, unless it only was busy with something of Node's.
    if (outcome === 'unreachable' && (why !== 'no-progress' || this.lastBeats === this.state.beats)) {
      this.reason = 'it did not answer any more, and was ended';
      void this.worker.terminate();
      return;
    }
    this.idle = 0;
    this.interrupting = outcome === 'closed';
  }

  private async afterExit(): Promise<void> {
    clearInterval(this.looks);
    this.port.close();
    if (this.isOver) return;
    const { tracePath } = this.task;
    if (this.refusal !== undefined) {
      this.pass({ kind: 'failed', message: this.refusal });
      return;
    }
    if (this.closed) {
      try {
        await saveTrace(tracePath, true);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        this.pass({ kind: 'failed', message: fileProblem(error, 'write', tracePath) });
        return;
      }
      this.pass({ kind: 'end' });
      return;
    }
    await recoverFile(tracePath);
    const message = `The recording ended early: ${this.reason}. What it had recorded can be saved.`;
    this.pass({ kind: 'failed', message });
  }
}
