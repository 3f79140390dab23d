/** A recorded frame as rules see it. What every segment needs is read fast; options and addresses when they are asked for. */
import { tcpHeaderOffset, u32At } from '../../analysis/tcpSegment';
import { readPacket, type Packet } from '../../export/packet';
import type { EventId, FramePath, FrameRecord, VirtualTime } from '../../trace/records';

/** Flags of a TCP header (RFC 9293 section 3.1). */
export const tcpFlags = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** See the file's head. */
export class WireFrame {
  /** Component whose interface sends it. */
  readonly sender: number;
  /** Who made it. */
  readonly path: FramePath;
  readonly connection: number | undefined;
  /** TCP payload in bytes. */
  readonly payloadLength: number;
  /** Offset of the TCP header; -1 where there is none. */
  readonly transportAt: number;
  /** Offset of the IP header: behind the Ethernet header and a tag, if there is one. */
  readonly internetAt: number;
  /** Whether it carries a TCP header; the six members below mean something only then. */
  readonly isSegment: boolean;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Bits of `tcpFlags`. */
  readonly flags: number;
  /** Sequence numbers that it takes: payload, SYN and FIN (RFC 9293 section 3.4). */
  readonly sequenceLength: number;
  /** Sequence number behind its last one. */
  readonly sequenceEnd: number;
  /** Whether it is a fragment of an IPv4 datagram, the first one included. IPv6 fragments are no segments to begin with. */
  readonly isFragment: boolean;
  private readAs: Packet | undefined;

  // A hundred rules ask for these: reading them once is cheaper than reading them where they are asked for.
  constructor(
    readonly event: EventId,
    readonly time: VirtualTime,
    readonly record: Omit<FrameRecord, 'kind'>,
  ) {
    const { bytes, payloadLength } = record;
    this.sender = record.sender;
    this.path = record.path;
    this.connection = record.connection;
    this.payloadLength = payloadLength;
    const at = tcpHeaderOffset(bytes);
    this.transportAt = at;
    this.isSegment = at >= 0;
    this.sequence = at < 0 ? 0 : u32At(bytes, at + 4);
    this.acknowledgment = at < 0 ? 0 : u32At(bytes, at + 8);
    this.flags = at < 0 ? 0 : bytes[at + 13]!;
    const { flags } = this;
    this.sequenceLength = payloadLength + (flags & tcpFlags.SYN ? 1 : 0) + (flags & tcpFlags.FIN ? 1 : 0);
    this.sequenceEnd = (this.sequence + this.sequenceLength) >>> 0;
    this.internetAt = bytes[12] === 0x81 && bytes[13] === 0 ? 18 : 14;
    this.isFragment =
      this.ipVersion === 4 &&
      ((bytes[this.internetAt + 6]! & 0x3f) !== 0 || bytes[this.internetAt + 7] !== 0);
  }

  /** Whether all the flags in `mask` are set. */
  has(mask: number): boolean {
    return (this.flags & mask) === mask;
  }

  /** As it stands in the header: not scaled. */
  get window(): number {
    return this.record.bytes[this.transportAt + 14]! * 256 + this.record.bytes[this.transportAt + 15]!;
  }

  /** Version of IP by the EtherType; undefined for anything else. */
  get ipVersion(): 4 | 6 | undefined {
    const { bytes } = this.record;
    const at = this.internetAt - 2;
    if (bytes[at] === 0x08 && bytes[at + 1] === 0) return 4;
    return bytes[at] === 0x86 && bytes[at + 1] === 0xdd ? 6 : undefined;
  }

  /** Offset of a TCP option of a kind (RFC 9293 section 3.2) that lies within the recorded bytes; -1 if there is none. */
  option(kind: number): number {
    const { bytes } = this.record;
    const end = Math.min(bytes.length, this.transportAt + (bytes[this.transportAt + 12]! >>> 4) * 4);
    for (let at = this.transportAt + 20; at < end && bytes[at] !== 0;) {
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
