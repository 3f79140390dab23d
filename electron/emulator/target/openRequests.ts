/** Requests about objects that have not been completed: no terminate of such an object is completed before them (TRM-017). */
import type { Kernel, Outstanding } from '../kit';
import type { TargetContext } from './contexts';

/** Virtual ns after which a processor looks again whether another has completed its request. */
const spinTime = 500;

/** See the file's head. It counts forwards, queries, updates and invalidations; everything else a terminate completes by itself. */
export class OpenRequests {
  private readonly counts = new Map<TargetContext, number>();

  constructor(private readonly kernel: Kernel) {}

  /** A request names an object. */
  begin(object: TargetContext): void {
    this.counts.set(object, (this.counts.get(object) ?? 0) + 1);
  }

  /** The completion of a request that names an object has returned. */
  end(object: TargetContext): void {
    const left = (this.counts.get(object) ?? 0) - 1;
    if (left > 0) this.counts.set(object, left);
    else this.counts.delete(object);
  }

  /** Does what must not happen before the requests about these objects have been completed: now, or on a processor as soon as they have. */
  whenCompleted(objects: readonly TargetContext[], processor: number, work: () => void): void {
    if (this.counts.size === 0 || !objects.some((object) => this.counts.has(object))) {
      work();
      return;
    }
    this.kernel.queueDeferredCall(
      () => {
        this.whenCompleted(objects, processor, work);
      },
      spinTime,
      processor,
    );
  }

  /** Objects that are named by requests under way. */
  get outstanding(): Outstanding {
    return { 'objects with requests under way': this.counts.size };
  }
}
