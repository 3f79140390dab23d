/** Block lists: how state manipulation names objects and carries their state (WDK "Offload State Tree"). */
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { StateLayer } from '../../../shared/trace/records';
import { unwrittenStatus } from '../../../shared/trace/unwrittenStatus';
import type { AddressSpace } from '../machine/addressSpace';
import type { NET_BUFFER_LIST } from './netBufferList';
import type { AttachedState } from './offloadState';

/** Something with an address that stands where C has a PVOID. */
export interface PVOID {
  readonly address: number;
}

/** Host memory for one PVOID of the target: what MiniportOffloadContext points to. */
export class ContextCell {
  value: PVOID | null = null;

  constructor(readonly address: number) {}
}

/** NDIS_OFFLOAD_HANDLE: lives in the sender's own record of an object and names it in all calls (CTX-013). */
export class NDIS_OFFLOAD_HANDLE {
  readonly address: number;
  readonly MiniportOffloadContext: ContextCell;

  constructor(addresses: AddressSpace) {
    this.address = addresses.allocate(structureLayout('NDIS_OFFLOAD_HANDLE').size);
    this.MiniportOffloadContext = new ContextCell(addresses.allocate(8));
  }
}

/** OFFLOAD_STATE_TYPE values of IPv4 objects with all three classes attached. */
export const compositeStateTypes = {
  neighbor: constantValue('NeighborOffloadState'),
  path: constantValue('Ip4OffloadState'),
  tcp: constantValue('TcpOffloadState'),
} as const satisfies Record<StateLayer, number>;

/** OFFLOAD_STATE_TYPE values of IPv4 objects with the delegated class alone. */
export const delegatedStateTypes = {
  neighbor: constantValue('NeighborOffloadDelegatedState'),
  path: constantValue('Ip4OffloadDelegatedState'),
  tcp: constantValue('TcpOffloadDelegatedState'),
} as const satisfies Record<StateLayer, number>;

/** OFFLOAD_STATE_TYPE values of IPv4 objects with the cached class alone. */
export const cachedStateTypes = {
  neighbor: constantValue('NeighborOffloadCachedState'),
  path: constantValue('Ip4OffloadCachedState'),
  tcp: constantValue('TcpOffloadCachedState'),
} as const satisfies Record<StateLayer, number>;

/** Members that both forms of a block list have. */
abstract class BlockList<Self> {
  readonly address: number;
  NextBlock: Self | null = null;
  DependentBlockList: Self | null = null;
  Status: NdisStatus = unwrittenStatus;
  MiniportReserved: unknown = undefined;
  PortNumber = 0;
  NetBufferListChain: NET_BUFFER_LIST | null = null;

  constructor(
    addresses: AddressSpace,
    readonly layer: StateLayer,
    /** Header.Type, an OFFLOAD_STATE_TYPE. */
    readonly type: number,
    /** State that follows the block in memory. */
    readonly state: AttachedState | undefined,
  ) {
    this.address = addresses.allocate(structureLayout('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST').size);
  }
}

/** NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST: as senders build it. */
export class NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST extends BlockList<NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST> {
  /** Null makes the block a placeholder. */
  OffloadHandle: NDIS_OFFLOAD_HANDLE | null = null;
}

/** NDIS_MINIPORT_OFFLOAD_BLOCK_LIST: as the driver below sees it. */
export class NDIS_MINIPORT_OFFLOAD_BLOCK_LIST extends BlockList<NDIS_MINIPORT_OFFLOAD_BLOCK_LIST> {
  /** Null makes the block a placeholder. */
  MiniportOffloadContext: ContextCell | null = null;
  NdisOffloadHandle: NDIS_OFFLOAD_HANDLE | null = null;
}

/** Visits a tree depth first: a block, its dependents, then its next (TRE-027). */
export function walkBlocks<Block extends NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST>(
  root: Block,
  visit: (block: Block, depth: number) => void,
): void {
  const walk = (first: Block | null, depth: number): void => {
    for (let block = first; block !== null; block = block.NextBlock as Block | null) {
      visit(block, depth);
      walk(block.DependentBlockList as Block | null, depth + 1);
    }
  };
  walk(root, 0);
}

/** Whether an initiate has taken the object of a block over, whatever became of its dependents. */
export function isTaken(status: NdisStatus): boolean {
  return status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}

/** NDIS_STATUS_SUCCESS, PARTIAL_SUCCESS or FAILURE of a linker or placeholder from its dependents' statuses (TRE-028). */
export function summarizeStatuses(statuses: readonly NdisStatus[]): NdisStatus {
  const taken = statuses.filter(isTaken).length;
  if (taken === statuses.length) return NDIS_STATUS.SUCCESS;
  return taken === 0 ? NDIS_STATUS.FAILURE : NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}
