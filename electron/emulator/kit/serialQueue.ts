/**
 * One thing at a time, for drivers that don't want to think about several processors: what NDIS did for serialized miniports until
 * version 5. Work that comes while other work is under way, on whatever processor, is done behind it by whoever is at it.
 */
import { DISPATCH_LEVEL } from '../machine/processor';
import type { Kernel } from './kernel';

/** See the file's head. */
export class SerialQueue {
  private readonly waiting: (() => void)[] = [];
  private busy = false;

  constructor(private readonly kernel: Kernel) {}

  /** Does `work` at DISPATCH_LEVEL: now, or as soon as what is under way has ended. */
  readonly run = (work: () => void): void => {
    this.waiting.push(work);
    if (this.busy) return;
    this.busy = true;
    this.kernel.atLeast(DISPATCH_LEVEL, () => {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next();
    });
    this.busy = false;
  };

  /** Does `work` in a deferred procedure call of its own, after `delay` ns. */
  readonly later = (work: () => void, delay = 0): void => {
    this.kernel.queueDeferredCall(() => {
      this.run(work);
    }, delay);
  };
}
