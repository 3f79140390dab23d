/** Addresses as bytes in network order, and as text for people. */

/** An Ethernet address: 6 bytes. */
export type MacAddress = Uint8Array;

/** An IPv4 address: 4 bytes. */
export type Ipv4Address = Uint8Array;

/** Destination of frames for everybody. */
export const broadcastMac: MacAddress = new Uint8Array(6).fill(0xff);

/** Whether two addresses are the same bytes. */
export function sameAddress(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Dotted decimal. */
export function formatIpv4(address: Ipv4Address): string {
  return Array.from(address).join('.');
}

/** Hexadecimal with hyphens, as Windows shows it. */
export function formatMac(address: MacAddress): string {
  return Array.from(address, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('-');
}
