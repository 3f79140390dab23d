/** NDIS_LINK_STATE: what an adapter says about its cable with NDIS_STATUS_LINK_STATE. */
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';

/** Bytes of the structure. */
export const linkStateSize = structureLayout('NDIS_LINK_STATE').size;

const connected = constantValue('MediaConnectStateConnected');

/** The structure for a full-duplex link; its speed is 0 while it is down. */
export function writeLinkState(up: boolean, bitsPerSecond: number): Uint8Array {
  const speed = BigInt(up ? bitsPerSecond : 0);
  return encodeStructure('NDIS_LINK_STATE', {
    Header: objectHeader('NDIS_LINK_STATE'),
    MediaConnectState: up ? connected : constantValue('MediaConnectStateDisconnected'),
    MediaDuplexState: constantValue(up ? 'MediaDuplexStateFull' : 'MediaDuplexStateUnknown'),
    XmitLinkSpeed: speed,
    RcvLinkSpeed: speed,
  });
}

/** Whether the link is up; undefined if the bytes are no NDIS_LINK_STATE. */
export function readLinkUp(bytes: Uint8Array): boolean | undefined {
  const decoded = decodeStructure('NDIS_LINK_STATE', bytes);
  return decoded.ok ? decoded.value.values.MediaConnectState === connected : undefined;
}
