/**
 * State manipulation through an intermediate driver: each tree that comes from above goes down with the function of the same kind, its
 * blocks reused in place, and comes back up the same way (section 8 of the state digest, IMD-006 to IMD-020).
 *
 * Everything that depends on a neighbor is with the neighbor's member. A list of roots, and a placeholder over several neighbors, is
 * taken apart by member; the driver above gets its tree back as it was.
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
  /** Placeholders over objects of several members. */
  readonly parted: readonly Parted[];
  open: number;
}

/** A block and the dependents that were taken from it for the way down. */
interface Parted {
  readonly parent: MiniportBlock;
  readonly dependents: readonly MiniportBlock[];
}

/** Blocks of one layer that go to one member; to nobody where no member can have them. */
interface Part {
  readonly member: TeamMember | undefined;
  readonly blocks: MiniportBlock[];
}

/** A part that is under way below. */
interface OpenPart {
  readonly request: OpenRequest;
  readonly member: TeamMember;
  /** Relinks that had to stay behind. */
  readonly detached: readonly Parted[];
}

/** What a tree without any neighbor to go by goes by. */
const noAddress = new Uint8Array(6);

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

/** The paths below a neighbor in an update that the neighbor's member has. */
function relinkable(root: MiniportBlock, member: TeamMember): MiniportBlock[] {
  return siblings(root.DependentBlockList).filter((block) => namedBy(block)?.member === member);
}

/** Who hears of the ends of requests. */
export interface StateRequestListener {
  /** The termination of an object is complete; `lists` are the sends that come back with it. */
  terminated(object: OffloadEntry, lists: readonly NET_BUFFER_LIST[]): void;
  /** A request has been completed. */
  settled(): void;
}

/** See the file's head. */
export class StateRequests {
  private readonly open = new Map<ProtocolBlock, OpenPart>();
  private underWay = 0;

  constructor(
    private readonly team: Team,
    private readonly listener: StateRequestListener,
  ) {}

  /** Requests of the driver above that have not been completed. */
  get openRequests(): number {
    return this.underWay;
  }

  /** Whether a member has a request of ours. */
  anyOn(member: TeamMember): boolean {
    for (const part of this.open.values()) if (part.member === member) return true;
    return false;
  }

  /** MiniportXxxOffload: passes a tree down. */
  passDown(operation: Operation, root: MiniportBlock): void {
    const roots = siblings(root);
    const parts: Part[] = [];
    const parted: Parted[] = [];
    for (const one of roots) this.assign(operation, one, parts, parted);
    const request: OpenRequest = { operation, roots, parted, open: parts.length };
    this.underWay++;
    for (const { member, blocks } of parts) {
      link(blocks);
      if (member === undefined) this.refuse(request, blocks);
      else this.pass(request, member, blocks);
    }
  }

  /** ProtocolXxxOffloadComplete: passes the completion up when every part has come back. */
  passUp(root: ProtocolBlock): void {
    const part = this.open.get(root);
    if (part === undefined) throw new Error('the intermediate driver has not passed this tree down');
    this.open.delete(root);
    const { request, detached } = part;
    walkBlocks(root, (block) => {
      this.restore(request.operation, block);
    });
    for (const { parent, dependents } of detached) parent.DependentBlockList = link(dependents);
    this.partEnded(request);
  }

  /** Finds the part that a block and all below it belong to; takes a placeholder apart that stands over several members. */
  private assign(operation: Operation, block: MiniportBlock, parts: Part[], parted: Parted[]): void {
    const members = new Set<TeamMember | undefined>();
    this.findMembers(block, members);
    const dependents = siblings(block.DependentBlockList);
    if (members.size > 1) {
      parted.push({ parent: block, dependents });
      block.DependentBlockList = null;
      for (const dependent of dependents) this.assign(operation, dependent, parts, parted);
      return;
    }
    let [member] = members.size === 0 ? [this.team.memberFor(noAddress)] : members;
    if (operation === 'initiate' && member?.capabilities === undefined) member = undefined;
    if (operation === 'update' && member !== undefined && dependents.length > 0) {
      if (relinkable(block, member).length === 0 && namedBy(block) !== undefined) member = undefined;
    }
    const part = parts.find((one) => one.member === member && one.blocks[0]!.layer === block.layer);
    if (part === undefined) parts.push({ member, blocks: [block] });
    else part.blocks.push(block);
  }

  /** Where a block and everything below it is, or will be; what depends on an object is with the object. */
  private findMembers(block: MiniportBlock, members: Set<TeamMember | undefined>): void {
    const object = namedBy(block);
    if (object !== undefined) members.add(object.member);
    else if (block.state?.layer === 'neighbor' && block.state.cached !== undefined)
      members.add(this.team.memberFor(block.state.cached.DlDestinationAddress));
    else for (const dependent of siblings(block.DependentBlockList)) this.findMembers(dependent, members);
  }

  private pass(request: OpenRequest, member: TeamMember, part: readonly MiniportBlock[]): void {
    const { ndis } = this.team.driver;
    const detached = request.operation === 'update' ? this.detachForeign(member, part) : [];
    const [first] = part;
    walkBlocks(first!, (block) => {
      this.reuse(block, member);
    });
    const below = first!.reusedAsProtocol();
    this.open.set(below, { request, member, detached });
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
  private detachForeign(member: TeamMember, part: readonly MiniportBlock[]): Parted[] {
    const detached: Parted[] = [];
    for (const parent of part) {
      if (namedBy(parent) === undefined) continue;
      const dependents = siblings(parent.DependentBlockList);
      const own = relinkable(parent, member);
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
    if (isNew && object !== undefined) this.team.entries.offer(object);
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
    const { state, Status } = block;
    if (operation === 'initiate' && isNew) {
      const taken = isTaken(Status);
      this.team.entries.settle(object, taken);
      if (taken) call.MiniportOffloadContext!.value = object;
    } else if (operation === 'terminate' && Status === NDIS_STATUS.SUCCESS) this.drop(object, block);
    const tells = operation === 'initiate' ? isNew : operation === 'update' && Status === NDIS_STATUS.SUCCESS;
    if (tells && state?.layer === 'neighbor')
      object.destinationMac = state.cached?.DlDestinationAddress.slice(0, 6) ?? object.destinationMac;
  }

  /** An object's termination is complete. Received data that comes back with it is lent from now on. */
  private drop(object: OffloadEntry, { state, NetBufferListChain }: ProtocolBlock): void {
    const { entries, lentReceives } = this.team;
    entries.remove(object);
    this.listener.terminated(object, chainToArray(NetBufferListChain));
    if (state?.layer === 'tcp') lentReceives.lend(object.member, state.delegated?.BufferedData ?? null);
  }

  private partEnded(request: OpenRequest): void {
    request.open--;
    if (request.open > 0) return;
    if (request.operation === 'terminate')
      this.team.indications.whenReturned(() => {
        this.complete(request);
      });
    else this.complete(request);
  }

  private complete(request: OpenRequest): void {
    this.underWay--;
    const { ndis } = this.team.driver;
    for (const { parent, dependents } of [...request.parted].reverse()) {
      parent.DependentBlockList = link(dependents);
      parent.Status = NDIS_STATUS.SUCCESS;
    }
    const root = link(request.roots)!;
    ndis[completions[request.operation]](this.team.handle, root);
    this.listener.settled();
  }
}
