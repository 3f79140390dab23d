import type {
  NEIGHBOR_OFFLOAD_STATE_CACHED,
  NEIGHBOR_OFFLOAD_STATE_CONST,
  NEIGHBOR_OFFLOAD_STATE_DELEGATED,
} from '../kit';
import type { NeighborContext } from './contexts';

/** The delegated variables of a neighbor now: ticks since the target last saw it answer. */
export function neighborDelegated({ reachability }: NeighborContext): NEIGHBOR_OFFLOAD_STATE_DELEGATED {
  return { NicReachabilityDelta: reachability.NicReachabilityDelta };
}

/** Copies of all variables of a neighbor with the deltas that hold now, for an indication (RCH-013, RCH-015). */
export function neighborState(neighbor: NeighborContext): {
  readonly layer: 'neighbor';
  readonly const: NEIGHBOR_OFFLOAD_STATE_CONST;
  readonly cached: NEIGHBOR_OFFLOAD_STATE_CACHED;
  readonly delegated: NEIGHBOR_OFFLOAD_STATE_DELEGATED;
} {
  const { reachability } = neighbor;
  return {
    layer: 'neighbor',
    const: { ...neighbor.constState },
    cached: { ...neighbor.cached, HostReachabilityDelta: reachability.HostReachabilityDelta },
    delegated: neighborDelegated(neighbor),
  };
}
