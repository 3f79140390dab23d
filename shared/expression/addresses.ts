/** Addresses as people write them: IPv4, IPv6 (RFC 4291, section 2.2) and MAC, each with a prefix length if wanted. */

/** An address, of which the first `prefixLength` bits count. */
export interface AddressPattern {
  /** 4 bytes for IPv4, 16 for IPv6, 6 for a MAC address. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

function readIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    bytes.push(Number(part));
  }
  return bytes;
}

function readMac(text: string): number[] | undefined {
  const parts = text.split(':');
  if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{2}$/.test(part))) return undefined;
  return parts.map((part) => parseInt(part, 16));
}

/** The bytes of `a:b:c` with an IPv4 address as its last part allowed; undefined if a group is none. */
function readGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const mixed = index === groups.length - 1 ? readIpv4(group) : undefined;
    if (mixed !== undefined) bytes.push(...mixed);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}

function readIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || text.length > 45) return undefined;
  const head = readGroups(halves[0]!);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const tail = readGroups(halves[1]!);
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** Reads `192.0.2.1`, `2001:db8::/32`, `02:00:00:00:00:01` and the like; undefined if it is no address. */
export function readAddress(text: string): AddressPattern | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const found = readIpv4(address) ?? readMac(address) ?? readIpv6(address);
  if (found === undefined) return undefined;
  const bits = found.length * 8;
  if (slash < 0) return { bytes: Uint8Array.from(found), prefixLength: bits };
  const prefix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined;
  return { bytes: Uint8Array.from(found), prefixLength: Number(prefix) };
}

/** Whether an address begins with the bits of a pattern; addresses of another length never do. */
export function addressMatches(address: Uint8Array, pattern: AddressPattern): boolean {
  if (address.length !== pattern.bytes.length) return false;
  const whole = pattern.prefixLength >> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== pattern.bytes[index]) return false;
  const rest = pattern.prefixLength & 7;
  return rest === 0 || ((address[whole]! ^ pattern.bytes[whole]!) & (0xff00 >> rest)) === 0;
}
