/** Arguments of calls as the trace keeps them: decoded, and copied at the moment of the call. */
import type { ConstantGroup, StructureName } from '../../../shared/ddi/catalogue';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { BlockRole, CallArgument, NetBufferListSnapshot } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import type { StateObserver } from '../observe/stateObserver';
import {
  mdlCount,
  netBufferListInfo,
  type MDL,
  type NET_BUFFER,
  type NET_BUFFER_LIST,
} from './netBufferList';
import {
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  isTaken,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
} from './offloadBlockList';
import { encodeAttachedState, encodeBlock, encodeHandle } from './structureBytes';

/** A plain number, decoded by a group of constants where one is given. */
export function numberArgument(name: string, value: number, group?: ConstantGroup): CallArgument {
  return { kind: 'number', name, value, group };
}

/** A handle, context or other pointer; `label` says what is there. */
export function pointerArgument(
  name: string,
  target: { readonly address: number } | null,
  label: string,
): CallArgument {
  return { kind: 'pointer', name, value: target?.address ?? 0, label };
}

/** A status passed as an argument. */
export function statusArgument(name: string, value: NdisStatus): CallArgument {
  return { kind: 'status', name, value };
}

/** Text for what has no better form. */
export function textArgument(name: string, value: string): CallArgument {
  return { kind: 'text', name, value };
}

/** A structure by its bytes. */
export function structureArgument(
  name: string,
  structure: StructureName,
  address: number,
  bytes: Uint8Array,
): CallArgument {
  return { kind: 'structure', name, structure, address, bytes };
}

/** PortNumber of everything here: the default port. */
export const defaultPortArgument = numberArgument('PortNumber', 0);

/** A chain of NET_BUFFER_LISTs. */
export function netBufferListsArgument(name: string, first: NET_BUFFER_LIST | null): CallArgument {
  const lists: NetBufferListSnapshot[] = [];
  for (let list = first; list !== null; list = list.Next) lists.push(snapshotOf(list));
  return { kind: 'net-buffer-lists', name, lists };
}

/**
 * What the lists of a receive request say besides their data: TcpReceiveNoPush and TcpReceiveBytesTransferred, a number for each list in the
 * order of the chain. Slots that are zero in all lists are left out.
 */
export function receiveRequestArguments(first: NET_BUFFER_LIST | null): CallArgument[] {
  const args: CallArgument[] = [];
  for (const slot of ['TcpReceiveNoPush', 'TcpReceiveBytesTransferred'] as const) {
    let isUsed = false;
    for (let list = first; list !== null; list = list.Next)
      isUsed ||= list.NetBufferListInfo[netBufferListInfo[slot]] !== 0;
    for (let list = isUsed ? first : null; list !== null; list = list.Next)
      args.push(numberArgument(slot, list.NetBufferListInfo[netBufferListInfo[slot]] ?? 0));
  }
  return args;
}

/** Bytes of data that `firstBytesArgument` shows. */
const firstBytes = 6;

/**
 * The first six bytes of data in the first list of a chain, as a number of 48 bits: enough to see whose data it is. `back`: how many bytes before
 * the used ones they begin, where the list has been advanced over them. Nothing if there are not that many.
 */
export function firstBytesArgument({ FirstNetBuffer }: NET_BUFFER_LIST, back = 0): CallArgument[] {
  let skip = FirstNetBuffer.DataOffset - back;
  if (skip < 0 || FirstNetBuffer.DataLength + back < firstBytes) return [];
  let value = 0;
  let count = 0;
  for (let mdl: MDL | null = FirstNetBuffer.MdlChain; mdl !== null; mdl = mdl.Next) {
    for (; skip < mdl.ByteCount; skip++) {
      value = value * 256 + mdl.bytes[skip]!;
      if (++count === firstBytes) return [numberArgument('FirstBytes', value)];
    }
    skip -= mdl.ByteCount;
  }
  return [];
}

function snapshotOf(list: NET_BUFFER_LIST): NetBufferListSnapshot {
  let netBufferCount = 0;
  let mdls = 0;
  let dataLength = 0;
  for (let buffer: NET_BUFFER | null = list.FirstNetBuffer; buffer !== null; buffer = buffer.Next) {
    netBufferCount++;
    mdls += mdlCount(buffer);
    dataLength += buffer.DataLength;
  }
  return {
    address: list.address,
    dataLength,
    netBufferCount,
    mdlCount: mdls,
    status: list.Status,
    // In a packet of the host path the slot says what to do about checksums.
    bytesTransferred:
      list.frame === undefined
        ? (list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0)
        : 0,
    streamOffset: list.streamOffset,
  };
}

/** What a block is, by its handle and its attached state (WDK "Placeholders, Linkers, and New Offloads"). */
function roleOf(
  block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  initiates: boolean,
): BlockRole {
  const cell =
    block instanceof NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST
      ? (block.OffloadHandle?.MiniportOffloadContext ?? null)
      : block.MiniportOffloadContext;
  if (cell === null) return 'placeholder';
  if (!initiates) return 'reference';
  return block.state === undefined ? 'linker' : 'new';
}

/** A tree of block lists with everything attached. `initiates` tells new offloads and linkers from mere references. */
export function blockListArgument(
  name: string,
  addresses: AddressSpace,
  observer: StateObserver,
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  initiates: boolean,
): CallArgument {
  const blocks: Extract<CallArgument, { kind: 'block-list' }>['blocks'][number][] = [];
  walkBlocks(root, (block, depth) => {
    const handle =
      block instanceof NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST ? block.OffloadHandle : block.NdisOffloadHandle;
    blocks.push({
      address: block.address,
      depth,
      role: roleOf(block, initiates),
      object: observer.find(handle)?.id,
      bytes: encodeBlock(block),
      states: [
        ...(handle === null ? [] : [encodeHandle(handle)]),
        ...(block.state === undefined ? [] : encodeAttachedState(addresses, block.state)),
      ],
    });
  });
  return {
    kind: 'block-list',
    name,
    form: root instanceof NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST ? 'protocol' : 'miniport',
    blocks,
  };
}

/**
 * The lists that come with the blocks of a tree, an argument for each chain in the order of the blocks: NetBufferListChain of a block and
 * BufferedData of its delegated state. Which block a chain belongs to says the address of its first list, which the block's bytes name.
 */
export function attachedListsArguments(
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
): CallArgument[] {
  const attached: CallArgument[] = [];
  walkBlocks(root, ({ NetBufferListChain, state }) => {
    if (NetBufferListChain !== null)
      attached.push(netBufferListsArgument('NetBufferListChain', NetBufferListChain));
    const buffered = state?.layer === 'tcp' ? (state.delegated?.BufferedData ?? null) : null;
    if (buffered !== null) attached.push(netBufferListsArgument('BufferedData', buffered));
  });
  return attached;
}

/** As above, of a completed initiate: what was taken is the target's to complete, only the rest comes back. */
export function refusedListsArguments(
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
): CallArgument[] {
  const refused: CallArgument[] = [];
  walkBlocks(root, ({ NetBufferListChain, Status }) => {
    if (NetBufferListChain !== null && !isTaken(Status))
      refused.push(netBufferListsArgument('NetBufferListChain', NetBufferListChain));
  });
  return refused;
}
