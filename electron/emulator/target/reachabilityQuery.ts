/** NeighborReachabilityQuery: asks the host stack about a neighbor that nobody has heard of for too long (RCH-008 to RCH-019). */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, compositeStateTypes } from '../kit';
import type { NeighborContext } from './contexts';
import { neighborState } from './neighborState';
import type { TargetAdapter } from './targetAdapter';

const reachabilityQuery = constantValue('NeighborReachabilityQuery');
const reachabilityInDoubt = constantValue('NeighborReachabilityInDoubt');

/** To be called before each datagram through a neighbor: asks if both reachability times are stale, and reckons with the answer. */
export function askIfStale(adapter: TargetAdapter, neighbor: NeighborContext): void {
  if (neighbor.reachability.isStale(adapter.settings.nceStaleTicks))
    indicate(adapter, neighbor, reachabilityQuery);
}

/**
 * A segment has been retransmitted so often that the neighbor may be gone: NeighborReachabilityInDoubt (TMR-016). The pages call the
 * code reserved and yet have a parameter that asks for it (A35).
 */
export function doubt(adapter: TargetAdapter, neighbor: NeighborContext): void {
  indicate(adapter, neighbor, reachabilityInDoubt);
}

function indicate(adapter: TargetAdapter, neighbor: NeighborContext, IndicationCode: number): void {
  if (neighbor.asking) return;
  const { kernel, ndis, handle } = adapter;
  const state = neighborState(neighbor);
  const block = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
    kernel.addresses,
    'neighbor',
    compositeStateTypes.neighbor,
    state,
  );
  block.NdisOffloadHandle = neighbor.handle;
  block.Status = NDIS_STATUS.SUCCESS;
  neighbor.asking = true;
  adapter.indications.make(() => {
    ndis.NdisMOffloadEventIndicate(handle, block, IndicationCode);
  });
  neighbor.asking = false;
  neighbor.reachability.takeHostDelta(state.cached.HostReachabilityDelta);
}
