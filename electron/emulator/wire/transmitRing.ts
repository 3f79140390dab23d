import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';

/** What hardware keeps time by: the machine's clock, in virtual ns, and events on it. */
export type HardwareClock = Pick<Machine, 'now' | 'schedule'>;

/** Who waits for room in a ring. It is its own place in the queue, so that waiting allocates nothing. */
export interface RoomWaiter {
  /** Whether it waits; the ring's to write. False at first. */
  waitsForRoom: boolean;
  /** There is room again. */
  resume(): void;
}

/**
 * The short queue between a TCP engine and its wire. An engine that asks for room before each segment stops within a few frames
 * when it is told to, and knows what it has really sent.
 */
export class TransmitRing implements EventTarget {
  private lastBitLeaves = 0;
  private scheduled = false;
  /** Those who wait, longest first, from `head` on and around the end; its length is a power of two. */
  private waiting: (RoomWaiter | undefined)[] = new Array<undefined>(16).fill(undefined);
  private head = 0;
  private count = 0;

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
    return this.count;
  }

  /** When everything queued so far will have left, virtual ns; not before now. */
  get idleAt(): number {
    return Math.max(this.lastBitLeaves, this.clock.now);
  }

  /** A frame has been queued whose last bit leaves at `leaves`. */
  queued(leaves: number): void {
    if (leaves > this.lastBitLeaves) this.lastBitLeaves = leaves;
  }

  /** Calls `resume` once when there is room again; those who wait longest come first. Who waits already keeps its place. */
  wait(waiter: RoomWaiter): void {
    if (!waiter.waitsForRoom) {
      waiter.waitsForRoom = true;
      if (this.count === this.waiting.length) this.grow();
      this.waiting[(this.head + this.count++) & (this.waiting.length - 1)] = waiter;
    }
    this.schedule();
  }

  onEvent(): void {
    this.scheduled = false;
    // One of many may have filled the ring: nobody behind it could do anything now.
    while (this.count > 0 && this.hasRoom) {
      const waiter = this.waiting[this.head]!;
      this.waiting[this.head] = undefined;
      this.head = (this.head + 1) & (this.waiting.length - 1);
      this.count--;
      waiter.waitsForRoom = false;
      waiter.resume();
    }
    if (this.count > 0) this.schedule();
  }

  private grow(): void {
    const { waiting, head } = this;
    const inOrder = [...waiting.slice(head), ...waiting.slice(0, head)];
    this.waiting = [...inOrder, ...new Array<undefined>(waiting.length).fill(undefined)];
    this.head = 0;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    const at = Math.max(this.clock.now, this.lastBitLeaves - this.depth + 1);
    this.clock.schedule(at, this, 0, undefined, surroundings);
  }
}
