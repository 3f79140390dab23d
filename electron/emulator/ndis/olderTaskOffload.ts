/**
 * OID_TCP_TASK_OFFLOAD, the older way to learn and set what an adapter offloads (A22): NDIS_TASK_OFFLOAD_HEADER with
 * NDIS_TASK_OFFLOAD entries behind it. The headers of NDIS 5 have both. No public header has what TCP chimney added:
 * NDIS_TASK_TCP_CONNECTION_OFFLOAD and its NDIS_TASK number. The number below is therefore this project's own, and an entry's
 * TaskBuffer holds what became of that structure: NDIS_TCP_CONNECTION_OFFLOAD, and in a set NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS
 * behind it, to which the links of the older pages lead today and which they ascribe TcpMaximumRetransmissions and TicksPerSecond to.
 */
import { connectionOffloadSize } from './connectionOffload';

/** NDIS_TASK_OFFLOAD_VERSION. */
const version = 1;

/** IEEE_802_3_Encapsulation of NDIS_ENCAPSULATION, and bytes of an untagged Ethernet header. */
const ethernet = 2;
const ethernetHeaderSize = 14;

/** Bytes of NDIS_TASK_OFFLOAD_HEADER, and of NDIS_TASK_OFFLOAD with and without its one byte of TaskBuffer. */
export const taskOffloadHeaderSize = 28;
const taskSize = 24;
const taskBufferAt = 20;

/** Task of an entry for connection offload: this project's own number, with bit 29 set like its own status. */
const tcpConnectionOffloadNdisTask = 0x20000003;

/** What an adapter offloads, or is to offload. */
export interface OlderTaskOffload {
  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD; undefined: no connection offload. */
  readonly connection: Uint8Array | undefined;
  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, in a set. */
  readonly parameters?: Uint8Array | undefined;
}

/** The header alone, as a query brings it: the version and the encapsulation of the host stack. */
export function writeTaskOffloadHeader(OffsetFirstTask = 0, length = taskOffloadHeaderSize): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  view.setUint32(0, version, true);
  view.setUint32(4, taskOffloadHeaderSize, true);
  view.setUint32(12, OffsetFirstTask, true);
  view.setUint32(16, ethernet, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, ethernetHeaderSize, true);
  return new Uint8Array(view.buffer);
}

/** Header and entries; OffsetFirstTask is 0 where nothing is offloaded. */
export function writeOlderTaskOffload({ connection, parameters }: OlderTaskOffload): Uint8Array {
  if (connection === undefined) return writeTaskOffloadHeader();
  const buffer = new Uint8Array(connection.length + (parameters?.length ?? 0));
  buffer.set(connection);
  if (parameters !== undefined) buffer.set(parameters, connection.length);
  const bytes = writeTaskOffloadHeader(
    taskOffloadHeaderSize,
    taskOffloadHeaderSize + taskBufferAt + buffer.length,
  );
  const view = new DataView(bytes.buffer, taskOffloadHeaderSize);
  view.setUint32(0, version, true);
  view.setUint32(4, taskSize, true);
  view.setUint32(8, tcpConnectionOffloadNdisTask, true);
  view.setUint32(16, buffer.length, true);
  bytes.set(buffer, taskOffloadHeaderSize + taskBufferAt);
  return bytes;
}

/** Whether a header is of a version and for an encapsulation that Ethernet adapters know. */
export function isEthernetTaskOffload(bytes: Uint8Array): boolean {
  if (bytes.length < taskOffloadHeaderSize) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (
    view.getUint32(0, true) === version &&
    view.getUint32(4, true) === taskOffloadHeaderSize &&
    view.getUint32(16, true) === ethernet &&
    view.getUint32(24, true) === ethernetHeaderSize
  );
}

/** Decodes header and entries; undefined if they are damaged. Entries for other tasks are passed over. */
export function readOlderTaskOffload(bytes: Uint8Array): OlderTaskOffload | undefined {
  if (!isEthernetTaskOffload(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = view.getUint32(12, true);
  if (at === 0) return { connection: undefined };
  for (;;) {
    if (at + taskBufferAt > bytes.length) return undefined;
    const next = view.getUint32(at + 12, true);
    const end = at + taskBufferAt + view.getUint32(at + 16, true);
    if (end > bytes.length) return undefined;
    if (view.getUint32(at + 8, true) === tcpConnectionOffloadNdisTask) {
      const buffer = bytes.slice(at + taskBufferAt, end);
      if (buffer.length < connectionOffloadSize) return undefined;
      const parameters = buffer.slice(connectionOffloadSize);
      return {
        connection: buffer.slice(0, connectionOffloadSize),
        parameters: parameters.length === 0 ? undefined : parameters,
      };
    }
    if (next === 0) return { connection: undefined };
    at += next;
  }
}
