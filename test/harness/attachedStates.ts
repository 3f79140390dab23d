import type { BlockSnapshot } from '../../shared/trace/records';

/** The state structures that follow a block in memory; the trace has the object's NDIS_OFFLOAD_HANDLE in front of them. */
export function attachedStates({ states }: BlockSnapshot): BlockSnapshot['states'] {
  return states.filter(({ structure }) => structure !== 'NDIS_OFFLOAD_HANDLE');
}
