/**
 * Numbers out of the headers of a recorded frame, without making text of them as the decoder of the window does: Ethernet II, 802.1Q,
 * IPv4 (RFC 791), IPv6 (RFC 8200), ICMP, ICMPv6 and TCP (RFC 9293). What was not recorded is absent, that is NaN.
 */
import { ipAddressText, linkAddressText } from '../ddi/addressText';
import { frameProtocols, tcpFlagBits } from './frameFields';

/** Innermost protocol of a frame. */
export type FrameProtocol = (typeof frameProtocols)[number];

const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd, tag: 0x8100 } as const;
const ipProtocols = { icmp: 1, tcp: 6, icmpv6: 58 } as const;
/** Hop-by-Hop Options, Routing, Destination Options: each gives its length in its second byte. */
const skippedHeaders: ReadonlySet<number> = new Set([0, 43, 60]);
const fragmentHeader = 44;

/** One frame's headers; `read` gives it another frame. */
export class FrameHeaders {
  private bytes: Uint8Array = new Uint8Array(0);
  /** Where the IP header begins; -1 if there is none. */
  private ip = -1;
  /** Where the header behind IP begins; -1 if there is none. */
  private upper = -1;
  /** End of the datagram. */
  private end = 0;
  etherType = NaN;
  vlanControl = NaN;
  ipVersion = NaN;
  ipProtocol = NaN;
  protocol: FrameProtocol = 'Ethernet';

  /** Takes a frame. `length` is its length on the wire in bytes, as less may have been recorded. Never throws. */
  read(bytes: Uint8Array, length: number): void {
    this.bytes = bytes;
    this.ip = -1;
    this.upper = -1;
    this.end = length;
    this.vlanControl = NaN;
    this.ipVersion = NaN;
    this.ipProtocol = NaN;
    this.protocol = 'Ethernet';
    let offset = 14;
    this.etherType = this.number(12, 2);
    if (this.etherType === etherTypes.tag) {
      this.vlanControl = this.number(14, 2);
      this.etherType = this.number(16, 2);
      offset = 18;
    }
    if (this.etherType === etherTypes.arp) this.protocol = 'ARP';
    else if (this.etherType === etherTypes.ipv4) this.readIpv4(offset, length);
    else if (this.etherType === etherTypes.ipv6) this.readIpv6(offset, length);
  }

  /** A field by its name in the catalogue; NaN if it is absent. */
  field(name: string): number {
    switch (name) {
      case 'eth.type':
        return this.etherType;
      case 'vlan.id':
        return this.vlanControl === this.vlanControl ? this.vlanControl & 0xfff : NaN;
      case 'vlan.priority':
        return this.vlanControl === this.vlanControl ? this.vlanControl >> 13 : NaN;
      case 'ip.version':
        return this.ipVersion;
      case 'ip.protocol':
        return this.ipProtocol;
      case 'ip.ttl':
        return this.ipVersion === 4 ? this.number(this.ip + 8, 1) : this.inIpv6(7, 1);
      case 'ip.length':
        return this.ipVersion === 4 ? this.number(this.ip + 2, 2) : this.inIpv6(4, 2) + 40;
      case 'icmp.type':
        return this.isControl ? this.number(this.upper, 1) : NaN;
      case 'icmp.code':
        return this.isControl ? this.number(this.upper + 1, 1) : NaN;
      default:
        return this.protocol === 'TCP' ? this.tcp(name) : NaN;
    }
  }

  /** An address by its name in the catalogue; undefined if it is absent. */
  address(name: string): string | undefined {
    switch (name) {
      case 'eth.dst':
        return this.slice(0, 6, linkAddressText);
      case 'eth.src':
        return this.slice(6, 6, linkAddressText);
      case 'ip.src':
        return this.ipAddress(12, 8);
      case 'ip.dst':
        return this.ipAddress(16, 24);
      default:
        return undefined;
    }
  }

  private get isControl(): boolean {
    return this.protocol === 'ICMP' || this.protocol === 'ICMPv6';
  }

  private tcp(name: string): number {
    const at = this.upper;
    const flags = this.number(at + 13, 1);
    switch (name) {
      case 'tcp.srcport':
        return this.number(at, 2);
      case 'tcp.dstport':
        return this.number(at + 2, 2);
      case 'tcp.seq':
        return this.number(at + 4, 4);
      case 'tcp.ack':
        return (flags & tcpFlagBits.ack) === 0 ? NaN : this.number(at + 8, 4);
      case 'tcp.window':
        return this.number(at + 14, 2);
      case 'tcp.urgent':
        return (flags & tcpFlagBits.urg) === 0 ? NaN : this.number(at + 18, 2);
      case 'tcp.flags':
        return flags;
      case 'tcp.len': {
        const dataOffset = this.number(at + 12, 1);
        if (dataOffset !== dataOffset) return NaN;
        return Math.max(0, this.end - at - Math.max(20, (dataOffset >> 4) * 4));
      }
      default: {
        const bit = flagBits.get(name);
        if (bit === undefined || flags !== flags) return NaN;
        return (flags & bit) === 0 ? 0 : 1;
      }
    }
  }

  private readIpv4(offset: number, frameLength: number): void {
    if (this.bytes.length <= offset) return;
    const first = this.bytes[offset]!;
    this.ip = offset;
    this.ipVersion = 4;
    this.protocol = 'IPv4';
    const headerLength = Math.max(20, (first & 15) * 4);
    const totalLength = this.number(offset + 2, 2);
    // Short frames carry padding that is no data.
    const room = Math.max(frameLength - offset, headerLength);
    this.end = offset + (totalLength === totalLength ? Math.min(totalLength, room) : room);
    this.ipProtocol = this.number(offset + 9, 1);
    const fragment = this.number(offset + 6, 2);
    // What stands behind a later fragment's header is no header of the upper layer.
    if ((fragment & 0x1fff) === 0) this.readUpper(offset + headerLength, ipProtocols.icmp, 'ICMP');
  }

  private readIpv6(offset: number, frameLength: number): void {
    if (this.bytes.length <= offset) return;
    this.ip = offset;
    this.ipVersion = 6;
    this.protocol = 'IPv6';
    let length = 40;
    let protocol = this.number(offset + 6, 1);
    let isLaterPiece = false;
    while (skippedHeaders.has(protocol) || protocol === fragmentHeader) {
      const at = offset + length;
      if (protocol === fragmentHeader) {
        isLaterPiece = (this.number(at + 2, 2) & 0xfff8) !== 0;
        protocol = this.number(at, 1);
        length += 8;
        break;
      }
      const units = this.number(at + 1, 1);
      protocol = this.number(at, 1);
      length += ((units === units ? units : 0) + 1) * 8;
    }
    this.ipProtocol = protocol;
    const payloadLength = this.number(offset + 4, 2);
    const room = Math.max(frameLength - offset, length);
    this.end = offset + (payloadLength === payloadLength ? Math.min(40 + payloadLength, room) : room);
    if (!isLaterPiece) this.readUpper(offset + length, ipProtocols.icmpv6, 'ICMPv6');
  }

  private readUpper(offset: number, control: number, name: 'ICMP' | 'ICMPv6'): void {
    if (this.ipProtocol === ipProtocols.tcp) this.protocol = 'TCP';
    else if (this.ipProtocol === control) this.protocol = name;
    else return;
    this.upper = offset;
  }

  private inIpv6(at: number, length: number): number {
    return this.ipVersion === 6 ? this.number(this.ip + at, length) : NaN;
  }

  private ipAddress(atIpv4: number, atIpv6: number): string | undefined {
    if (this.ipVersion === 4) return this.slice(this.ip + atIpv4, 4, ipAddressText);
    return this.ipVersion === 6 ? this.slice(this.ip + atIpv6, 16, ipAddressText) : undefined;
  }

  /** A big-endian number; NaN unless all of it was recorded. */
  private number(at: number, length: number): number {
    if (at < 0 || at + length > this.bytes.length) return NaN;
    let value = 0;
    for (let index = at; index < at + length; index++) value = value * 256 + this.bytes[index]!;
    return value;
  }

  private slice(at: number, length: number, text: (bytes: Uint8Array) => string): string | undefined {
    return at + length > this.bytes.length ? undefined : text(this.bytes.subarray(at, at + length));
  }
}

const flagBits: ReadonlyMap<string, number> = new Map(
  Object.entries(tcpFlagBits).map(([flag, bit]) => [`tcp.flags.${flag}`, bit]),
);
