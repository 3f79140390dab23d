import type { EventId } from '../../../shared/trace/records';
import type { EventTarget } from '../clock/scheduler';
import type { Machine } from './machine';

/** What happens when a timer expires: a function, or an object that needs none of its own for that. */
export type TimerRoutine = (() => void) | { expire(): void };

/**
 * A timer that may be re-armed at every segment at no cost: the deadline is a number, and one event in the queue is moved only
 * when it comes too late or fires too early.
 */
export class Timer implements EventTarget {
  /** When it expires, in virtual ns; Infinity while stopped. */
  private deadline = Infinity;
  private queuedFor = Infinity;
  /** What the deadline came from: the cause of what happens when it has passed. */
  private armedBy: EventId | undefined;
  /** A later deadline that an earlier one has displaced, and what that came from: it comes back when the earlier one has passed. */
  private displaced = Infinity;
  private displacedBy: EventId | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly routine: TimerRoutine,
    /** Processor that it expires on; the one that arms it if absent. */
    private readonly processor?: number,
  ) {}

  /** Arms the timer for an absolute time; Infinity stops it. */
  set(deadline: number): void {
    if (deadline !== this.deadline) this.noteCause(deadline);
    this.deadline = deadline;
    if (deadline < this.queuedFor) {
      this.queuedFor = deadline;
      this.machine.schedule(deadline, this, deadline, undefined, this.processor);
    }
  }

  /** Disarms the timer. */
  stop(): void {
    this.deadline = Infinity;
  }

  onEvent(scheduledFor: number): void {
    if (scheduledFor !== this.queuedFor) return;
    this.queuedFor = Infinity;
    if (this.deadline === Infinity) return;
    if (this.deadline > this.machine.now) {
      this.set(this.deadline);
      return;
    }
    this.deadline = Infinity;
    this.machine.cause = this.armedBy;
    if (typeof this.routine === 'function') this.routine();
    else this.routine.expire();
  }

  private noteCause(deadline: number): void {
    if (deadline === this.displaced) {
      this.armedBy = this.displacedBy;
      this.displaced = Infinity;
      return;
    }
    if (deadline < this.deadline) {
      this.displaced = this.deadline;
      this.displacedBy = this.armedBy;
    }
    this.armedBy = this.machine.currentCause;
  }
}
