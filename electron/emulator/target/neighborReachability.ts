/**
 * HRT and NRT of one neighbor: when the host stack and the target last knew it to be reachable, on the adapter's clock
 * (section 7 of the state digest). Deltas are unsigned 32-bit ages in host ticks; all arithmetic is modulo 2^32 (RCH-003).
 */
import { advance } from '../tcp/sequenceNumber';
import type { NicClock } from './nicClock';

/** See the file's head. */
export class NeighborReachability {
  /** HRT: changes when the neighbor is offloaded, at an update and when an indication returns (RCH-007). */
  private hostTime: number;
  /** NRT: changes with every proof that the neighbor receives (RCH-005). */
  private nicTime: number;

  constructor(
    private readonly clock: NicClock,
    /** TicksPerSecond, as the host stack has set it last. */
    private readonly ticksPerSecond: () => number,
    HostReachabilityDelta: number,
    NicReachabilityDelta: number,
  ) {
    this.hostTime = this.timeOf(HostReachabilityDelta);
    this.nicTime = this.timeOf(NicReachabilityDelta);
  }

  /** Age of the host's confirmation now, host ticks. */
  get HostReachabilityDelta(): number {
    return this.ageOf(this.hostTime);
  }

  /** Age of the target's own confirmation now, host ticks. */
  get NicReachabilityDelta(): number {
    return this.ageOf(this.nicTime);
  }

  /** The peer has proved that it receives what is sent to it (RCH-006). */
  confirm(): void {
    this.nicTime = this.clock.now;
  }

  /** The host has said how long ago it had its last confirmation, in host ticks (RCH-018). */
  takeHostDelta(HostReachabilityDelta: number): void {
    this.hostTime = this.timeOf(HostReachabilityDelta);
  }

  /** Whether neither side has had a confirmation for more than `NceStaleTicks` host ticks (RCH-008, RCH-009). */
  isStale(NceStaleTicks: number): boolean {
    const { clock } = this;
    const limit = clock.fromHostTicks(NceStaleTicks, this.ticksPerSecond());
    return clock.since(this.nicTime) > limit && clock.since(this.hostTime) > limit;
  }

  private timeOf(delta: number): number {
    return advance(this.clock.now, -this.clock.fromHostTicks(delta, this.ticksPerSecond()));
  }

  private ageOf(time: number): number {
    return this.clock.toHostTicks(this.clock.since(time), this.ticksPerSecond());
  }
}
