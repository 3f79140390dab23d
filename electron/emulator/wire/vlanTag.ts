/** 802.1Q tags (IEEE 802.1Q clause 9): four bytes between the addresses and the EtherType. */
import { etherTypeOf, ethernetHeaderLength, etherTypes } from './ethernet';
import type { Frame } from './frame';

/** Bytes of a tag. */
export const vlanTagLength = 4;

const tagAt = 12;

/** Tag control information; CFI is always zero (VLN-014). */
export interface VlanTag {
  /** VID, 12 bits; 0 makes it a priority tag. */
  readonly VlanId: number;
  /** PCP, 3 bits. */
  readonly UserPriority: number;
}

/** Puts a tag into an untagged frame. */
export function insertTag(frame: Pick<Frame, 'bytes' | 'length'>, tag: VlanTag): void {
  const { bytes } = frame;
  bytes.copyWithin(tagAt + vlanTagLength, tagAt, frame.length);
  frame.length += vlanTagLength;
  bytes[tagAt] = etherTypes.vlan >>> 8;
  bytes[tagAt + 1] = etherTypes.vlan & 0xff;
  bytes[tagAt + 2] = (tag.UserPriority << 5) | (tag.VlanId >>> 8);
  bytes[tagAt + 3] = tag.VlanId & 0xff;
}

/** The tag of a frame; undefined if it has none. */
export function tagOf(bytes: Uint8Array, length: number): VlanTag | undefined {
  if (etherTypeOf(bytes, length) !== etherTypes.vlan || length < ethernetHeaderLength + vlanTagLength)
    return undefined;
  return {
    VlanId: ((bytes[tagAt + 2]! & 0x0f) << 8) | bytes[tagAt + 3]!,
    UserPriority: bytes[tagAt + 2]! >>> 5,
  };
}

/** Takes the tag out of a tagged frame. */
export function removeTag(frame: Pick<Frame, 'bytes' | 'length'>): void {
  frame.bytes.copyWithin(tagAt, tagAt + vlanTagLength, frame.length);
  frame.length -= vlanTagLength;
}

/** NDIS_NET_BUFFER_LIST_8021Q_INFO.Value for a tag: priority in bits 0 to 2, CFI in bit 3, VLAN in bits 4 to 15. */
export function tagInfoOf(tag: VlanTag): number {
  return tag.UserPriority | (tag.VlanId << 4);
}

/** The tag that NDIS_NET_BUFFER_LIST_8021Q_INFO.Value asks for; undefined for zero, which asks for none. */
export function tagFromInfo(value: number): VlanTag | undefined {
  return value === 0 ? undefined : { UserPriority: value & 7, VlanId: (value >>> 4) & 0xfff };
}
