/** Indications about an adapter or a neighbor that are on their way up: no terminate is completed meanwhile (TRM-018). */
import { DISPATCH_LEVEL } from '../machine/processor';
import type { Kernel } from './kernel';

/** Virtual ns after which a processor looks again whether another has come back. */
const spinTime = 500;

/** See the file's head. */
export class OpenIndications {
  private count = 0;

  constructor(private readonly kernel: Kernel) {}

  /** Makes such an indication, at DISPATCH_LEVEL. */
  make(indication: () => void): void {
    this.count++;
    this.kernel.atLeast(DISPATCH_LEVEL, indication);
    this.count--;
  }

  /** Does what must not happen while one is on its way up: now, or as soon as all have returned. */
  whenReturned(work: () => void): void {
    if (this.count === 0) {
      work();
      return;
    }
    this.kernel.queueDeferredCall(() => {
      this.whenReturned(work);
    }, spinTime);
  }
}
