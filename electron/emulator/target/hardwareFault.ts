/** Hardware that breaks down while it serves a request: the first step of the hardware-failure sequence (section 6 of the state digest). */

/** Requests that a hardware failure can end with NDIS_STATUS_FAILURE. */
export type FaultyOperation = 'query' | 'invalidate' | 'terminate';

/** See the file's head. */
export class HardwareFault {
  private waiting: FaultyOperation | undefined;

  /** The next request of this kind that concerns a connection finds the connection's state lost. */
  breakDuring(operation: FaultyOperation): void {
    this.waiting = operation;
  }

  /** Whether the state of these connections is lost now; a breakdown happens once, to all of them. */
  strikes(operation: FaultyOperation, connections: number): boolean {
    if (this.waiting !== operation || connections === 0) return false;
    this.waiting = undefined;
    return true;
  }
}
