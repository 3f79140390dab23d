/** What every target does with trees in the same way: the walk of an initiate with its statuses, and copies of attached state. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  isTaken,
  summarizeStatuses,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
} from '../ndis/offloadBlockList';
import type { AttachedState } from '../ndis/offloadState';
import type { FirmwareRoute, HardwarePort } from './hardwarePort';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** Bytes of an Ethernet address in DlSourceAddress and DlDestinationAddress, which have room for more. */
const macLength = 6;

/**
 * Walks the tree of a MiniportInitiateOffload depth first and writes every Status (TRE-027, TRE-028). `take` takes one object over, new
 * or linked, and answers what became of it alone; `parent` is the block above it, null for a root. It is not asked for placeholders,
 * which always succeed (TRE-018), nor below a block that was refused; a refused root ends the walk (INI-033, INI-034), a refused
 * dependent does not (INI-035).
 */
export function initiateTree(root: Block, take: (block: Block, parent: Block | null) => NdisStatus): void {
  const walk = (first: Block, parent: Block | null, isLost: boolean): NdisStatus[] => {
    const statuses: NdisStatus[] = [];
    let lost = isLost;
    for (let block: Block | null = first; block !== null; block = block.NextBlock) {
      const isPlaceholder = block.MiniportOffloadContext === null;
      let status: NdisStatus = NDIS_STATUS.SUCCESS;
      if (!isPlaceholder) status = lost ? NDIS_STATUS.FAILURE : take(block, parent);
      if (block === root && status !== NDIS_STATUS.SUCCESS) lost = true;
      const below = block.DependentBlockList;
      const dependents = below === null ? [] : walk(below, block, lost || status !== NDIS_STATUS.SUCCESS);
      if (dependents.length > 0 && !isPlaceholder && isTaken(status)) {
        status = summarizeStatuses(dependents);
        // A linker whose dependents all failed has failed; a new object has been taken itself (INI-029).
        if (status === NDIS_STATUS.FAILURE && block.state !== undefined)
          status = NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
      }
      block.Status = status;
      statuses.push(status);
    }
    return statuses;
  };
  walk(root, null, false);
}

/** The blocks of a tree, each behind everything that depends on it: the order in which a terminate gives objects back. */
export function dependentsFirst(root: Block): readonly Block[] {
  const blocks: Block[] = [];
  walkBlocks(root, (block) => blocks.push(block));
  return blocks.reverse();
}

/** A copy of the structures behind a block: the originals are the host stack's again with the completion (CTX-005). */
export function copyState(state: AttachedState): AttachedState {
  const copy: Record<string, unknown> = { layer: state.layer };
  for (const name of ['const', 'cached', 'delegated'] as const)
    if (state[name] !== undefined) copy[name] = { ...state[name] };
  return copy as AttachedState;
}

/** Copies present values into those structures that a query has attached to its block. */
export function fillState(asked: AttachedState, present: AttachedState): void {
  for (const name of ['const', 'cached', 'delegated'] as const)
    if (asked[name] !== undefined) Object.assign(asked[name], present[name]);
}

/** Lets `serve` answer for each block that names an object, whether it went well, and writes Status; placeholders always succeed. */
export function answerBlocks<Context>(
  root: Block,
  contextOf: (block: Block) => Context | undefined,
  serve: (object: Context, block: Block) => boolean,
): void {
  walkBlocks(root, (block) => {
    const object = contextOf(block);
    const isDone = object === undefined || serve(object, block);
    block.Status = isDone ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
  });
}

/** An object with what it depends on: a connection with its path, a path with its neighbor. */
interface Dependent {
  readonly state: AttachedState;
  readonly parent: Dependent | undefined;
}

/**
 * What the firmware needs to know of a connection, its path and its neighbor to build frames.
 * @throws Error for other objects, or without their structures.
 */
export function firmwareRoute({ permanentAddress }: HardwarePort, connection: Dependent): FirmwareRoute {
  const tcp = connection.state;
  const path = connection.parent?.state;
  const neighbor = connection.parent?.parent?.state;
  if (neighbor?.layer !== 'neighbor' || path?.layer !== 'path' || tcp.layer !== 'tcp')
    throw new Error('a connection depends on a path, and a path on a neighbor');
  const { DlSourceAddress } = neighbor.const!;
  const isOwn = DlSourceAddress.every((byte) => byte === 0);
  return {
    sourceMac: isOwn ? permanentAddress : DlSourceAddress.slice(0, macLength),
    destinationMac: neighbor.cached!.DlDestinationAddress.slice(0, macLength),
    source: path.const!.SourceAddress,
    destination: path.const!.DestinationAddress,
    timeToLive: tcp.cached!.TtlOrHopLimit,
    typeOfService: tcp.cached!.TosOrTrafficClass,
    pathMtu: path.cached!.PathMtu,
  };
}
