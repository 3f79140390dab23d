/** The thread's end of what is wished of its run: taken without the event loop, which does not turn while the thread emulates or waits. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { RunWish } from '../recorder/runGate';
import { runPhases, type ThreadState } from './threadState';

/** See the file's head. Whoever sends a wish posts it first and then counts it. */
export class WishPort {
  private taken = 0;

  constructor(
    private readonly port: MessagePort,
    private readonly state: ThreadState,
  ) {}

  hasWish(): boolean {
    return this.state.wishes !== this.taken;
  }

  take(): RunWish | undefined {
    if (!this.hasWish()) return undefined;
    const received = receiveMessageOnPort(this.port) as { message: RunWish } | undefined;
    if (received === undefined) return undefined;
    this.taken++;
    return received.message;
  }

  /** Blocks the thread. */
  wait(): RunWish {
    for (;;) {
      const wish = this.take();
      if (wish !== undefined) return wish;
      this.rest();
    }
  }

  /** Blocks the thread until something is wished, for so many ms at most. */
  rest(milliseconds?: number): void {
    const { state, taken } = this;
    const { phase } = state;
    state.phase = runPhases.waiting;
    state.waitForWish(taken, milliseconds);
    state.phase = phase;
  }
}
