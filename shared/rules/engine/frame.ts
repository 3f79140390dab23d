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

  /** All its headers, options included; slow. */
  get packet(): Packet {
    this.readAs ??= readPacket(this.record.bytes);
    return this.readAs;
  }
}
