/**
 * State manipulation through an intermediate driver: each tree that comes from above goes down with the function of the same kind, its
 * blocks reused in place, and comes back up the same way (section 8 of the state digest, IMD-006 to IMD-020).
 *
 * Everything below a root block belongs to one neighbor, and a neighbor to one member. A list of roots is taken apart by member; the
 * driver above gets it back as it was.
 */
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { FunctionName } from '../../../shared/ddi/catalogue';
import {
  chainToArray,
  isTaken,
  walkBlocks,
  type ContextCell,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_OFFLOAD_HANDLE,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type NET_BUFFER_LIST,
  type PVOID,
  type ReservedWord,
} from '../kit';
import { OffloadEntry, offloadEntryFrom } from './offloadEntry';
import type { Team } from './team';
import type { TeamMember } from './teamMember';

type MiniportBlock = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
type ProtocolBlock = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

/** The five operations. */
export type Operation = 'initiate' | 'terminate' | 'update' | 'query' | 'invalidate';

const requests = {
  initiate: 'NdisInitiateOffload',
  terminate: 'NdisTerminateOffload',
  update: 'NdisUpdateOffload',
  query: 'NdisQueryOffloadState',
  invalidate: 'NdisInvalidateOffload',
} as const satisfies Record<Operation, FunctionName>;

const completions = {
  initiate: 'NdisMInitiateOffloadComplete',
  terminate: 'NdisMTerminateOffloadComplete',
  update: 'NdisMUpdateOffloadComplete',
  query: 'NdisMQueryOffloadStateComplete',
  invalidate: 'NdisMInvalidateOffloadComplete',
} as const satisfies Record<Operation, FunctionName>;

/** Bytes of a call entry in the address space. */
const callEntrySize = 0x40;

/**
 * An IM call entry: what a block held when it came from above, for as long as the request is under way (IMD-018). ImReserved of the
 * block points to it (IMD-008).
 */
class CallEntry implements PVOID {
  readonly ImReserved: readonly [ReservedWord, ReservedWord];
  readonly SourceHandle: PVOID | null;
  readonly MiniportOffloadContext: ContextCell | null;
  readonly NdisOffloadHandle: NDIS_OFFLOAD_HANDLE | null;

  constructor(
    readonly address: number,
    block: MiniportBlock,
    /** The object that the block names; made for this request where an initiate offers it. */
    readonly object: OffloadEntry | undefined,
    readonly isNew: boolean,
  ) {
    this.ImReserved = block.ImReserved;
    this.SourceHandle = block.SourceHandle;
    this.MiniportOffloadContext = block.MiniportOffloadContext;
    this.NdisOffloadHandle = block.NdisOffloadHandle;
  }
}

/** A request of the driver above, and what has not come back of it yet. */
interface OpenRequest {
  readonly operation: Operation;
  /** The list of roots as it came. */
  readonly roots: readonly MiniportBlock[];
  open: number;
}

/** Blocks that were taken out of a tree because they can't go where it goes. */
interface Detached {
  readonly parent: MiniportBlock;
  readonly dependents: readonly MiniportBlock[];
}

function siblings(first: MiniportBlock | null): MiniportBlock[] {
  const blocks: MiniportBlock[] = [];
  for (let block = first; block !== null; block = block.NextBlock) blocks.push(block);
  return blocks;
}

function link(blocks: readonly MiniportBlock[]): MiniportBlock | null {
  blocks.forEach((block, index) => (block.NextBlock = blocks[index + 1] ?? null));
  return blocks[0] ?? null;
}

/** The entry of the object that a block names; undefined for placeholders and for new offloads. */
function namedBy(block: MiniportBlock): OffloadEntry | undefined {
  const context = block.MiniportOffloadContext?.value ?? null;
  return context === null ? undefined : offloadEntryFrom(context);
}

/** Who hears of the ends of requests. */
export interface StateRequestListener {
  /** A terminate hands lists of sends back: they are not under way any more. */
  handedBack(lists: readonly NET_BUFFER_LIST[]): void;
  /** An initiate or a terminate has been completed. */
  settled(): void;
}

/** See the file's head. */
export class StateRequests {
  private readonly open = new Map<ProtocolBlock, { request: OpenRequest; detached: readonly Detached[] }>();

  constructor(
    private readonly team: Team,
    private readonly listener: StateRequestListener,
  ) {}

  /** Requests that are under way below. */
  get openRequests(): number {
    return this.open.size;
  }

  /** MiniportXxxOffload: passes a tree down. */
  passDown(operation: Operation, root: MiniportBlock): void {
    const roots = siblings(root);
    const byMember = new Map<TeamMember | undefined, MiniportBlock[]>();
    for (const one of roots) {
      const member = this.memberOf(one);
      byMember.set(member, [...(byMember.get(member) ?? []), one]);
    }
    const request: OpenRequest = { operation, roots, open: byMember.size };
    for (const [member, part] of byMember) {
      link(part);
      if (member === undefined) this.refuse(request, part);
      else this.pass(request, member, part);
    }
  }

  /** ProtocolXxxOffloadComplete: passes the completion up when every part has come back. */
  passUp(root: ProtocolBlock): void {
    const entry = this.open.get(root);
    if (entry === undefined) throw new Error('the intermediate driver has not passed this tree down');
    this.open.delete(root);
    const { request, detached } = entry;
    walkBlocks(root, (block) => {
      this.restore(request.operation, block);
    });
    for (const { parent, dependents } of detached) parent.DependentBlockList = link(dependents);
    this.partEnded(request);
  }

  /** Where a root and everything below it lives, or will live. */
  private memberOf(root: MiniportBlock): TeamMember | undefined {
    let member: TeamMember | undefined;
    let mac: Uint8Array | undefined;
    const look = (block: MiniportBlock): void => {
      member ??= namedBy(block)?.member;
      if (block.state?.layer === 'neighbor') mac ??= block.state.cached?.DlDestinationAddress;
      for (const dependent of siblings(block.DependentBlockList)) look(dependent);
    };
    look(root);
    return member ?? this.team.memberFor(mac ?? new Uint8Array(6));
  }

  private pass(request: OpenRequest, member: TeamMember, part: readonly MiniportBlock[]): void {
    const { ndis } = this.team.driver;
    const detached = request.operation === 'update' ? this.detachForeign(member, part) : [];
    const [first] = part;
    walkBlocks(first!, (block) => {
      this.reuse(block, member);
    });
    const below = first!.reusedAsProtocol();
    this.open.set(below, { request, detached });
    ndis[requests[request.operation]](member.handle, below);
  }

  /** Nobody can take the tree: it is answered with failure, after this call has returned. */
  private refuse(request: OpenRequest, part: readonly MiniportBlock[]): void {
    this.team.driver.kernel.queueDeferredCall(() => {
      walkBlocks(part[0]!, (block) => {
        const isPlaceholder = block.MiniportOffloadContext === null;
        block.Status = isPlaceholder ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
      });
      this.partEnded(request);
    });
  }

  /** A path can't move to a neighbor that another member has: it stays out of the update, which fails for it. */
  private detachForeign(member: TeamMember, part: readonly MiniportBlock[]): Detached[] {
    const detached: Detached[] = [];
    for (const parent of part) {
      const dependents = siblings(parent.DependentBlockList);
      const own = dependents.filter((block) => namedBy(block)?.member === member);
      if (own.length === dependents.length) continue;
      for (const block of dependents) if (!own.includes(block)) block.Status = NDIS_STATUS.FAILURE;
      parent.DependentBlockList = link(own);
      detached.push({ parent, dependents });
    }
    return detached;
  }

  /** Turns a block from above into a block for below, in place (IMD-010). */
  private reuse(block: MiniportBlock, member: TeamMember): void {
    const { kernel } = this.team.driver;
    const { NdisOffloadHandle, MiniportOffloadContext } = block;
    const known = namedBy(block);
    const isNew = MiniportOffloadContext !== null && known === undefined;
    const object =
      isNew && NdisOffloadHandle !== null ? new OffloadEntry(kernel, NdisOffloadHandle, member) : known;
    const call = new CallEntry(kernel.allocate(callEntrySize), block, object, isNew);
    block.ImReserved = [call, null];
    block.reusedAsProtocol().OffloadHandle = object?.handle ?? null;
  }

  /** Turns a block from below back into the block that came from above, and keeps or drops its object. */
  private restore(operation: Operation, block: ProtocolBlock): void {
    const [call] = block.ImReserved;
    if (!(call instanceof CallEntry)) throw new Error('ImReserved does not lead to a call entry (IMD-011)');
    const { object, isNew } = call;
    const above = block.reusedAsMiniport();
    above.MiniportOffloadContext = call.MiniportOffloadContext;
    above.NdisOffloadHandle = call.NdisOffloadHandle;
    above.ImReserved = call.ImReserved;
    above.SourceHandle = call.SourceHandle;
    if (object === undefined) return;
    const { entries, lentReceives } = this.team;
    if (operation === 'initiate' && isNew && isTaken(block.Status)) {
      entries.add(object);
      call.MiniportOffloadContext!.value = object;
    } else if (operation === 'terminate' && block.Status === NDIS_STATUS.SUCCESS) {
      entries.remove(object);
      const { state } = block;
      this.listener.handedBack(chainToArray(block.NetBufferListChain));
      if (state?.layer === 'tcp') lentReceives.lend(object.member, state.delegated?.BufferedData ?? null);
    }
  }

  private partEnded(request: OpenRequest): void {
    request.open--;
    if (request.open > 0) return;
    const { ndis } = this.team.driver;
    const root = link(request.roots)!;
    ndis[completions[request.operation]](this.team.handle, root);
    if (request.operation === 'initiate' || request.operation === 'terminate') this.listener.settled();
  }
}
