/**
 * First bytes of data that crosses from one engine to the other, for the trace: enough to see that the target goes on with the same bytes at
 * the same places (INI-026, INI-058, INI-060, INI-061). Recorded at an offload, and once with the first delivery after it.
 */
import type { CallArgument } from '../../../shared/trace/records';
import { textArgument } from './arguments';
import type { Binding } from './drivers';
import { chainToArray, netBufferBytes, netBufferListInfo, type NET_BUFFER_LIST } from './netBufferList';
import {
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
} from './offloadBlockList';

/** Bytes at each place: as many as a trace keeps of every segment's payload. */
const sendSample = 16;

/** Bytes at the front of received data. */
const receiveSample = 32;

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Up to `count` bytes of a chain from `offset` on. */
function bytesAt(first: NET_BUFFER_LIST, offset: number, count: number): Uint8Array {
  const found: number[] = [];
  let skip = offset;
  for (const list of chainToArray(first)) {
    if (found.length >= count) break;
    if (skip >= list.dataLength) {
      skip -= list.dataLength;
      continue;
    }
    found.push(...netBufferBytes(list.FirstNetBuffer).subarray(skip, skip + count - found.length));
    skip = 0;
  }
  return Uint8Array.from(found);
}

/**
 * Of each connection in an initiate, in the order of the blocks: `SendDataBytes` for its chain, `offset:bytes` with offsets from SndUna at
 * SndUna, SndNxt and SndMax; `BufferedDataBytes` for its BufferedData.
 */
export function firstBytesArguments(
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
): CallArgument[] {
  const found: CallArgument[] = [];
  walkBlocks(root, ({ NetBufferListChain, state }) => {
    if (state?.layer !== 'tcp' || state.delegated === undefined) return;
    const { SndUna, SndNxt, SndMax, BufferedData } = state.delegated;
    if (NetBufferListChain !== null) {
      const places = new Set([0, (SndNxt - SndUna) >>> 0, (SndMax - SndUna) >>> 0]);
      const samples = [...places].flatMap((offset) => {
        const bytes = bytesAt(NetBufferListChain, offset, sendSample);
        return bytes.length === 0 ? [] : `${offset}:${hexOf(bytes)}`;
      });
      found.push(textArgument('SendDataBytes', samples.join(' ')));
    }
    if (BufferedData !== null)
      found.push(textArgument('BufferedDataBytes', hexOf(bytesAt(BufferedData, 0, receiveSample))));
  });
  return found;
}

/** Connections of which the next delivery is the first since they were offloaded with BufferedData. */
export class FirstDeliveries {
  private readonly awaited = new Map<Binding, Set<number>>();

  /** A connection comes with BufferedData. */
  await(binding: Binding, connection: number): void {
    const connections = this.awaited.get(binding);
    if (connections === undefined) this.awaited.set(binding, new Set([connection]));
    else connections.add(connection);
  }

  /** First bytes of a chain of completed receives, if they are awaited. */
  ofReceives(binding: Binding, connection: number | undefined, first: NET_BUFFER_LIST): CallArgument[] {
    if (!this.isAwaited(binding, connection)) return [];
    for (const { FirstNetBuffer, NetBufferListInfo } of chainToArray(first)) {
      const placed = NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0;
      if (placed === 0) continue;
      this.awaited.get(binding)!.delete(connection!);
      // The data start has moved behind what was placed.
      const start = FirstNetBuffer.DataOffset - placed;
      const { bytes } = FirstNetBuffer.MdlChain;
      return [
        textArgument('DeliveredBytes', hexOf(bytes.subarray(start, start + Math.min(placed, receiveSample)))),
      ];
    }
    return [];
  }

  /** First bytes of an indication, if they are awaited. */
  ofIndication(binding: Binding, connection: number | undefined, list: NET_BUFFER_LIST): CallArgument[] {
    if (!this.isAwaited(binding, connection)) return [];
    const bytes = bytesAt(list, 0, receiveSample);
    if (bytes.length === 0) return [];
    return [textArgument('DeliveredBytes', hexOf(bytes))];
  }

  private isAwaited(binding: Binding, connection: number | undefined): boolean {
    return (
      this.awaited.size > 0 && connection !== undefined && this.awaited.get(binding)?.has(connection) === true
    );
  }
}
