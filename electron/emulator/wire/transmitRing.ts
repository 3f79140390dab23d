import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';

/** What hardware keeps time by: the machine's clock, in virtual ns, and events on it. */
export type HardwareClock = Pick<Machine, 'now' | 'schedule'>;

/**
 * The short queue between a TCP engine and its wire. An engine that asks for room before each segment stops within a few frames
 * when it is told to, and knows what it has really sent.
 */
export class TransmitRing implements EventTarget {
  private lastBitLeaves = 0;
  private scheduled = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly clock: HardwareClock,
    /** Longest wait of a frame in the ring, ns. */
    private readonly depth: number,
  ) {}

  /** Whether another frame may be queued now. */
  get hasRoom(): boolean {
    return this.lastBitLeaves - this.clock.now < this.depth;
  }

  /** Engines that wait for room. */
  get waiters(): number {
    return this.waiting.size;
  }

  /** When everything queued so far will have left, virtual ns; not before now. */
  get idleAt(): number {
    return Math.max(this.lastBitLeaves, this.clock.now);
  }

  /** A frame has been queued whose last bit leaves at `leaves`. */
  queued(leaves: number): void {
    if (leaves > this.lastBitLeaves) this.lastBitLeaves = leaves;
  }

  /** Calls `resume` once when there is room again; those who wait longest come first. */
  wait(resume: () => void): void {
    this.waiting.add(resume);
    this.schedule();
  }

  onEvent(): void {
    this.scheduled = false;
    for (const resume of this.waiting) {
      // One of many may have filled the ring: nobody behind it could do anything now.
      if (!this.hasRoom) break;
      this.waiting.delete(resume);
      resume();
    }
    if (this.waiting.size > 0) this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    const at = Math.max(this.clock.now, this.lastBitLeaves - this.depth + 1);
    this.clock.schedule(at, this, 0, undefined, surroundings);
  }
}
