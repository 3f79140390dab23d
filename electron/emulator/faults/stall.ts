/** A driver that does nothing for a while: what goes in and out of it waits here, in order. */
import type { EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';

/** Something that waits. */
interface Held {
  readonly processor: number;
  readonly work: () => void;
}

/** See the file's head. One for each adapter. */
export class Stall {
  private readonly held: Held[] = [];
  private until = -Infinity;
  private note: EventId | undefined;

  constructor(private readonly machine: Machine) {}

  /** Whether it does nothing now. */
  get isUnderWay(): boolean {
    return this.machine.now < this.until || this.held.length > 0;
  }

  /** It does nothing for so many ns from now on; `note` is what says so. */
  begin(duration: number, note: EventId): void {
    const { machine } = this;
    this.until = Math.max(this.until, machine.now + duration);
    this.note = note;
    machine.queueDeferredCall(duration, () => {
      this.end();
    });
  }

  /** Does something now, or when the stall has ended; answers whether it was now. */
  pass(work: () => void): boolean {
    if (!this.isUnderWay) {
      work();
      return true;
    }
    this.held.push({ processor: this.machine.processor, work });
    return false;
  }

  private end(): void {
    const { machine, note } = this;
    if (machine.now < this.until) return;
    // What comes while they are done queues up behind them.
    const first = this.held[0];
    if (first === undefined) return;
    const goOn = (): void => {
      machine.cause = note;
      first.work();
      this.held.shift();
      this.end();
    };
    machine.queueDeferredCall(0, goOn, Math.max(0, first.processor));
  }
}
