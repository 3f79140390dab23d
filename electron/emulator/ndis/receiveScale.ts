/** Receive side scaling: NDIS_RECEIVE_SCALE_CAPABILITIES of an adapter and NDIS_RECEIVE_SCALE_PARAMETERS that it is given. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { beginObject, bytesOf, readObject } from './objectBytes';

const capabilitiesHeader = {
  Type: constantValue('NDIS_OBJECT_TYPE_RSS_CAPABILITIES'),
  Revision: 1,
  Size: 16,
} as const;

const parametersHeader = {
  Type: constantValue('NDIS_OBJECT_TYPE_RSS_PARAMETERS'),
  Revision: 1,
  Size: 28,
} as const;

/** Bytes of NDIS_RECEIVE_SCALE_PARAMETERS without its table and key. */
export const receiveScaleParametersSize = parametersHeader.Size;

/** NDIS_RSS_CAPS_ flags: TCP over IPv4 is hashed, and by the Toeplitz function. */
const hashesTcpIpv4 = 0x100;
const toeplitz = 0x1;

/** NDIS_RSS_PARAM_FLAG_DISABLE_RSS. */
const disableRss = 0x10;

/** Most entries of an indirection table, and bytes of the longest key (NDIS 6.0). */
const longestTable = 128;
const longestKey = 40;

/** NDIS_RECEIVE_SCALE_CAPABILITIES of an adapter with so many receive queues, each with an interrupt message of its own. */
export function writeReceiveScaleCapabilities(queues: number): Uint8Array {
  const view = beginObject(capabilitiesHeader);
  view.setUint32(4, hashesTcpIpv4 | toeplitz, true);
  view.setUint32(8, queues, true);
  view.setUint32(12, queues, true);
  return bytesOf(view);
}

/** What a protocol driver tells an adapter about RSS. */
export interface ReceiveScaleParameters {
  readonly enabled: boolean;
  /** The processor that each hash value's low bits lead to; a power of two of entries. */
  readonly indirectionTable: Uint8Array;
  /** Key of the Toeplitz function. */
  readonly secretKey: Uint8Array;
}

/** The structure with its table and its key behind it. */
export function writeReceiveScaleParameters(parameters: ReceiveScaleParameters): Uint8Array {
  const { indirectionTable, secretKey } = parameters;
  const keyAt = parametersHeader.Size + indirectionTable.length;
  const view = beginObject(parametersHeader, keyAt + secretKey.length);
  view.setUint16(4, parameters.enabled ? 0 : disableRss, true);
  view.setUint32(8, hashesTcpIpv4 | toeplitz, true);
  view.setUint16(12, indirectionTable.length, true);
  view.setUint32(16, parametersHeader.Size, true);
  view.setUint16(20, secretKey.length, true);
  view.setUint32(24, keyAt, true);
  const bytes = bytesOf(view);
  bytes.set(indirectionTable, parametersHeader.Size);
  bytes.set(secretKey, keyAt);
  return bytes;
}

/** What the structure says; undefined if it is damaged, or its table or its key lie outside of it or have a wrong size. */
export function readReceiveScaleParameters(bytes: Uint8Array): ReceiveScaleParameters | undefined {
  const view = readObject(parametersHeader, bytes);
  if (view === undefined) return undefined;
  const part = (size: number, at: number): Uint8Array | undefined =>
    at >= parametersHeader.Size && at + size <= bytes.length ? bytes.slice(at, at + size) : undefined;
  const tableSize = view.getUint16(12, true);
  const keySize = view.getUint16(20, true);
  const indirectionTable = part(tableSize, view.getUint32(16, true));
  const secretKey = part(keySize, view.getUint32(24, true));
  const isPowerOfTwo = tableSize > 0 && (tableSize & (tableSize - 1)) === 0;
  if (indirectionTable === undefined || secretKey === undefined) return undefined;
  if (!isPowerOfTwo || tableSize > longestTable || keySize > longestKey) return undefined;
  return { enabled: (view.getUint16(4, true) & disableRss) === 0, indirectionTable, secretKey };
}

/** The processor that a hash value leads to (RSS-003). */
export function processorOf(parameters: ReceiveScaleParameters, hashValue: number): number {
  const { indirectionTable } = parameters;
  return indirectionTable[hashValue & (indirectionTable.length - 1)]!;
}
