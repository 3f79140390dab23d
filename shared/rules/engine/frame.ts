/** A recorded frame as rules see it. What every segment needs is read fast; options and addresses when they are asked for. */
import { tcpHeaderOffset, u32At } from '../../analysis/tcpSegment';
import { readPacket, type Packet } from '../../export/packet';
import type { EventId, FramePath, FrameRecord, VirtualTime } from '../../trace/records';

/** Flags of a TCP header (RFC 9293 section 3.1). */
export const tcpFlags = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** See the file's head. */
export class WireFrame {
  /** Offset of the TCP header; -1 where there is none. */
  private readonly tcpAt: number;
  private readAs: Packet | undefined;

  constructor(
    readonly event: EventId,
    readonly time: VirtualTime,
    readonly record: Omit<FrameRecord, 'kind'>,
  ) {
    this.tcpAt = tcpHeaderOffset(record.bytes);
  }

  /** Component whose interface sends it. */
  get sender(): number {
    return this.record.sender;
  }

  /** Who made it. */
  get path(): FramePath {
    return this.record.path;
  }

  get connection(): number | undefined {
    return this.record.connection;
  }

  /** TCP payload in bytes. */
  get payloadLength(): number {
    return this.record.payloadLength;
  }

  /** Whether it carries a TCP header; the members below mean something only then. */
  get isSegment(): boolean {
    return this.tcpAt >= 0;
  }

  get sequence(): number {
    return u32At(this.record.bytes, this.tcpAt + 4);
  }

  get acknowledgment(): number {
    return u32At(this.record.bytes, this.tcpAt + 8);
  }

  /** Bits of `tcpFlags`. */
  get flags(): number {
    return this.record.bytes[this.tcpAt + 13]!;
  }

  /** Whether all the flags in `mask` are set. */
  has(mask: number): boolean {
    return (this.flags & mask) === mask;
  }

  /** As it stands in the header: not scaled. */
  get window(): number {
    return this.record.bytes[this.tcpAt + 14]! * 256 + this.record.bytes[this.tcpAt + 15]!;
  }

  /** Sequence numbers that it takes: payload, SYN and FIN (RFC 9293 section 3.4). */
  get sequenceLength(): number {
    const { flags } = this;
    return this.record.payloadLength + (flags & tcpFlags.SYN ? 1 : 0) + (flags & tcpFlags.FIN ? 1 : 0);
  }

  /** Sequence number behind its last one. */
  get sequenceEnd(): number {
    return (this.sequence + this.sequenceLength) >>> 0;
  }

  /** Offset of the IP header: behind the Ethernet header and a tag, if there is one. */
  get internetAt(): number {
    const { bytes } = this.record;
    return bytes[12] === 0x81 && bytes[13] === 0 ? 18 : 14;
  }

  /** Offset of the TCP header; -1 where there is none. */
  get transportAt(): number {
    return this.tcpAt;
  }

  /** Version of IP by the EtherType; undefined for anything else. */
  get ipVersion(): 4 | 6 | undefined {
    const { bytes } = this.record;
    const at = this.internetAt - 2;
    if (bytes[at] === 0x08 && bytes[at + 1] === 0) return 4;
    return bytes[at] === 0x86 && bytes[at + 1] === 0xdd ? 6 : undefined;
  }

  /** Whether it is a fragment of an IPv4 datagram, the first one included. IPv6 fragments are no segments to begin with. */
  get isFragment(): boolean {
    const { bytes } = this.record;
    const at = this.internetAt;
    return this.ipVersion === 4 && ((bytes[at + 6]! & 0x3f) !== 0 || bytes[at + 7] !== 0);
  }

  /** Offset of a TCP option of a kind (RFC 9293 section 3.2) that lies within the recorded bytes; -1 if there is none. */
  option(kind: number): number {
    const { bytes } = this.record;
    const end = Math.min(bytes.length, this.tcpAt + (bytes[this.tcpAt + 12]! >>> 4) * 4);
    for (let at = this.tcpAt + 20; at < end && bytes[at] !== 0;) {
      const length = bytes[at] === 1 ? 1 : bytes[at + 1]!;
      if (!(length >= 1) || (bytes[at] !== 1 && length < 2) || at + length > end) return -1;
      if (bytes[at] === kind) return at;
      at += length;
    }
    return -1;
  }

  /** TSval (RFC 7323 section 3.2); undefined where the segment has no timestamps. */
  get timestamp(): number | undefined {
    const at = this.option(8);
    return at < 0 ? undefined : u32At(this.record.bytes, at + 2);
  }

  /** TSecr; undefined where the segment has no timestamps. */
  get timestampEcho(): number | undefined {
    const at = this.option(8);
    return at < 0 ? undefined : u32At(this.record.bytes, at + 6);
  }

  /** All its headers, options included; slow. */
  get packet(): Packet {
    this.readAs ??= readPacket(this.record.bytes);
    return this.readAs;
  }
}
