/**
 * The emulated computer and its surroundings: clock, chance, addresses, the current interrupt request level and the causal
 * thread. Everything that happens runs as an event of its scheduler.
 */
import { Random } from '../../../shared/base/random';
import type { EventId, Irql } from '../../../shared/trace/records';
import { Scheduler, type EventTarget } from '../clock/scheduler';
import type { Probe } from '../probe';
import { AddressSpace } from './addressSpace';

/** Interrupt request levels by their WDK names. */
export const PASSIVE_LEVEL: Irql = 0;
export const DISPATCH_LEVEL: Irql = 2;

/** See the file's head. */
export class Machine {
  readonly scheduler = new Scheduler();
  readonly addresses = new AddressSpace();
  /** Level that the processor runs at just now. */
  irql: Irql = PASSIVE_LEVEL;
  /** Event that led to what runs now, when no recorded call is open. */
  cause: EventId | undefined;
  /** Calls that have been entered and not returned, outermost first. */
  readonly openCalls: EventId[] = [];

  private readonly beforeEvent = (cause: EventId | undefined): void => {
    this.cause = cause;
    this.irql = DISPATCH_LEVEL;
  };

  constructor(
    readonly probe: Probe,
    /** Seed of all chance in the run. */
    readonly seed: number,
  ) {}

  /** Virtual time in ns. */
  get now(): number {
    return this.scheduler.now;
  }

  /** What a thing that happens now has as its cause: the innermost open call, or else what the running event came from. */
  get currentCause(): EventId | undefined {
    return this.openCalls.length > 0 ? this.openCalls[this.openCalls.length - 1] : this.cause;
  }

  /** An independent generator; equal seeds and streams give equal numbers. */
  random(stream: number): Random {
    return new Random(this.seed, stream);
  }

  /** Schedules an event; it runs at DISPATCH_LEVEL, as timer DPCs and receive DPCs do. */
  schedule(at: number, target: EventTarget, argument = 0, payload?: unknown): void {
    this.scheduler.schedule(at, target, argument, payload, this.currentCause);
  }

  /** Runs `work` once after `delay` ns at PASSIVE_LEVEL, as a work item does. */
  queueWorkItem(delay: number, work: () => void): void {
    this.schedule(this.now + delay, {
      onEvent: () => {
        this.irql = PASSIVE_LEVEL;
        work();
      },
    });
  }

  /** Runs `work` once after `delay` ns at DISPATCH_LEVEL, as a deferred procedure call does. */
  queueDeferredCall(delay: number, work: () => void): void {
    this.schedule(this.now + delay, { onEvent: work });
  }

  /** Runs `work` at a level that is at least `irql`, as KeRaiseIrql and KeLowerIrql around it do. */
  atLeast<Answer>(irql: Irql, work: () => Answer): Answer {
    const before = this.irql;
    if (irql > before) this.irql = irql;
    const answer = work();
    this.irql = before;
    return answer;
  }

  /** Runs the next event; false when none is left. */
  step(): boolean {
    return this.scheduler.step(this.beforeEvent);
  }
}
