/** NET_BUFFER_LIST, NET_BUFFER and MDL as drivers see them (WDK "NET_BUFFER Architecture"). */
import { structureLayout } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { AddressSpace } from '../machine/addressSpace';

/** Facts about a frame that only its maker knows. */
export interface FrameDescription {
  readonly connection: number | undefined;
  /** TCP payload in bytes. */
  readonly payloadLength: number;
  readonly retransmission: boolean;
}

/** Bits of NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO for packets to be sent. */
export const checksumInfo = { IsIPv4: 0x01, TcpChecksum: 0x04 } as const;

/** Slots of NetBufferListInfo that chimney offload uses. */
export const netBufferListInfo = {
  /** NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO, in packets of the host path. */
  TcpIpChecksum: 0,
  TcpOffloadBytesTransferred: 0,
  TcpReceiveNoPush: 2,
  Ieee8021QNetBufferListInfo: 4,
  TcpReceiveBytesTransferred: 0x11,
} as const;

/** Slots of NetBufferListInfo in NDIS 6.20, as they are at first: copying them is faster than filling new ones. */
const emptyInfo: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** A run of locked memory. */
export class MDL {
  Next: MDL | null = null;

  constructor(
    readonly address: number,
    readonly bytes: Uint8Array,
  ) {}

  /** Bytes that it describes. */
  get ByteCount(): number {
    return this.bytes.length;
  }
}

/** Data of one packet or one piece of a stream: a chain of MDLs, of which a part in the middle is used. */
export class NET_BUFFER {
  Next: NET_BUFFER | null = null;
  /** Bytes unused at the front of the chain. */
  DataOffset = 0;

  constructor(
    readonly address: number,
    readonly MdlChain: MDL,
    /** Bytes used. */
    public DataLength: number,
  ) {}

  /** Copies `length` bytes from `start` on over the used ones from `offset` on; what does not fit is left out. */
  write(offset: number, bytes: Uint8Array, start = 0, length = bytes.length - start): void {
    let skip = this.DataOffset + offset;
    let written = 0;
    const end = Math.min(length, this.DataLength - offset);
    for (let mdl: MDL | null = this.MdlChain; mdl !== null && written < end; mdl = mdl.Next) {
      const room = mdl.ByteCount - skip;
      if (room <= 0) {
        skip -= mdl.ByteCount;
        continue;
      }
      const count = Math.min(end - written, room);
      const from = start + written;
      const part = count === bytes.length ? bytes : bytes.subarray(from, from + count);
      mdl.bytes.set(part, skip);
      written += count;
      skip = 0;
    }
  }

  /** Calls `visit` for each run of used bytes, in order. */
  forEachRun(visit: (bytes: Uint8Array, isLast: boolean) => void): void {
    let skip = this.DataOffset;
    let left = this.DataLength;
    for (let mdl: MDL | null = this.MdlChain; mdl !== null && left > 0; mdl = mdl.Next) {
      if (skip >= mdl.ByteCount) {
        skip -= mdl.ByteCount;
        continue;
      }
      const count = Math.min(left, mdl.ByteCount - skip);
      left -= count;
      visit(count === mdl.ByteCount ? mdl.bytes : mdl.bytes.subarray(skip, skip + count), left === 0);
      skip = 0;
    }
  }
}

/** A list of NET_BUFFERs with the out-of-band data that they share. */
export class NET_BUFFER_LIST {
  Next: NET_BUFFER_LIST | null = null;
  Status: NdisStatus = NDIS_STATUS.SUCCESS;
  readonly NetBufferListInfo: number[] = emptyInfo.slice();
  /** For whoever holds the list as a miniport; never read by a protocol. */
  MiniportReserved: unknown = undefined;
  /** For the protocol that allocated it. */
  ProtocolReserved: unknown = undefined;
  /** Requests that NDIS has open for it, on each layer that it has passed; no driver looks at them. */
  NdisReserved: unknown = undefined;
  /** Offset of its first byte in the stream of its connection, for people who read a trace; not part of the structure. */
  streamOffset: number | undefined;

  /** What a frame of the host stack's own carries, for the trace; not part of the structure. */
  frame: FrameDescription | undefined;

  constructor(
    readonly address: number,
    readonly FirstNetBuffer: NET_BUFFER,
  ) {}

  /** Used bytes in all NET_BUFFERs. */
  get dataLength(): number {
    let length = 0;
    for (let buffer: NET_BUFFER | null = this.FirstNetBuffer; buffer !== null; buffer = buffer.Next)
      length += buffer.DataLength;
    return length;
  }
}

const sizes = {
  list: structureLayout('NET_BUFFER_LIST').size,
  buffer: structureLayout('NET_BUFFER').size,
  mdl: structureLayout('MDL').size,
} as const;

/** NdisAllocateNetBufferAndNetBufferList for data that lies in one or several runs. */
export function allocateNetBufferList(addresses: AddressSpace, runs: readonly Uint8Array[]): NET_BUFFER_LIST;
/** The same, for a driver that keeps something of its own in the list, as a ContextSize asks for it. */
export function allocateNetBufferList<List extends NET_BUFFER_LIST>(
  addresses: AddressSpace,
  runs: readonly Uint8Array[],
  Kind: new (address: number, buffer: NET_BUFFER) => List,
): List;
export function allocateNetBufferList(
  addresses: AddressSpace,
  runs: readonly Uint8Array[],
  Kind: new (address: number, buffer: NET_BUFFER) => NET_BUFFER_LIST = NET_BUFFER_LIST,
): NET_BUFFER_LIST {
  let first: MDL | null = null;
  let last: MDL | null = null;
  let length = 0;
  for (const run of runs) {
    const mdl = new MDL(addresses.allocate(sizes.mdl), run);
    if (last === null) first = mdl;
    else last.Next = mdl;
    last = mdl;
    length += run.length;
  }
  first ??= new MDL(addresses.allocate(sizes.mdl), new Uint8Array(0));
  const buffer = new NET_BUFFER(addresses.allocate(sizes.buffer), first, length);
  return new Kind(addresses.allocate(sizes.list), buffer);
}

/** NdisAdvanceNetBufferDataStart with FreeMdl NULL: gives up the first `count` used bytes. */
export function NdisAdvanceNetBufferDataStart(buffer: NET_BUFFER, count: number): void {
  if (count > buffer.DataLength) throw new RangeError(`advances ${count} of ${buffer.DataLength} bytes`);
  buffer.DataOffset += count;
  buffer.DataLength -= count;
}

/** The used bytes of a NET_BUFFER in one piece: its own memory where that is contiguous, a copy otherwise. */
export function netBufferBytes(buffer: NET_BUFFER): Uint8Array {
  const { MdlChain, DataLength } = buffer;
  if (DataLength === MdlChain.ByteCount && buffer.DataOffset === 0) return MdlChain.bytes;
  const runs: Uint8Array[] = [];
  buffer.forEachRun((run) => runs.push(run));
  if (runs.length === 1) return runs[0]!;
  const bytes = new Uint8Array(buffer.DataLength);
  let at = 0;
  for (const run of runs) {
    bytes.set(run, at);
    at += run.length;
  }
  return bytes;
}

/** The lists of a chain as an array. */
export function chainToArray(first: NET_BUFFER_LIST | null): NET_BUFFER_LIST[] {
  const lists: NET_BUFFER_LIST[] = [];
  for (let list = first; list !== null; list = list.Next) lists.push(list);
  return lists;
}

/** Links lists into a chain and answers its head; null for none. */
export function linkChain(lists: readonly NET_BUFFER_LIST[]): NET_BUFFER_LIST | null {
  lists.forEach((list, index) => (list.Next = lists[index + 1] ?? null));
  return lists[0] ?? null;
}

/** MDLs in a NET_BUFFER's chain. */
export function mdlCount(buffer: NET_BUFFER): number {
  let count = 0;
  for (let mdl: MDL | null = buffer.MdlChain; mdl !== null; mdl = mdl.Next) count++;
  return count;
}
