/**
 * Pseudonyms of addresses. Networks stay networks: IPv4 addresses that share 24 bits and IPv6 addresses that share 64 bits do so afterwards, in 10.0.0.0/8
 * and in 2001:db8::/32 (RFC 3849), on networks that the original does not have. What names nobody (loopback, broadcast, link-local prefixes, well-known groups)
 * stays, and groups that are made of a unicast address follow it.
 */
import { keyedNumber, permuted, type KeyedHash } from './keyedNumbers';

/** Takes addresses and answers what stands in their place; the bytes that it is given stay as they are. */
export interface AddressRewriter {
  /** Four bytes. */
  ipv4(address: Uint8Array): Uint8Array;
  /** Sixteen bytes. */
  ipv6(address: Uint8Array): Uint8Array;
  /** Six bytes. */
  mac(address: Uint8Array): Uint8Array;
}

/** Networks of the IPv4 pool, 10.0.0.0/8 in parts of 24 bits. */
const ipv4Networks = 0x1_0000;

/** More networks than this in one trace, and the pool has none left that the original doesn't use. */
export const mostIpv4Networks = 30_000;

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isAll(bytes: Uint8Array, value: number): boolean {
  return bytes.every((byte) => byte === value);
}

/** Big-endian number of bytes `from` to `to`. */
function numberAt(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index++) number = number * 256 + bytes[index]!;
  return number;
}

function putNumber(bytes: Uint8Array, from: number, to: number, value: number): void {
  let rest = value;
  for (let index = to - 1; index >= from; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function isIpv4Group(address: Uint8Array): boolean {
  return address[0]! >= 224 && address[0]! < 240;
}

/** Whether an IPv4 address names one host or network, so that it has to be replaced. */
function namesIpv4Host(address: Uint8Array): boolean {
  return !isAll(address, 0) && !isAll(address, 255) && address[0] !== 127 && !isIpv4Group(address);
}

/** ::ffff:0:0/96, IPv4 addresses as IPv6 has them. */
function isMappedIpv4(address: Uint8Array): boolean {
  return isAll(address.subarray(0, 10), 0) && isAll(address.subarray(10, 12), 255);
}

function isLinkLocal(address: Uint8Array): boolean {
  return numberAt(address, 0, 2) === 0xfe80 && isAll(address.subarray(2, 8), 0);
}

/** Whether an IPv6 address names one host or network. */
function namesIpv6Host(address: Uint8Array): boolean {
  if (address[0] === 0xff) return false;
  return !(isAll(address.subarray(0, 15), 0) && address[15]! < 2);
}

/** The addresses of a trace: collected first, replaced then. */
export class AddressMap {
  /** Networks of the original, as numbers of 24 bits, and as the hexadecimal digits of 64 bits. */
  private readonly ipv4Originals = new Set<number>();
  private readonly ipv6Originals = new Set<string>();
  private ipv4Slots: Map<number, number> | undefined;
  private readonly ipv6Slots = new Map<string, number>();
  private readonly ipv6Taken = new Set<number>();
  private readonly known = new Map<string, Uint8Array>();
  private readonly collected = {
    ipv4: new Map<string, Uint8Array>(),
    ipv6: new Map<string, Uint8Array>(),
    mac: new Map<string, Uint8Array>(),
  };

  constructor(private readonly hash: KeyedHash) {}

  /** Notes every address that it is given, and answers it as it is. */
  readonly collector: AddressRewriter = {
    ipv4: (address) => {
      if (namesIpv4Host(address)) {
        this.ipv4Originals.add(numberAt(address, 0, 3));
        this.collected.ipv4.set(hex(address), address.slice());
      }
      return address;
    },
    ipv6: (address) => {
      if (isMappedIpv4(address)) this.collector.ipv4(address.subarray(12));
      else if (namesIpv6Host(address)) {
        this.ipv6Originals.add(hex(address.subarray(0, 8)));
        this.collected.ipv6.set(hex(address), address.slice());
      }
      return address;
    },
    mac: (address) => {
      if ((address[0]! & 1) === 0 && !isAll(address, 0))
        this.collected.mac.set(hex(address), address.slice());
      return address;
    },
  };

  /** Number of IPv4 networks that have been collected. */
  get ipv4NetworkCount(): number {
    return this.ipv4Originals.size;
  }

  /** Addresses that have been collected: what must not be found any more. Hexadecimal digits. */
  get originals(): readonly string[] {
    const { ipv4, ipv6, mac } = this.collected;
    return [...ipv4.keys(), ...ipv6.keys(), ...mac.keys()];
  }

  /** Replaces addresses. */
  readonly rewriter: AddressRewriter = {
    ipv4: (address) => this.remember(address, () => this.newIpv4(address)),
    ipv6: (address) => this.remember(address, () => this.newIpv6(address)),
    mac: (address) => this.remember(address, () => this.newMac(address)),
  };

  /** Bytes in which every address that has been collected is replaced, wherever it stands; the same bytes where there is none. */
  replaceCollected(bytes: Uint8Array): Uint8Array {
    let replaced: Uint8Array | undefined;
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const put = (
        length: number,
        found: Map<string, Uint8Array>,
        map: (address: Uint8Array) => Uint8Array,
      ): boolean => {
        if (at + length > bytes.length) return false;
        const address = found.get(hex(bytes.subarray(at, at + length)));
        if (address === undefined) return false;
        replaced ??= bytes.slice();
        replaced.set(map(address), at);
        at += length - 1;
        return true;
      };
      if (put(16, this.collected.ipv6, (address) => this.rewriter.ipv6(address))) continue;
      if (put(6, this.collected.mac, (address) => this.rewriter.mac(address))) continue;
      put(4, this.collected.ipv4, (address) => this.rewriter.ipv4(address));
    }
    return replaced ?? bytes;
  }

  private remember(address: Uint8Array, make: () => Uint8Array): Uint8Array {
    const key = hex(address);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.known.set(key, made);
    return made;
  }

  private newIpv4(address: Uint8Array): Uint8Array {
    const made = address.slice();
    if (isIpv4Group(address))
      putNumber(made, 1, 4, (address[1]! & 0x80) * 0x1_0000 + this.groupBits(address, 1));
    else if (namesIpv4Host(address)) {
      const slot = this.slots().get(numberAt(address, 0, 3)) ?? this.freeSlot(numberAt(address, 0, 3));
      made[0] = 10;
      putNumber(made, 1, 3, slot);
      const host = address[3]!;
      if (host !== 0 && host !== 255) made[3] = permuted(this.hash, 'host', 8, host, 1, 254);
    }
    return made;
  }

  /** The 23 bits of an IPv4 group that its Ethernet address has, too (RFC 1112 section 6.4). */
  private groupBits(bytes: Uint8Array, from: number): number {
    const group = numberAt(bytes, from, from + 3) % 0x80_0000;
    return group < 256 ? group : permuted(this.hash, 'group', 24, group, 256, 0x7f_ffff);
  }

  private low24(value: number): number {
    return permuted(this.hash, 'low', 24, value);
  }

  private newIpv6(address: Uint8Array): Uint8Array {
    const made = address.slice();
    if (isMappedIpv4(address)) made.set(this.rewriter.ipv4(address.subarray(12)), 12);
    else if (address[0] === 0xff) {
      // Small group numbers are well-known; solicited-node groups (RFC 4291 section 2.7.1) and their Ethernet addresses follow the node's.
      if (address[12] !== 0) putNumber(made, 13, 16, this.low24(numberAt(address, 13, 16)));
    } else if (namesIpv6Host(address)) {
      if (!isLinkLocal(address)) {
        putNumber(made, 0, 4, 0x2001_0db8);
        putNumber(made, 4, 8, this.ipv6Slot(hex(address.subarray(0, 8))));
      }
      if (!isAll(address.subarray(8), 0)) {
        putNumber(made, 8, 13, keyedNumber(this.hash, `interface ${hex(address.subarray(8, 13))}`, 40));
        putNumber(made, 13, 16, this.low24(numberAt(address, 13, 16)));
      }
    }
    return made;
  }

  private newMac(address: Uint8Array): Uint8Array {
    const made = address.slice();
    const start = numberAt(address, 0, 3);
    if (isAll(address, 0) || isAll(address, 255) || start === 0x0180c2) return made;
    if (start === 0x01005e && address[3]! < 0x80) putNumber(made, 3, 6, this.groupBits(address, 3));
    else if (numberAt(address, 0, 2) === 0x3333) {
      if (address[2] !== 0) putNumber(made, 3, 6, this.low24(numberAt(address, 3, 6)));
    } else {
      made[0] = 2 + (address[0]! & 1);
      putNumber(made, 1, 6, keyedNumber(this.hash, `mac ${hex(address)}`, 40));
    }
    return made;
  }

  /** The pool's network for each of the original's; made when all of these are known, so that no order matters. */
  private slots(): Map<number, number> {
    if (this.ipv4Slots === undefined) {
      this.ipv4Slots = new Map();
      for (const network of [...this.ipv4Originals].sort((left, right) => left - right))
        this.freeSlot(network);
    }
    return this.ipv4Slots;
  }

  private freeSlot(network: number): number {
    const slots = (this.ipv4Slots ??= new Map<number, number>());
    const taken = (this.ipv4Taken ??= new Set(slots.values()));
    let slot = keyedNumber(this.hash, `network ${network}`, 16);
    while (taken.has(slot) || this.ipv4Originals.has(10 * 0x1_0000 + slot)) slot = (slot + 1) % ipv4Networks;
    taken.add(slot);
    slots.set(network, slot);
    return slot;
  }

  private ipv4Taken: Set<number> | undefined;

  private ipv6Slot(network: string): number {
    let slot = this.ipv6Slots.get(network);
    if (slot !== undefined) return slot;
    slot = keyedNumber(this.hash, `prefix ${network}`, 32);
    const isUsed = (candidate: number): boolean =>
      this.ipv6Taken.has(candidate) ||
      this.ipv6Originals.has(`20010db8${candidate.toString(16).padStart(8, '0')}`);
    while (isUsed(slot)) slot = (slot + 1) % 2 ** 32;
    this.ipv6Slots.set(network, slot);
    this.ipv6Taken.add(slot);
    return slot;
  }
}
