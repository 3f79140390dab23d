/** MiniportQueryOffload, MiniportUpdateOffload and MiniportInvalidateOffload in the target. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { walkBlocks, type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../kit';
import type { TargetContext } from './contexts';
import type { FaultyOperation } from './hardwareFault';
import { neighborState } from './neighborState';
import type { OffloadedConnection } from './offloadedConnection';
import type { TargetAdapter } from './targetAdapter';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

function objectOf(block: Block): TargetContext | null {
  return (block.MiniportOffloadContext?.value ?? null) as TargetContext | null;
}

/**
 * Runs `serve` on every block that names an object after the target's time for them, then `complete`, which calls its argument once
 * the completion has returned.
 */
function serveBlocks(
  adapter: TargetAdapter,
  root: Block,
  serve: (block: Block, object: TargetContext) => NdisStatus,
  complete: (end: () => void) => void,
): void {
  const objects: TargetContext[] = [];
  let count = 0;
  walkBlocks(root, (block) => {
    count++;
    const object = objectOf(block);
    if (object !== null) objects.push(object);
  });
  for (const object of objects) adapter.requests.begin(object);
  adapter.whenNothingRuns(adapter.settings.objectTime * count, adapter.anyProcessor(), () => {
    walkBlocks(root, (block) => {
      const object = objectOf(block);
      block.Status = object === null ? NDIS_STATUS.SUCCESS : serve(block, object);
    });
    complete(() => {
      for (const object of objects) adapter.requests.end(object);
    });
  });
}

/** Fills every attached structure with present values (section 5.3 of the state digest). */
export function queryOffload(adapter: TargetAdapter, root: Block): void {
  const { ndis, handle } = adapter;
  const lost: OffloadedConnection[] = [];
  serveBlocks(
    adapter,
    root,
    (block, object) => {
      const { state } = block;
      if (state === undefined) return NDIS_STATUS.FAILURE;
      if (object.layer !== state.layer) return NDIS_STATUS.FAILURE;
      if (strike(adapter, 'query', object, lost)) return NDIS_STATUS.FAILURE;
      if (state.const !== undefined) Object.assign(state.const, object.constState);
      if (object.layer === 'tcp') {
        if (state.cached !== undefined) Object.assign(state.cached, object.cachedState);
        if (state.delegated !== undefined) Object.assign(state.delegated, object.query());
      } else if (object.layer === 'neighbor') {
        const { cached, delegated } = neighborState(object);
        if (state.cached !== undefined) Object.assign(state.cached, cached);
        if (state.delegated !== undefined) Object.assign(state.delegated, delegated);
      } else if (state.cached !== undefined) Object.assign(state.cached, object.cached);
      return NDIS_STATUS.SUCCESS;
    },
    (end) => {
      ndis.NdisMQueryOffloadStateComplete(handle, root);
      end();
      for (const connection of lost) connection.reportHardwareFailure();
    },
  );
}

/** Takes new cached variables, or links paths to another neighbor (section 5.4 of the state digest). */
export function updateOffload(adapter: TargetAdapter, root: Block): void {
  const { ndis, handle } = adapter;
  const relinkTo = root.state === undefined ? objectOf(root) : null;
  serveBlocks(
    adapter,
    root,
    (block, object) => {
      const { state } = block;
      if (state === undefined) {
        if (object === relinkTo) return NDIS_STATUS.SUCCESS;
        if (object.layer !== 'path' || relinkTo?.layer !== 'neighbor' || relinkTo.invalid)
          return NDIS_STATUS.FAILURE;
        object.neighbor.paths.delete(object);
        object.neighbor = relinkTo;
        relinkTo.paths.add(object);
        for (const connection of object.connections) connection.refreshAddressing();
        return NDIS_STATUS.SUCCESS;
      }
      if (object.layer === 'tcp' && state.layer === 'tcp' && state.cached !== undefined) {
        if (state.cached.InitialRcvWnd > adapter.settings.limits.receiveWindow) return NDIS_STATUS.FAILURE;
        object.update({ ...state.cached });
      } else if (object.layer === 'path' && state.layer === 'path' && state.cached !== undefined) {
        if (state.cached.PathMtu > adapter.settings.limits.pathMtu) return NDIS_STATUS.FAILURE;
        object.cached = { ...state.cached };
        for (const connection of object.connections) connection.refreshAddressing();
      } else if (object.layer === 'neighbor' && state.layer === 'neighbor' && state.cached !== undefined) {
        object.cached = { ...state.cached };
        object.reachability.takeHostDelta(state.cached.HostReachabilityDelta);
        for (const connection of connectionsBehind(object)) connection.refreshAddressing();
      } else return NDIS_STATUS.FAILURE;
      return NDIS_STATUS.SUCCESS;
    },
    (end) => {
      ndis.NdisMUpdateOffloadComplete(handle, root);
      end();
    },
  );
}

/**
 * Marks objects invalid: every connection behind them stops at once. With the completion nothing of theirs is on its way to the
 * wire any more (INV-004, A7), and each asks for its upload.
 */
export function invalidateOffload(adapter: TargetAdapter, root: Block): void {
  const { ndis, handle, kernel } = adapter;
  const stopped: OffloadedConnection[] = [];
  const lost: OffloadedConnection[] = [];
  serveBlocks(
    adapter,
    root,
    (_block, object) => {
      if (object.layer !== 'tcp') object.invalid = true;
      if (strike(adapter, 'invalidate', object, lost)) return NDIS_STATUS.FAILURE;
      for (const connection of connectionsBehind(object)) {
        connection.halt();
        stopped.push(connection);
      }
      return NDIS_STATUS.SUCCESS;
    },
    (end) => {
      kernel.queueDeferredCall(() => {
        ndis.NdisMInvalidateOffloadComplete(handle, root);
        end();
        for (const connection of lost) connection.reportHardwareFailure();
        for (const connection of stopped) connection.invalidate();
      }, adapter.ring.idleAt - kernel.now);
    },
  );
}

/** Lets a hardware failure that is due happen to the connections behind an object; they come to `lost`. */
function strike(
  adapter: TargetAdapter,
  operation: FaultyOperation,
  object: TargetContext,
  lost: OffloadedConnection[],
): boolean {
  const connections = connectionsBehind(object);
  if (!adapter.fault.strikes(operation, connections.length)) return false;
  for (const connection of connections) connection.loseState();
  lost.push(...connections);
  return true;
}

function connectionsBehind(object: TargetContext): OffloadedConnection[] {
  switch (object.layer) {
    case 'tcp':
      return [object];
    case 'path':
      return [...object.connections];
    case 'neighbor':
      return [...object.paths].flatMap((path) => [...path.connections]);
  }
}
