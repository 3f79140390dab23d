/** What waits for something to come to its end: a pause, a power state, an unbind. */

interface Waiter {
  readonly isReady: () => boolean;
  readonly then: () => void;
}

/** See the file's head. */
export class Waiters {
  private waiting: readonly Waiter[] = [];

  constructor(
    /** Runs a look in a call of its own, soon. */
    private readonly schedule: (look: () => void) => void,
  ) {}

  /** Calls `then` once `isReady` holds; it is asked soon, and whenever something has ended. */
  when(isReady: () => boolean, then: () => void): void {
    this.waiting = [...this.waiting, { isReady, then }];
    this.ended();
  }

  /** Something has come to its end: what waited for it goes on, in a call of its own. */
  readonly ended = (): void => {
    if (this.waiting.length === 0) return;
    this.schedule(() => {
      const ready = this.waiting.filter(({ isReady }) => isReady());
      this.waiting = this.waiting.filter((waiter) => !ready.includes(waiter));
      for (const { then } of ready) then();
    });
  };
}
