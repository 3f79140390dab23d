/**
 * Frames without payload and with other addresses. Checksums are mended: one that was right is right for the frame as it is now, with zeros in the place of
 * the payload that has been dropped, and one that was wrong stays wrong. So no checksum tells what the payload was.
 */
import type { AddressRewriter } from './addressMap';
import { adjustedChecksum, checksumOf, wordSum } from './internetChecksum';

/** How frames are rewritten. */
export interface FrameRules {
  readonly addresses: AddressRewriter;
  readonly keepPayload: boolean;
}

const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, serviceVlan: 0x88a8, ipv6: 0x86dd } as const;
const protocols = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  destinationOptions: 60,
} as const;

/** A datagram inside a frame, as its IP header describes it. */
interface Datagram {
  readonly protocol: number;
  /** Where the protocol's header begins. */
  readonly at: number;
  /** Where the datagram ends, whether or not the recording reaches so far. */
  readonly end: number;
  readonly isFragment: boolean;
  /** Sums of the addresses, before and after; 0 where they do not count. */
  readonly before: number;
  readonly after: number;
}

/** A frame that is being rewritten. */
class FrameRewrite {
  private readonly made: Uint8Array;

  constructor(
    private readonly original: Uint8Array,
    private readonly rules: FrameRules,
  ) {
    this.made = original.slice();
  }

  run(): Uint8Array {
    const { original, made } = this;
    if (original.length < 14) return new Uint8Array(0);
    this.mac(0);
    this.mac(6);
    let at = 12;
    let type = this.word(at);
    while ((type === etherTypes.vlan || type === etherTypes.serviceVlan) && at + 6 <= original.length) {
      at += 4;
      type = this.word(at);
    }
    const kept = this.network(type, at + 2);
    if (this.rules.keepPayload) return made;
    return made.subarray(0, Math.min(kept, made.length)).slice();
  }

  private network(type: number, at: number): number {
    if (type === etherTypes.ipv4) return this.ipv4(at, false);
    if (type === etherTypes.ipv6) return this.ipv6(at, false);
    return type === etherTypes.arp ? this.arp(at) : at;
  }

  private arp(at: number): number {
    // Ethernet and IPv4 (RFC 826); anything else is no ARP that we know.
    if (
      !this.has(at, 28) ||
      this.word(at) !== 1 ||
      this.word(at + 2) !== 0x0800 ||
      this.word(at + 4) !== 0x0604
    )
      return at;
    this.mac(at + 8);
    this.ipv4Address(at + 14);
    this.mac(at + 18);
    this.ipv4Address(at + 24);
    return at + 28;
  }

  /** @param isQuoted whether it is a datagram that an ICMP message quotes */
  private ipv4(at: number, isQuoted: boolean): number {
    if (!this.has(at, 20)) return at;
    const { original, made } = this;
    const headerLength = Math.max(20, (original[at]! % 16) * 4);
    const start = at + headerLength;
    if (!this.has(at, headerLength)) {
      this.ipv4Address(at + 12);
      this.ipv4Address(at + 16);
      this.putWord(at + 10, 0);
      return at + 20;
    }
    this.ipv4Address(at + 12);
    this.ipv4Address(at + 16);
    this.ipv4Options(at + 20, start);
    const [before, after] = [wordSum(original, at, start, at + 10), wordSum(made, at, start, at + 10)];
    this.putWord(at + 10, adjustedChecksum(this.word(at + 10), before, after));
    const flags = this.word(at + 6);
    if (flags % 0x2000 !== 0) return start;
    return this.transport(
      {
        protocol: original[at + 9]!,
        at: start,
        end: at + this.word(at + 2),
        isFragment: (flags & 0x2000) !== 0,
        before: wordSum(original, at + 12, at + 20),
        after: wordSum(made, at + 12, at + 20),
      },
      isQuoted,
    );
  }

  /** Routes that options have recorded or prescribe, and times with addresses, are addresses; options that nobody knows become NOPs. */
  private ipv4Options(from: number, to: number): void {
    const { original, made } = this;
    for (let at = from; at < to;) {
      const kind = original[at]!;
      if (kind === 0) {
        made.fill(0, at, to);
        return;
      }
      if (kind === 1) {
        at++;
        continue;
      }
      const length = at + 1 < to ? original[at + 1]! : 0;
      const isRoute = kind === 7 || kind === 131 || kind === 137;
      if (length < 2 || at + length > to || (kind !== 68 && kind !== 148 && !isRoute)) {
        made.fill(1, at, length < 2 || at + length > to ? to : at + length);
        if (length < 2) return;
      } else if (isRoute) for (let slot = at + 3; slot + 4 <= at + length; slot += 4) this.ipv4Address(slot);
      else if (kind === 68 && original[at + 3]! % 16 !== 0)
        for (let slot = at + 4; slot + 4 <= at + length; slot += 8) this.ipv4Address(slot);
      at += length;
    }
  }

  private ipv6(at: number, isQuoted: boolean): number {
    if (!this.has(at, 40)) return at;
    const { original, made } = this;
    this.ipv6Address(at + 8);
    this.ipv6Address(at + 24);
    const end = at + 40 + this.word(at + 4);
    let protocol = original[at + 6]!;
    let start = at + 40;
    let isFragment = false;
    const isExtension = (): boolean =>
      protocol === protocols.hopByHop ||
      protocol === protocols.routing ||
      protocol === protocols.fragment ||
      protocol === protocols.destinationOptions;
    while (isExtension() && this.has(start, 8)) {
      const length = protocol === protocols.fragment ? 8 : (original[start + 1]! + 1) * 8;
      if (!this.has(start, length)) return start;
      if (protocol === protocols.routing)
        for (let slot = start + 8; slot + 16 <= start + length; slot += 16) this.ipv6Address(slot);
      else if (protocol === protocols.fragment) {
        if (this.word(start + 2) >= 8) return start + 8;
        isFragment = this.word(start + 2) % 2 === 1;
      } else if (length > 8) made.fill(0, start + 8, start + length);
      protocol = original[start]!;
      start += length;
    }
    return this.transport(
      {
        protocol,
        at: start,
        end,
        isFragment,
        before: wordSum(original, at + 8, at + 40),
        after: wordSum(made, at + 8, at + 40),
      },
      isQuoted,
    );
  }

  /** What a datagram carries; answers where the headers end. */
  private transport(datagram: Datagram, isQuoted: boolean): number {
    const { protocol, at } = datagram;
    if (isQuoted) return this.quotedTransport(protocol, at);
    switch (protocol) {
      case protocols.tcp:
        return this.tcp(datagram);
      case protocols.udp:
        if (!this.has(at, 8)) return at;
        if (this.word(at + 6) !== 0) this.mend(datagram, at + 6, at + 8);
        return at + 8;
      case protocols.icmp:
        return this.icmp({ ...datagram, before: 0, after: 0 });
      case protocols.icmpv6:
        return this.icmpv6(datagram);
      default:
        return at;
    }
  }

  /** The eight bytes that an ICMP message quotes at least; checksums among them would tell of the payload. */
  private quotedTransport(protocol: number, at: number): number {
    if (!this.has(at, 8)) return at;
    if (!this.rules.keepPayload) {
      if (protocol === protocols.udp) this.putWord(at + 6, 0);
      else if (protocol === protocols.icmp || protocol === protocols.icmpv6) this.putWord(at + 2, 0);
      else if (protocol !== protocols.tcp) return at;
    }
    return at + 8;
  }

  private tcp(datagram: Datagram): number {
    const { at } = datagram;
    if (!this.has(at, 20)) {
      // What is there of the ports and numbers stays; the checksum would tell of the payload.
      if (this.has(at, 18)) this.putWord(at + 16, 0);
      return Math.min(this.original.length, at + 18);
    }
    const header = at + Math.max(20, (this.original[at + 12]! >>> 4) * 4);
    const kept = Math.min(header, this.original.length);
    if (header > kept) this.putWord(at + 16, 0);
    else this.mend(datagram, at + 16, kept);
    return kept;
  }

  private icmp(datagram: Datagram): number {
    const { at } = datagram;
    if (!this.has(at, 8)) return at;
    const type = this.original[at]!;
    const isError = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
    if (type === 5) this.ipv4Address(at + 4);
    const kept = isError ? this.ipv4(at + 8, true) : at + 8;
    this.mend(datagram, at + 2, kept);
    return kept;
  }

  private icmpv6(datagram: Datagram): number {
    const { at } = datagram;
    if (!this.has(at, 8)) return at;
    const kept = this.icmpv6Body(this.original[at]!, at, Math.min(datagram.end, this.original.length));
    this.mend(datagram, at + 2, kept);
    return kept;
  }

  /** Neighbor discovery (RFC 4861 section 4), listener discovery (RFC 2710), errors (RFC 4443). */
  private icmpv6Body(type: number, at: number, end: number): number {
    const isWhole = (length: number): boolean => at + length <= end;
    switch (type) {
      case 1:
      case 2:
      case 3:
      case 4:
        return this.ipv6(at + 8, true);
      case 130:
      case 131:
      case 132:
        if (!isWhole(24)) return at + 8;
        this.ipv6Address(at + 8);
        return at + 24;
      case 133:
        return this.discoveryOptions(at + 8, end);
      case 134:
        return isWhole(16) ? this.discoveryOptions(at + 16, end) : at + 8;
      case 135:
      case 136:
        if (!isWhole(24)) return at + 8;
        this.ipv6Address(at + 8);
        return this.discoveryOptions(at + 24, end);
      case 137:
        if (!isWhole(40)) return at + 8;
        this.ipv6Address(at + 8);
        this.ipv6Address(at + 24);
        return this.discoveryOptions(at + 40, end);
      default:
        return at + 8;
    }
  }

  private discoveryOptions(from: number, end: number): number {
    let at = from;
    while (at + 8 <= end) {
      const [type, length] = [this.original[at]!, this.original[at + 1]! * 8];
      if (length === 0 || at + length > end) break;
      if ((type === 1 || type === 2) && length === 8) this.mac(at + 2);
      else if (type === 3 && length === 32) this.ipv6Address(at + 16);
      else if (type !== 5) this.made.fill(0, at + 2, at + length);
      at += length;
    }
    return at;
  }

  /** Mends the checksum at `place` of a message whose headers end at `kept`. */
  private mend(
    { protocol, at, end, isFragment, before, after }: Datagram,
    place: number,
    kept: number,
  ): void {
    const { original, made } = this;
    if (!this.has(place, 2)) return;
    const checksum = this.word(place);
    const isUdp = protocol === protocols.udp;
    let mended: number;
    if (this.rules.keepPayload)
      mended = adjustedChecksum(
        checksum,
        before + wordSum(original, at, kept, place),
        after + wordSum(made, at, kept, place),
      );
    else if (end >= kept && end <= original.length && !isFragment)
      mended = adjustedChecksum(
        checksum,
        before + wordSum(original, at, end, place),
        after + wordSum(made, at, kept, place),
      );
    else {
      // What can't be checked counts as right.
      const length = Math.max(0, end - at);
      const pseudo =
        after === 0 && before === 0
          ? 0
          : after + protocol + (length % 0x1_0000) + Math.floor(length / 0x1_0000);
      mended = checksumOf(pseudo, wordSum(made, at, kept, place));
    }
    this.putWord(place, isUdp && mended === 0 ? 0xffff : mended);
  }

  private has(at: number, length: number): boolean {
    return at + length <= this.original.length;
  }

  private word(at: number): number {
    return this.original[at]! * 256 + this.original[at + 1]!;
  }

  private putWord(at: number, value: number): void {
    this.made[at] = value >>> 8;
    this.made[at + 1] = value & 0xff;
  }

  private mac(at: number): void {
    this.made.set(this.rules.addresses.mac(this.original.subarray(at, at + 6)), at);
  }

  private ipv4Address(at: number): void {
    this.made.set(this.rules.addresses.ipv4(this.original.subarray(at, at + 4)), at);
  }

  private ipv6Address(at: number): void {
    this.made.set(this.rules.addresses.ipv6(this.original.subarray(at, at + 16)), at);
  }
}

/** The frame as it may be shown: headers only unless payload is kept, with other addresses. Bytes that make no sense are dropped. */
export function sanitizeFrame(bytes: Uint8Array, rules: FrameRules): Uint8Array {
  return new FrameRewrite(bytes, rules).run();
}
