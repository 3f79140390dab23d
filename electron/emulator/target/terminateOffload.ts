/**
 * MiniportTerminateOffload in the target: gives objects back, dependents before what they depend on, and completes
 * (WDK "Terminating Offload State").
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { walkBlocks, type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../kit';
import { neighborDelegated } from './neighborState';
import type { TargetContext } from './contexts';
import type { OffloadedConnection } from './offloadedConnection';
import type { TargetAdapter } from './targetAdapter';

/** Serves one terminate request; it is completed after `objectTime` for each object. */
export function terminateOffload(adapter: TargetAdapter, root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void {
  const { kernel, settings, ndis, handle } = adapter;
  adapter.operationBegins();
  const blocks: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST[] = [];
  const objects: TargetContext[] = [];
  walkBlocks(root, (block) => {
    blocks.push(block);
    const object = (block.MiniportOffloadContext?.value ?? null) as TargetContext | null;
    if (object !== null) objects.push(object);
    if (object?.layer === 'tcp') object.leave();
  });
  blocks.reverse();
  const processor = adapter.anyProcessor();
  const lost: OffloadedConnection[] = [];
  const complete = (): void => {
    ndis.NdisMTerminateOffloadComplete(handle, root);
    for (const connection of lost) connection.reportHardwareFailure();
    adapter.operationEnds();
  };
  const next = (index: number): void => {
    adapter.whenNothingRuns(settings.objectTime, processor, () => {
      const block = blocks[index];
      if (block === undefined) {
        // What was queued for the wire has left before the host stack sends again (TRM-040).
        kernel.queueDeferredCall(() => {
          // What came during the terminate, such as a forward that was on its way, is completed first, too.
          adapter.requests.whenCompleted(objects, kernel.processor, () => {
            adapter.indications.whenReturned(complete);
          });
        }, adapter.ring.idleAt - kernel.now);
        return;
      }
      block.Status = giveBack(adapter, block, lost);
      next(index + 1);
    });
  };
  adapter.requests.whenCompleted(objects, processor, () => {
    next(0);
  });
}

function giveBack(
  adapter: TargetAdapter,
  block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  lost: OffloadedConnection[],
): NdisStatus {
  const object = (block.MiniportOffloadContext?.value ?? null) as TargetContext | null;
  block.NetBufferListChain = null;
  if (object === null) return NDIS_STATUS.SUCCESS;
  const delegated = block.state?.delegated;
  switch (object.layer) {
    case 'tcp': {
      if (adapter.fault.strikes('terminate', 1)) {
        object.loseState();
        lost.push(object);
        return NDIS_STATUS.FAILURE;
      }
      const uploaded = object.upload();
      adapter.drop(object);
      // Urgent data and all that came after it: the host stack keeps it until it has the connection (WIR-035).
      for (const { bytes, tag } of object.takeHeld())
        adapter.indicateFrame(bytes, adapter.connectionId(object.handle), tag);
      if (delegated !== undefined) Object.assign(delegated, uploaded.delegated);
      block.NetBufferListChain = uploaded.chain;
      return NDIS_STATUS.SUCCESS;
    }
    case 'path':
      if (object.connections.size > 0) return NDIS_STATUS.FAILURE;
      object.neighbor.paths.delete(object);
      adapter.objects.remove(object);
      return NDIS_STATUS.SUCCESS;
    case 'neighbor':
      if (object.paths.size > 0) return NDIS_STATUS.FAILURE;
      adapter.objects.remove(object);
      if (delegated !== undefined) Object.assign(delegated, neighborDelegated(object));
      return NDIS_STATUS.SUCCESS;
  }
}
