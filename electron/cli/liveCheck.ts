/**
 * Checks a recording in a thread of its own while it is made. The thread reads the very bytes that go into the file, so that it finds what a
 * check of the file would find. A recording never rests until it has ended; what passes between the threads must do without the event loop
 * until then.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { Finding } from '../../shared/rules/engine/finding';
import type { TraceSink } from '../../shared/trace/traceEncoder';
import { checkerProgress, type CheckerThreadData, type FromChecker, type ToChecker } from './checkerThread';
import type { CheckAnswer, CheckTask } from './checkWork';

/** How a check beside a recording goes about it. */
export interface LiveCheckOptions {
  /** Program of the thread; the one that is built beside the command line if not said. */
  readonly script?: string;
  /** Bytes that the thread may lag behind before the recording waits for it. */
  readonly mostLag?: number;
  /** A thread that reads nothing for so long while the recording waits for it is given up, ms. */
  readonly patience?: number;
  /** Told of each finding, when the recording looks for them. */
  readonly onFinding?: (finding: Finding) => void;
}

/** Bytes that a recording makes in some seconds. */
const usualLag = 64 * 1024 * 1024;

const usualPatience = 60_000;

/** Memory for what is new, MB: records live until the rules have seen them, and fewer of them are copied where more fit. */
const youngGeneration = 96;

/** See the file's head: a sink for a recording, which takes what goes into the file. */
export class LiveCheck implements TraceSink {
  /** Findings so far, as far as `look` has seen. */
  findingCount = 0;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly counters = new Int32Array(new SharedArrayBuffer(12));
  private readonly mostLag: number;
  private readonly patience: number;
  private readonly onFinding: ((finding: Finding) => void) | undefined;
  /** Lengths of the pieces that have been handed over, and how many of them have been read. */
  private readonly lengths: number[] = [];
  private read = 0;
  private lag = 0;
  /** Whether the thread reads no more, and why, as soon as that is known. */
  private isLost = false;
  private reason = 'its thread stopped';
  private answer: Result<CheckAnswer, string> | undefined;
  private readonly ended: Promise<void>;

  constructor(
    task: CheckTask,
    {
      script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'checker.cjs'),
      mostLag = usualLag,
      patience = usualPatience,
      onFinding,
    }: LiveCheckOptions = {},
  ) {
    this.mostLag = mostLag;
    this.patience = patience;
    this.onFinding = onFinding;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const progress = this.counters.buffer;
    const workerData: CheckerThreadData = { checkTask: task, port: port2, progress };
    const resourceLimits = { maxYoungGenerationSizeMb: youngGeneration };
    this.worker = new Worker(script, { workerData, transferList: [port2], resourceLimits });
    this.ended = new Promise((resolve) => {
      this.worker.on('error', (error) => {
        this.isLost = true;
        this.reason = error.message;
      });
      this.worker.on('exit', () => {
        resolve();
      });
    });
  }

  /** Whether the thread has read everything that it was given, and waits for more. */
  get isIdle(): boolean {
    return this.hasCaughtUp() && !this.isLost && this.lag === 0;
  }

  /** Takes the next bytes of the recording. Waits where the thread lags too far behind; never throws: the recording goes on without a check. */
  write(bytes: Uint8Array): void {
    if (this.isLost) return;
    const copy = bytes.slice();
    this.lengths.push(copy.length);
    this.lag += copy.length;
    const message: ToChecker = { kind: 'bytes', bytes: copy };
    this.worker.postMessage(message, [copy.buffer]);
    while (!this.hasCaughtUp()) this.wait();
  }

  /** Hears what the thread has found since the last look; for a recording to call now and then. */
  look(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: FromChecker } | undefined;
      if (received === undefined) return;
      this.hear(received.message);
    }
  }

  /** The recording has ended: answers what the check found. The error says why there is none, and that the recording is whole all the same. */
  async finish(): Promise<Result<CheckAnswer, string>> {
    const end: ToChecker = { kind: 'end' };
    Atomics.store(this.counters, checkerProgress.awaited, 1);
    if (!this.isLost) this.worker.postMessage(end);
    await this.ended;
    this.look();
    this.port.close();
    return this.answer ?? fail(`The check ended early: ${this.reason}. The recording does not depend on it.`);
  }

  /** The recording is given up: nobody wants to know any more. */
  stop(): void {
    this.isLost = true;
    this.port.close();
    void this.worker.terminate();
  }

  private hear(message: FromChecker): void {
    switch (message.kind) {
      case 'finding':
        this.findingCount++;
        this.onFinding?.(message.finding);
        return;
      case 'answer':
        this.answer = succeed(message.answer);
        return;
      case 'refusal':
        this.answer = fail(message.message);
    }
  }

  /** Counts what the thread has read; answers whether that is enough, or whether nothing more will come of it. */
  private hasCaughtUp(): boolean {
    const taken = Atomics.load(this.counters, checkerProgress.taken);
    while (this.read < taken) this.lag -= this.lengths[this.read++]!;
    if (Atomics.load(this.counters, checkerProgress.ended) === 1) this.isLost = true;
    return this.isLost || this.lag <= this.mostLag;
  }

  private wait(): void {
    // Only what the thread has read since `hasCaughtUp` looked can have changed the number.
    const answer = Atomics.wait(this.counters, checkerProgress.taken, this.read, this.patience);
    if (answer !== 'timed-out' || Atomics.load(this.counters, checkerProgress.ended) === 1) return;
    this.isLost = true;
    this.reason = `its thread has read nothing for ${this.patience / 1000} s`;
    void this.worker.terminate();
  }
}
