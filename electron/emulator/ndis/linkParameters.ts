/** NDIS_LINK_PARAMETERS, for OID_GEN_LINK_PARAMETERS: the speed and duplex state that an administrator wants. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { beginObject, bytesOf, readObject } from './objectBytes';

const header = { Type: constantValue('NDIS_OBJECT_TYPE_DEFAULT'), Revision: 1, Size: 32 } as const;

/** Bytes of the structure. */
export const linkParametersSize = header.Size;

/** The members that an adapter without flow control looks at. */
export interface LinkParameters {
  /** A NET_IF_MEDIA_DUPLEX_STATE. */
  readonly MediaDuplexState: number;
  /** Bits per second, in both directions. */
  readonly XmitLinkSpeed: bigint;
  readonly RcvLinkSpeed: bigint;
}

/** The structure; nothing is left to be negotiated. */
export function writeLinkParameters(parameters: LinkParameters): Uint8Array {
  const view = beginObject(header);
  view.setUint32(4, parameters.MediaDuplexState, true);
  view.setBigUint64(8, parameters.XmitLinkSpeed, true);
  view.setBigUint64(16, parameters.RcvLinkSpeed, true);
  return bytesOf(view);
}

/** What the structure says; undefined if it is damaged. */
export function readLinkParameters(bytes: Uint8Array): LinkParameters | undefined {
  const view = readObject(header, bytes);
  if (view === undefined) return undefined;
  return {
    MediaDuplexState: view.getUint32(4, true),
    XmitLinkSpeed: view.getBigUint64(8, true),
    RcvLinkSpeed: view.getBigUint64(16, true),
  };
}
