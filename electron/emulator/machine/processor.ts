/** A processor of the emulated machine, or what stands for its surroundings. */
import type { EventId, Irql } from '../../../shared/trace/records';

/** Interrupt request levels by their WDK names. */
export const PASSIVE_LEVEL: Irql = 0;
export const DISPATCH_LEVEL: Irql = 2;

/** See the file's head: what runs there now. */
export class Processor {
  /** Level that it runs at just now. */
  irql: Irql = PASSIVE_LEVEL;
  /** Event that led to what runs now, when no recorded call is open. */
  cause: EventId | undefined;
  /** Calls that have been entered and not returned, outermost first. */
  readonly openCalls: EventId[] = [];
  /** Whether it is in the middle of an event. */
  busy = false;

  constructor(
    /** From 0; the surroundings have -1. */
    readonly number: number,
  ) {}
}
