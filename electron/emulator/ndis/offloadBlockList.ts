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

/** NDIS_OFFLOAD_HANDLE: lives in the sender's own record of an object and names it in all calls (CTX-013); the cell is a member of it (A28). */
export class NDIS_OFFLOAD_HANDLE {
  readonly address: number;
  readonly MiniportOffloadContext: ContextCell;
  /** What the observer knows of the object; no driver looks at it. */
  observed: object | undefined;

  constructor(addresses: AddressSpace) {
    const { size, fields } = structureLayout('NDIS_OFFLOAD_HANDLE');
    this.address = addresses.allocate(size);
    const { offset } = fields.find(({ name }) => name === 'MiniportOffloadContext')!;
    this.MiniportOffloadContext = new ContextCell(this.address + offset);
  }
}

/** OFFLOAD_STATE_TYPE values of objects, paths over IPv4 among them, with all three classes attached. */
export const compositeStateTypes = {
  neighbor: constantValue('NeighborOffloadState'),
  path: constantValue('Ip4OffloadState'),
  tcp: constantValue('TcpOffloadState'),
} as const satisfies Record<StateLayer, number>;

/** OFFLOAD_STATE_TYPE values of objects, paths over IPv4 among them, with the delegated class alone. */
export const delegatedStateTypes = {
  neighbor: constantValue('NeighborOffloadDelegatedState'),
  path: constantValue('Ip4OffloadDelegatedState'),
  tcp: constantValue('TcpOffloadDelegatedState'),
} as const satisfies Record<StateLayer, number>;

/** OFFLOAD_STATE_TYPE values of objects, paths over IPv4 among them, with the cached class alone. */
export const cachedStateTypes = {
  neighbor: constantValue('NeighborOffloadCachedState'),
  path: constantValue('Ip4OffloadCachedState'),
  tcp: constantValue('TcpOffloadCachedState'),
} as const satisfies Record<StateLayer, number>;

/** OFFLOAD_STATE_TYPE values of IPv6 paths, by what is attached; neighbors and connections have one type for both IP versions. */
export const ipv6PathStateTypes = {
  const: constantValue('Ip6OffloadConstState'),
  cached: constantValue('Ip6OffloadCachedState'),
  delegated: constantValue('Ip6OffloadDelegatedState'),
  all: constantValue('Ip6OffloadState'),
} as const;

/** A word of a block list that belongs to one kind of driver: a pointer to whatever it likes. */
export type ReservedWord = PVOID | null;

/** Two such words. */
export type ReservedWords = readonly [ReservedWord, ReservedWord];

const nothing: ReservedWords = [null, null];

/** Rows 5 and 6 of the comparison of both forms: they take the same room, so that writing one form spoils the other. */
type ContextWords =
  | { readonly form: 'protocol'; OffloadHandle: NDIS_OFFLOAD_HANDLE | null }
  | {
      readonly form: 'miniport';
      MiniportOffloadContext: ContextCell | null;
      NdisOffloadHandle: NDIS_OFFLOAD_HANDLE | null;
    };

/** The memory behind a block; both forms are ways to look at it. */
class BlockMemory {
  readonly address: number;
  next: BlockMemory | null = null;
  dependents: BlockMemory | null = null;
  Status: NdisStatus = unwrittenStatus;
  words: ContextWords = { form: 'protocol', OffloadHandle: null };
  /** Header.Revision: that of the attached state. */
  revision = 1;
  NdisReserved: ReservedWords = nothing;
  MiniportReserved: ReservedWords = nothing;
  ProtocolReserved: ReservedWords = nothing;
  ImReserved: ReservedWords = nothing;
  SourceHandle: PVOID | null = null;
  PortNumber = 0;
  NetBufferListChain: NET_BUFFER_LIST | null = null;
  /** NDIS's own: the handle by which the driver above names the object. */
  ndisReserved: NDIS_OFFLOAD_HANDLE | null = null;
  protocolForm: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | undefined;
  miniportForm: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | undefined;

  constructor(
    addresses: AddressSpace,
    readonly layer: StateLayer,
    public type: number,
    public state: AttachedState | undefined,
  ) {
    this.address = addresses.allocate(structureLayout('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST').size);
  }

  asProtocol(): NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST {
    return this.protocolForm ?? new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(this);
  }

  asMiniport(): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST {
    return this.miniportForm ?? new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(this);
  }
}

/** Members that both forms of a block list have. */
abstract class BlockList {
  protected constructor(protected readonly memory: BlockMemory) {}

  get address(): number {
    return this.memory.address;
  }

  get layer(): StateLayer {
    return this.memory.layer;
  }

  /** Header.Type, an OFFLOAD_STATE_TYPE. */
  get type(): number {
    return this.memory.type;
  }

  set type(type: number) {
    this.memory.type = type;
  }

  /** Header.Revision: that of the attached state. */
  get revision(): number {
    return this.memory.revision;
  }

  set revision(revision: number) {
    this.memory.revision = revision;
  }

  /** State that follows the block in memory. */
  get state(): AttachedState | undefined {
    return this.memory.state;
  }

  set state(state: AttachedState | undefined) {
    this.memory.state = state;
  }

  get Status(): NdisStatus {
    return this.memory.Status;
  }

  set Status(status: NdisStatus) {
    this.memory.Status = status;
  }

  /** For the offload target, or for the miniport edge of an intermediate driver. */
  get MiniportReserved(): ReservedWords {
    return this.memory.MiniportReserved;
  }

  set MiniportReserved(words: ReservedWords) {
    this.memory.MiniportReserved = words;
  }

  /** For the protocol driver that made the block (TRE-052). */
  get ProtocolReserved(): ReservedWords {
    return this.memory.ProtocolReserved;
  }

  set ProtocolReserved(words: ReservedWords) {
    this.memory.ProtocolReserved = words;
  }

  /** For intermediate drivers; each saves and restores what it finds (IMD-007, IMD-012). */
  get ImReserved(): ReservedWords {
    return this.memory.ImReserved;
  }

  set ImReserved(words: ReservedWords) {
    this.memory.ImReserved = words;
  }

  /** For NDIS alone (TRE-049). */
  get NdisReserved(): ReservedWords {
    return this.memory.NdisReserved;
  }

  set NdisReserved(words: ReservedWords) {
    this.memory.NdisReserved = words;
  }

  /** Who sent the request; NDIS writes it, nobody changes it. */
  get SourceHandle(): PVOID | null {
    return this.memory.SourceHandle;
  }

  set SourceHandle(handle: PVOID | null) {
    this.memory.SourceHandle = handle;
  }

  /** 0 for the default port. */
  get PortNumber(): number {
    return this.memory.PortNumber;
  }

  set PortNumber(port: number) {
    this.memory.PortNumber = port;
  }

  /** Send data of a TCP block: in at an initiate, out at a terminate. */
  get NetBufferListChain(): NET_BUFFER_LIST | null {
    return this.memory.NetBufferListChain;
  }

  set NetBufferListChain(chain: NET_BUFFER_LIST | null) {
    this.memory.NetBufferListChain = chain;
  }
}

/** What a new block is made of: its layer, its Header.Type and the state that follows it. */
type NewBlock = readonly [
  addresses: AddressSpace,
  layer: StateLayer,
  type: number,
  state: AttachedState | undefined,
];

function memoryOf(source: readonly [BlockMemory] | NewBlock): BlockMemory {
  return source.length === 1 ? source[0] : new BlockMemory(...source);
}

/** NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST: as senders build it. */
export class NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST extends BlockList {
  constructor(...source: readonly [BlockMemory] | NewBlock) {
    super(memoryOf(source));
    this.memory.protocolForm = this;
  }

  get NextBlock(): NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | null {
    return this.memory.next?.asProtocol() ?? null;
  }

  set NextBlock(block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | null) {
    this.memory.next = block?.memory ?? null;
  }

  get DependentBlockList(): NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | null {
    return this.memory.dependents?.asProtocol() ?? null;
  }

  set DependentBlockList(block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | null) {
    this.memory.dependents = block?.memory ?? null;
  }

  /** Null makes the block a placeholder. */
  get OffloadHandle(): NDIS_OFFLOAD_HANDLE | null {
    const { words } = this.memory;
    return words.form === 'protocol' ? words.OffloadHandle : null;
  }

  set OffloadHandle(OffloadHandle: NDIS_OFFLOAD_HANDLE | null) {
    this.memory.words = { form: 'protocol', OffloadHandle };
  }

  /** The same memory in the other form, as a cast in C: how an intermediate driver reuses the block that it passed down. */
  reusedAsMiniport(): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST {
    return this.memory.asMiniport();
  }

  /** NDIS's own: the handle by which the driver above the sender names the object; null where nobody is above. */
  get handleAbove(): NDIS_OFFLOAD_HANDLE | null {
    return this.memory.ndisReserved;
  }
}

/** NDIS_MINIPORT_OFFLOAD_BLOCK_LIST: as the driver below sees it. */
export class NDIS_MINIPORT_OFFLOAD_BLOCK_LIST extends BlockList {
  constructor(...source: readonly [BlockMemory] | NewBlock) {
    super(memoryOf(source));
    this.memory.miniportForm = this;
  }

  get NextBlock(): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | null {
    return this.memory.next?.asMiniport() ?? null;
  }

  set NextBlock(block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | null) {
    this.memory.next = block?.memory ?? null;
  }

  get DependentBlockList(): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | null {
    return this.memory.dependents?.asMiniport() ?? null;
  }

  set DependentBlockList(block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | null) {
    this.memory.dependents = block?.memory ?? null;
  }

  /** Null makes the block a placeholder. */
  get MiniportOffloadContext(): ContextCell | null {
    const { words } = this.memory;
    return words.form === 'miniport' ? words.MiniportOffloadContext : null;
  }

  set MiniportOffloadContext(MiniportOffloadContext: ContextCell | null) {
    this.memory.words = {
      form: 'miniport',
      MiniportOffloadContext,
      NdisOffloadHandle: this.NdisOffloadHandle,
    };
  }

  /** The handle by which the driver below names the object in its indications. */
  get NdisOffloadHandle(): NDIS_OFFLOAD_HANDLE | null {
    const { words } = this.memory;
    return words.form === 'miniport' ? words.NdisOffloadHandle : null;
  }

  set NdisOffloadHandle(NdisOffloadHandle: NDIS_OFFLOAD_HANDLE | null) {
    this.memory.ndisReserved = NdisOffloadHandle;
    this.memory.words = {
      form: 'miniport',
      MiniportOffloadContext: this.MiniportOffloadContext,
      NdisOffloadHandle,
    };
  }

  /** The same memory in the other form, as a cast in C: how an intermediate driver reuses the block that it received. */
  reusedAsProtocol(): NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST {
    return this.memory.asProtocol();
  }
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
