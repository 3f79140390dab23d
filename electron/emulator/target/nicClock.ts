import type { Kernel } from '../kit';
import { advance } from '../tcp/sequenceNumber';

/** Ticks of the adapter's own timer per second; host ticks are scaled to it (RCH-002). */
const nicTicksPerSecond = 1000;

/** NCT: the adapter's free-running clock of 32 bits, a tick a millisecond (section 7 of the state digest). */
export class NicClock {
  constructor(
    private readonly kernel: Pick<Kernel, 'now'>,
    /** Where it stands when virtual time is 0, in its ticks. */
    private readonly origin: number,
  ) {}

  /** NCT, modulo 2^32. */
  get now(): number {
    return advance(Math.floor((this.kernel.now * nicTicksPerSecond) / 1e9), this.origin);
  }

  /** Ticks of this clock since one of its times, modulo 2^32. */
  since(time: number): number {
    return (this.now - time) >>> 0;
  }

  /** Ticks of this clock for ticks of the host's. */
  fromHostTicks(ticks: number, ticksPerSecond: number): number {
    return Math.floor((ticks * nicTicksPerSecond) / ticksPerSecond);
  }

  /** Ticks of the host's clock for ticks of this one. */
  toHostTicks(ticks: number, ticksPerSecond: number): number {
    return Math.floor((ticks * ticksPerSecond) / nicTicksPerSecond);
  }
}
