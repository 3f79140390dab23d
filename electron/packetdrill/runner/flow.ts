/**
 * A connection as script and wire each number it. Scripts count sequence numbers from their own initial ones, and give timestamps
 * and ports of their own; the wire has the stack's. `local` is the stack under test, `remote` the interpreter's end.
 */
import { advance, distance, isBefore } from '../../emulator/tcp/sequenceNumber';
import { tcpFlags } from '../../emulator/wire/tcpSegment';
import type { PortPair, TcpOption, TcpPacket } from '../language/script';
import type { LiveOption, LiveSegment } from './liveSegment';
import type { TcpPacketFields } from './packetText';

/** An initial sequence number by both countings. */
interface InitialSequence {
  script: number;
  live: number;
}

/** See the file's head. */
export class Flow {
  private local: InitialSequence | undefined;
  private readonly remote: InitialSequence;
  /** Live timestamps by those of the script, for echoes. */
  private readonly timestamps = new Map<number, number>();
  /** What the script has sent and the stack has not acknowledged. */
  private sent: { readonly left: number; readonly right: number }[] = [];
  private acknowledged: number | undefined;
  private windowEnd = 0;
  private windowShift = 0;
  private remoteScales = false;
  private firstTimestamp: { readonly script: number; readonly live: number } | undefined;

  constructor(
    /** Ports of the wire. */
    readonly localPort: number,
    readonly remotePort: number,
    /** Sequence number of the interpreter's SYN on the wire. */
    remoteInitialSequence: number,
    /** Ports of the script, from the stack's side; undefined: the script names none. */
    readonly scriptPorts: PortPair | undefined,
  ) {
    this.remote = { script: 0, live: remoteInitialSequence };
  }

  /** Whether a live segment of the stack belongs to it. */
  owns(segment: LiveSegment): boolean {
    return segment.sourcePort === this.localPort && segment.destinationPort === this.remotePort;
  }

  /** What to put on the wire for an inbound packet of the script. */
  toLive(packet: TcpPacket): Pick<LiveSegment, 'sequence' | 'acknowledgment' | 'options'> {
    const isSyn = (packet.flags & tcpFlags.SYN) !== 0;
    if (isSyn && this.isFirstSyn) {
      this.remote.script = packet.sequence;
      this.isFirstSyn = false;
    }
    const acknowledgment = packet.acknowledgment ?? 0;
    const hasAck = (packet.flags & tcpFlags.ACK) !== 0;
    return {
      sequence: this.remoteToLive(packet.sequence, isSyn),
      acknowledgment: hasAck ? this.localToLive(acknowledgment, isSyn) : acknowledgment,
      options:
        packet.options === 'any' ? [] : packet.options.map((option) => this.optionToLive(option, hasAck)),
    };
  }

  /** A segment of the stack as the script would write it; `expected` teaches initial sequence numbers and timestamps. */
  toScript(segment: LiveSegment, expected: TcpPacket | undefined): TcpPacketFields {
    const isSyn = (segment.flags & tcpFlags.SYN) !== 0;
    const hasAck = (segment.flags & tcpFlags.ACK) !== 0;
    if (isSyn && this.local?.live !== segment.sequence)
      this.local = { script: expected?.sequence ?? 0, live: segment.sequence };
    return {
      flags: segment.flags,
      sequence: this.localToScript(segment.sequence, isSyn),
      payloadLength: segment.payload.length,
      acknowledgment: hasAck ? this.remoteToScript(segment.acknowledgment, isSyn) : undefined,
      window: segment.window,
      urgentPointer: (segment.flags & tcpFlags.URG) === 0 ? undefined : segment.urgentPointer,
      options: segment.options.map((option) => this.optionToScript(option)),
    };
  }

  /** Notes that the stack's timestamp of a segment is what the script calls `script`. */
  learnTimestamp(script: number, live: number): void {
    this.firstTimestamp ??= { script, live };
    this.timestamps.set(script, live);
  }

  /** How far a live timestamp is from the one of the script that the first of all was told for, ticks. */
  timestampError(script: number, live: number): number {
    const first = this.firstTimestamp;
    return first === undefined ? 0 : distance(script - first.script, live - first.live);
  }

  /** Sequence number of the stack on the wire for one of the script; undefined before its SYN. */
  localSequence(script: number): number | undefined {
    return this.local === undefined ? undefined : this.localToLive(script, false);
  }

  /** Whether a connection of the host stack is this one. */
  isOf({ localPort, remotePort }: { readonly localPort: number; readonly remotePort: number }): boolean {
    return this.localPort === localPort && this.remotePort === remotePort;
  }

  /** The script sends a segment. */
  noteInbound({ flags, sequence, payload, options }: LiveSegment): void {
    if ((flags & tcpFlags.SYN) !== 0) this.remoteScales = options.some(({ kind }) => kind === 'wscale');
    const length = payload.length + ((flags & tcpFlags.FIN) === 0 ? 0 : 1);
    if (length > 0) this.sent.push({ left: sequence, right: advance(sequence, length) });
  }

  /** The stack sends a segment. */
  noteOutbound({ flags, acknowledgment, window, options }: LiveSegment): void {
    if ((flags & tcpFlags.ACK) === 0) return;
    const scale = options.find(({ kind }) => kind === 'wscale');
    if (scale?.kind === 'wscale') this.windowShift = this.remoteScales ? Math.min(14, scale.value) : 0;
    const isSyn = (flags & tcpFlags.SYN) !== 0;
    this.acknowledged = acknowledgment;
    this.windowEnd = advance(acknowledgment, isSyn ? window : window * 2 ** this.windowShift);
    this.sent = this.sent.filter(({ right }) => isBefore(acknowledgment, right));
  }

  /** Whether the stack has data beyond a gap in what the script has sent. */
  get hasGap(): boolean {
    let frontier = this.acknowledged;
    if (frontier === undefined) return false;
    const ranges = [...this.sent].sort((one, other) => distance(other.left, one.left));
    for (const { left, right } of ranges) {
      if (isBefore(frontier, left)) return isBefore(left, this.windowEnd);
      if (isBefore(frontier, right)) frontier = right;
    }
    return false;
  }

  /** Whether the stack has data in sequence that it has not acknowledged. */
  get owesAcknowledgment(): boolean {
    const { acknowledged } = this;
    return acknowledged !== undefined && this.sent.some(({ left }) => !isBefore(acknowledged, left));
  }

  /** Bytes that the stack has received in sequence, by its RcvNxt; a FIN counts as one. */
  receivedBytes(RcvNxt: number): number {
    return distance(this.remote.live, RcvNxt) - 1;
  }

  private isFirstSyn = true;

  private localToLive(script: number, isSyn: boolean): number {
    const local = this.local ?? { script: 0, live: 0 };
    return advance(local.live, isSyn ? script - local.script : script);
  }

  private localToScript(live: number, isSyn: boolean): number {
    const local = this.local ?? { script: 0, live: 0 };
    return advance(live, (isSyn ? local.script : 0) - local.live);
  }

  private remoteToLive(script: number, isSyn: boolean): number {
    return advance(this.remote.live, isSyn ? script - this.remote.script : script);
  }

  private remoteToScript(live: number, isSyn: boolean): number {
    return advance(live, (isSyn ? this.remote.script : 0) - this.remote.live);
  }

  private optionToLive(option: TcpOption, hasAck: boolean): LiveOption {
    if (option.kind === 'sack') {
      const blocks = option.blocks.map(({ left, right }) => ({
        left: this.localToLive(left, false),
        right: this.localToLive(right, false),
      }));
      return { kind: 'sack', blocks };
    }
    if (option.kind !== 'TS' || !hasAck) return option;
    return { ...option, echo: this.liveTimestamp(option.echo) };
  }

  /** What the stack has sent where the script says that it sent `script`. */
  private liveTimestamp(script: number): number {
    const known = this.timestamps.get(script);
    if (known !== undefined) return known;
    const first = this.firstTimestamp;
    return first === undefined || script === 0 ? script : advance(first.live, script - first.script);
  }

  private optionToScript(option: LiveOption): LiveOption {
    if (option.kind === 'sack') {
      const blocks = option.blocks.map(({ left, right }) => ({
        left: this.remoteToScript(left, false),
        right: this.remoteToScript(right, false),
      }));
      return { kind: 'sack', blocks };
    }
    const first = this.firstTimestamp;
    if (option.kind !== 'TS' || first === undefined) return option;
    return { ...option, value: advance(first.script, option.value - first.live) };
  }
}
