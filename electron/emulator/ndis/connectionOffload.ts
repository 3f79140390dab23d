/** NDIS_TCP_CONNECTION_OFFLOAD: what connections a target takes (CAP-004 to CAP-009). */
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';

/** The members that say something. */
export interface ConnectionOffload {
  readonly SupportIPv4: boolean;
  readonly SupportIPv6: boolean;
  /** Whether it makes and uses SACK blocks; absent: no (WIR-015). */
  readonly SupportSack?: boolean;
  /** Largest number of offloaded TCP connections, of both IP versions together. */
  readonly TcpConnectionOffloadCapacity: number;
}

/** Bytes of the structure. */
export const connectionOffloadSize = structureLayout('NDIS_TCP_CONNECTION_OFFLOAD').size;

/** The structure of a target for Ethernet II frames, with the header of revision 1. */
export function writeConnectionOffload(offload: ConnectionOffload): Uint8Array {
  return encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD', {
    Header: objectHeader('NDIS_TCP_CONNECTION_OFFLOAD', { revision: 1 }),
    Encapsulation: constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
    SupportIPv4: Number(offload.SupportIPv4),
    SupportIPv6: Number(offload.SupportIPv6),
    SupportSack: Number(offload.SupportSack ?? false),
    TcpConnectionOffloadCapacity: offload.TcpConnectionOffloadCapacity,
  });
}

/** Decodes the structure; undefined if it is too short. */
export function readConnectionOffload(bytes: Uint8Array): ConnectionOffload | undefined {
  const decoded = decodeStructure('NDIS_TCP_CONNECTION_OFFLOAD', bytes);
  if (!decoded.ok) return undefined;
  const { values } = decoded.value;
  return {
    SupportIPv4: values.SupportIPv4 !== 0,
    SupportIPv6: values.SupportIPv6 !== 0,
    SupportSack: values.SupportSack !== 0,
    TcpConnectionOffloadCapacity: values.TcpConnectionOffloadCapacity ?? 0,
  };
}
