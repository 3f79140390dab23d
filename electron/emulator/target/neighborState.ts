import type { NEIGHBOR_OFFLOAD_STATE_DELEGATED } from '../ndis/offloadState';
import type { NeighborContext } from './contexts';
import type { TargetAdapter } from './targetAdapter';

/** The delegated variables of a neighbor now: ticks since the target last saw it answer. */
export function neighborDelegated(
  adapter: TargetAdapter,
  neighbor: NeighborContext,
): NEIGHBOR_OFFLOAD_STATE_DELEGATED {
  const tick = 1e9 / adapter.settings.tcp.ticksPerSecond;
  return { NicReachabilityDelta: Math.floor((adapter.machine.now - neighbor.confirmedAt) / tick) };
}
