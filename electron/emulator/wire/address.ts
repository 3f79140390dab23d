/** Addresses as bytes in network order, and as text for people. */
import { ipAddressText } from '../../../shared/ddi/addressText';

/** An Ethernet address: 6 bytes. */
export type MacAddress = Uint8Array;

/** An IPv4 address: 4 bytes. */
export type Ipv4Address = Uint8Array;

/** An IPv6 address: 16 bytes. */
export type Ipv6Address = Uint8Array;

/** An address of either IP version; its length tells which. */
export type IpAddress = Ipv4Address | Ipv6Address;

/** Bytes of an address, by IP version. */
export const ipAddressLengths = { ipv4: 4, ipv6: 16 } as const;

/** Destination of frames for everybody. */
export const broadcastMac: MacAddress = new Uint8Array(6).fill(0xff);

/** Whether two addresses are the same bytes. */
export function sameAddress(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** An address as a key of maps; addresses of different lengths never share one. */
export function addressKey(address: Uint8Array): string {
  return String.fromCharCode(...address);
}

/** Whether an IP address is one of IPv6. */
export function isIpv6(address: IpAddress): boolean {
  return address.length === ipAddressLengths.ipv6;
}

/** Whether an Ethernet address is a group's (IEEE 802.3): multicast or broadcast. */
export function isGroupMac(address: MacAddress): boolean {
  return (address[0]! & 1) !== 0;
}

/** Dotted decimal. */
export function formatIpv4(address: Ipv4Address): string {
  return Array.from(address).join('.');
}

/** Dotted decimal, or the canonical text of RFC 5952 for IPv6. */
export function formatIpAddress(address: IpAddress): string {
  return ipAddressText(address);
}

/** Address and port; an IPv6 address stands in brackets (RFC 5952 section 6). */
export function formatEndpoint(address: IpAddress, port: number): string {
  return isIpv6(address) ? `[${formatIpAddress(address)}]:${port}` : `${formatIpv4(address)}:${port}`;
}

/** Hexadecimal with hyphens, as Windows shows it. */
export function formatMac(address: MacAddress): string {
  return Array.from(address, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('-');
}

/** Reads dotted decimal or the text of an IPv6 address (RFC 4291 section 2.2); undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Ipv4Address | undefined {
  const parts = text.split('.');
  if (parts.length !== ipAddressLengths.ipv4) return undefined;
  const bytes = parts.map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : NaN));
  return bytes.every((byte) => byte <= 0xff) ? Uint8Array.from(bytes) : undefined;
}

/** The groups of one side of "::", as bytes; a dotted quad may stand at the end of an address. */
function groupBytes(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >>> 8, value & 0xff);
      continue;
    }
    const dotted = mayEndDotted && index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (dotted === undefined) return undefined;
    bytes.push(...dotted);
  }
  return bytes;
}

function parseIpv6(text: string): Ipv6Address | undefined {
  const [head = '', tail, ...further] = text.split('::');
  if (further.length > 0) return undefined;
  const before = groupBytes(head, tail === undefined);
  const after = tail === undefined ? [] : groupBytes(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = ipAddressLengths.ipv6 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...before, ...new Array<number>(missing).fill(0), ...after]);
}
