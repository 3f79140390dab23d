/** The hash that receive side scaling takes of a received frame. */
import { ethernetHeaderLength, etherTypeOf, etherTypes } from './ethernet';
import { toeplitzHash } from './toeplitzHash';
import { vlanTagLength } from './vlanTag';

const tcp = 6;

/** Offsets in an IPv4 header without options, and from its beginning into the TCP header (RFC 9293 section 3.1). */
const protocolAt = ethernetHeaderLength + 9;
const addressesAt = ethernetHeaderLength + 12;

/** Bytes of both addresses and both ports, which follow each other where the IPv4 header has no options. */
const inputLength = 12;

/** The same in an IPv6 header without extension headers (RFC 8200 section 3). */
const nextHeaderAt = ethernetHeaderLength + 6;
const ipv6AddressesAt = ethernetHeaderLength + 8;
const ipv6InputLength = 36;

/** Hash of the addresses and ports of a TCP segment, tagged or not, over either IP version; 0, as for no hash, of everything else. */
export function frameHash(bytes: Uint8Array, length: number): number {
  const tag = etherTypeOf(bytes, length) === etherTypes.vlan ? vlanTagLength : 0;
  if (length < tag + addressesAt + inputLength) return 0;
  const etherType = (bytes[tag + 12]! << 8) | bytes[tag + 13]!;
  if (etherType === etherTypes.ipv6) return ipv6FrameHash(bytes, length, tag);
  if (etherType !== etherTypes.ipv4 || bytes[tag + ethernetHeaderLength] !== 0x45) return 0;
  return bytes[tag + protocolAt] === tcp ? toeplitzHash(bytes, tag + addressesAt, inputLength) : 0;
}

function ipv6FrameHash(bytes: Uint8Array, length: number, tag: number): number {
  if (length < tag + ipv6AddressesAt + ipv6InputLength || bytes[tag + nextHeaderAt] !== tcp) return 0;
  return toeplitzHash(bytes, tag + ipv6AddressesAt, ipv6InputLength);
}
