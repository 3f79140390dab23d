/**
 * The emulated computer and its surroundings: clock, chance, addresses, processors and the causal thread. Everything that happens runs
 * as an event of its scheduler, on a processor or, where hardware acts by itself, in the surroundings.
 *
 * Only one thing happens at a time, but not one after the other: wherever a processor crosses the door of NDIS, the others go on until
 * they have reached the same moment. So handlers of a driver run while another of its handlers is on its way, as on real processors.
 */
import { Random } from '../../../shared/base/random';
import type { EventId, Irql } from '../../../shared/trace/records';
import { Scheduler, surroundings, type EventHost, type EventTarget } from '../clock/scheduler';
import type { Probe } from '../probe';
import { AddressSpace } from './addressSpace';
import { DISPATCH_LEVEL, PASSIVE_LEVEL, Processor } from './processor';

export { DISPATCH_LEVEL, PASSIVE_LEVEL } from './processor';
export { surroundings } from '../clock/scheduler';

/** Stream of chance that picks processors for worker threads. */
const workerStream = 6;

/** Entries of the indirection table that a hash is looked up in (WDK "Receive Side Scaling"). */
const indirectionTableSize = 128;

/** Most processors that a machine can have: one group of Windows. */
export const mostProcessors = 64;

/** See the file's head. */
export class Machine implements EventHost {
  readonly scheduler = new Scheduler();
  readonly addresses = new AddressSpace();
  private readonly processors: readonly Processor[];
  private readonly outside = new Processor(surroundings);
  private current: Processor;
  private readonly workers: Random;

  constructor(
    readonly probe: Probe,
    /** Seed of all chance in the run. */
    readonly seed: number,
    /** Number of processors, 1 to {@link mostProcessors}. */
    processorCount = 1,
  ) {
    if (!(processorCount >= 1 && processorCount <= mostProcessors))
      throw new RangeError(`a machine has 1 to ${mostProcessors} processors, not ${processorCount}`);
    this.processors = Array.from({ length: processorCount }, (_, number) => new Processor(number));
    this.current = this.processors[0]!;
    this.workers = this.random(workerStream);
  }

  /** Virtual time in ns. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Number of processors. */
  get processorCount(): number {
    return this.processors.length;
  }

  /** Processor that runs now; {@link surroundings} while hardware acts by itself. */
  get processor(): number {
    return this.current.number;
  }

  /** Interrupt request level of the processor that runs now. */
  get irql(): Irql {
    return this.current.irql;
  }

  set irql(irql: Irql) {
    this.current.irql = irql;
  }

  /** Event that led to what runs now, when no recorded call is open. */
  get cause(): EventId | undefined {
    return this.current.cause;
  }

  set cause(cause: EventId | undefined) {
    this.current.cause = cause;
  }

  /** Calls that have been entered on this processor and not returned, outermost first. */
  get openCalls(): EventId[] {
    return this.current.openCalls;
  }

  /** What a thing that happens now has as its cause: the innermost open call, or else what the running event came from. */
  get currentCause(): EventId | undefined {
    const { openCalls, cause } = this.current;
    return openCalls.length > 0 ? openCalls[openCalls.length - 1] : cause;
  }

  /** The processor that receive side scaling assigns to a hash value. */
  processorForHash(hash: number): number {
    return (hash % indirectionTableSize) % this.processors.length;
  }

  /** An independent generator; equal seeds and streams give equal numbers. */
  random(stream: number): Random {
    return new Random(this.seed, stream);
  }

  /** Schedules an event, on the processor that runs now unless `place` names another; it runs at DISPATCH_LEVEL, as DPCs do. */
  schedule(
    at: number,
    target: EventTarget,
    argument = 0,
    payload?: unknown,
    place = this.current.number,
  ): void {
    this.scheduler.schedule(at, target, argument, payload, this.currentCause, place);
  }

  /** Runs `work` once after `delay` ns at PASSIVE_LEVEL, as a work item does: on whatever processor a worker thread has. */
  queueWorkItem(delay: number, work: () => void): void {
    const count = this.processors.length;
    const item: EventTarget = {
      onEvent: () => {
        this.irql = PASSIVE_LEVEL;
        work();
      },
    };
    this.schedule(this.now + delay, item, 0, undefined, count === 1 ? 0 : this.workers.nextBelow(count));
  }

  /** Runs `work` once after `delay` ns at DISPATCH_LEVEL, as a deferred procedure call does; here, or on another processor. */
  queueDeferredCall(delay: number, work: () => void, processor = this.current.number): void {
    this.schedule(this.now + delay, { onEvent: work }, 0, undefined, processor);
  }

  /** Runs `work` on a processor: at once where that is free or the present one, and else as soon as it is free. */
  runOn(processor: number, work: () => void): void {
    if (processor === this.current.number) {
      work();
      return;
    }
    const other = this.place(processor);
    if (other.busy) {
      this.queueDeferredCall(0, work, processor);
      return;
    }
    const before = this.current;
    const { currentCause } = this;
    this.begin(processor, currentCause);
    work();
    this.end(processor);
    this.current = before;
    this.scheduler.release(processor);
  }

  /** Runs `work` at a level that is at least `irql`, as KeRaiseIrql and KeLowerIrql around it do. */
  atLeast<Answer>(irql: Irql, work: () => Answer): Answer {
    const processor = this.current;
    const before = processor.irql;
    if (irql > before) processor.irql = irql;
    const answer = work();
    processor.irql = before;
    return answer;
  }

  /** Runs the next event; false when none is left. */
  step(): boolean {
    const ran = this.scheduler.step(this);
    this.rest();
    return ran;
  }

  /** Runs everything that is due by `time`, virtual ns. The clock stops at the last event: it goes on only where something happens. */
  runUntil(time: number): void {
    while (this.scheduler.step(this, time));
    this.rest();
  }

  /** Between events: what somebody does now comes from outside, not from what happened last. */
  private rest(): void {
    const first = this.processors[0]!;
    first.cause = undefined;
    this.current = first;
  }

  /** Lets everybody else reach the present moment: runs what is due elsewhere. */
  interleave(): void {
    const { scheduler } = this;
    const limit = scheduler.now;
    if (scheduler.nextTime > limit) return;
    const { current } = this;
    // A caller from outside any event, such as a test, holds its processor too.
    const wasBusy = current.busy;
    current.busy = current !== this.outside;
    while (scheduler.step(this, limit));
    this.current = current;
    current.busy = wasBusy;
    if (!wasBusy) scheduler.release(current.number);
  }

  isBusy(place: number): boolean {
    return this.place(place).busy;
  }

  begin(place: number, cause: EventId | undefined): void {
    const processor = this.place(place);
    // What hardware does by itself takes no time, and never waits.
    processor.busy = place !== surroundings;
    processor.cause = cause;
    processor.irql = DISPATCH_LEVEL;
    this.current = processor;
  }

  end(place: number): void {
    this.place(place).busy = false;
  }

  private place(number: number): Processor {
    return number === surroundings ? this.outside : this.processors[number]!;
  }
}
