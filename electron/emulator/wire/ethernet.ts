/** Ethernet II headers (IEEE 802.3). */
import type { MacAddress } from './address';

/** EtherType numbers. */
export const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd, vlan: 0x8100 } as const;

/** Bytes of an untagged header. */
export const ethernetHeaderLength = 14;

/** Writes a header at the start of a frame. */
export function writeEthernetHeader(
  bytes: Uint8Array,
  destination: MacAddress,
  source: MacAddress,
  etherType: number,
): void {
  for (let index = 0; index < 6; index++) {
    bytes[index] = destination[index]!;
    bytes[6 + index] = source[index]!;
  }
  bytes[12] = etherType >>> 8;
  bytes[13] = etherType & 0xff;
}

/** EtherType of a frame, or undefined if it is too short. */
export function etherTypeOf(bytes: Uint8Array, length: number): number | undefined {
  return length < ethernetHeaderLength ? undefined : (bytes[12]! << 8) | bytes[13]!;
}

/** Whether a frame is addressed to `address` or to everybody. */
export function isAddressedTo(bytes: Uint8Array, address: MacAddress): boolean {
  let own = true;
  let everybody = true;
  for (let index = 0; index < 6; index++) {
    if (bytes[index] !== address[index]) own = false;
    if (bytes[index] !== 0xff) everybody = false;
  }
  return own || everybody;
}
