/** Frames on the wire with their fates and the TCP numbers in them, in columns: about 68 bytes a frame. */
import { fateDelivers } from '../trace/frameFates';
import {
  framePaths,
  type EventId,
  type FrameFateRecord,
  type FramePath,
  type FrameRecord,
  type TraceRecord,
  type VirtualTime,
} from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import { eventColumn, float64Column, uint16Column, uint32Column, uint8Column } from './column';
import { tcpFlag, tcpHeaderOffset, u32At } from './tcpSegment';

const fateFlag = { delivered: 1, lost: 2, retransmission: 4, forwarded: 8, tcp: 16, toSwitch: 32 } as const;

/** The TCP numbers of a frame. */
export interface TcpNumbers {
  readonly sequence: number;
  readonly acknowledgment: number;
  /** See `tcpFlag`. */
  readonly flags: number;
}

/** All frames of a trace by position, in the order of their records; a {@link TraceListener}. */
export class FrameColumns implements TraceListener {
  /** Initial sequence number of each connection's local side, by its id; known once its SYN has been seen. */
  readonly initialSequence: (number | undefined)[] = [];
  private readonly events = eventColumn();
  private readonly sentTimes = float64Column();
  private readonly fateTimes = float64Column();
  private readonly senders = uint16Column();
  private readonly paths = uint8Column();
  private readonly flags = uint8Column();
  private readonly tcpFlags = uint8Column();
  /** Ids, raised by one so that 0 is none. */
  private readonly connections = uint32Column();
  private readonly causes = eventColumn();
  private readonly lengths = uint32Column();
  private readonly payloads = uint32Column();
  private readonly sequences = uint32Column();
  private readonly acknowledgments = uint32Column();
  private readonly ofConnections: (ReturnType<typeof uint32Column> | undefined)[] = [];
  private readonly switches = new Set<number>();

  /** Number of frames. */
  get length(): number {
    return this.events.length;
  }

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind === 'frame') this.send(record, event, time);
    else if (record.kind === 'frame-fate') this.arrive(record, time);
    else if (record.kind === 'component' && record.role === 'wire') this.switches.add(record.id);
  }

  /** Position of the frame with this frame record; -1 if there is none. */
  at(event: EventId): number {
    return this.events.positionOf(event);
  }

  /** Its frame record. */
  event(frame: number): EventId {
    return this.events.get(frame);
  }

  /** When it left, ns. */
  sent(frame: number): VirtualTime {
    return this.sentTimes.get(frame);
  }

  /** When it was delivered, ns; undefined if it was not, or not yet. */
  delivered(frame: number): VirtualTime | undefined {
    return (this.flags.get(frame) & fateFlag.delivered) === 0 ? undefined : this.fateTimes.get(frame);
  }

  /** Whether it was lost on its way. */
  isLost(frame: number): boolean {
    return (this.flags.get(frame) & fateFlag.lost) !== 0;
  }

  /** Component whose interface sent it. */
  sender(frame: number): number {
    return this.senders.get(frame);
  }

  /** Who made it. */
  path(frame: number): FramePath {
    return framePaths[this.paths.get(frame)]!;
  }

  /** Whether it carries a byte that had been sent before. */
  isRetransmission(frame: number): boolean {
    return (this.flags.get(frame) & fateFlag.retransmission) !== 0;
  }

  /** Whether a switch has passed it on: it is the frame of somebody else, who is counted. */
  isForwarded(frame: number): boolean {
    return (this.flags.get(frame) & fateFlag.forwarded) !== 0;
  }

  /** Whether a switch received it, to pass it on. */
  isReceivedBySwitch(frame: number): boolean {
    return (this.flags.get(frame) & fateFlag.toSwitch) !== 0;
  }

  /** Connection that it belongs to. */
  connection(frame: number): number | undefined {
    const value = this.connections.get(frame);
    return value === 0 ? undefined : value - 1;
  }

  /** Record that led to it. */
  cause(frame: number): EventId | undefined {
    const value = this.causes.get(frame);
    return value === 0 ? undefined : value - 1;
  }

  /** Length on the wire in bytes. */
  frameLength(frame: number): number {
    return this.lengths.get(frame);
  }

  /** TCP payload in bytes. */
  payloadLength(frame: number): number {
    return this.payloads.get(frame);
  }

  /** Its TCP numbers; undefined if it is none of TCP or was cut too short. */
  tcp(frame: number): TcpNumbers | undefined {
    if ((this.flags.get(frame) & fateFlag.tcp) === 0) return undefined;
    return {
      sequence: this.sequences.get(frame),
      acknowledgment: this.acknowledgments.get(frame),
      flags: this.tcpFlags.get(frame),
    };
  }

  /** Number of frames of a connection, copies passed on by switches included. */
  countOf(connection: number): number {
    return this.ofConnections[connection]?.length ?? 0;
  }

  /** Position of the `ordinal`th frame of a connection, from 0 to `countOf` - 1. */
  frameOf(connection: number, ordinal: number): number {
    return this.ofConnections[connection]!.get(ordinal);
  }

  /** Ordinal of the first frame of a connection that left at or after a time; `countOf` if there is none. */
  firstSentAt(connection: number, time: VirtualTime): number {
    let low = 0;
    let high = this.countOf(connection);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sent(this.frameOf(connection, middle)) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private send(record: FrameRecord, event: EventId, time: VirtualTime): void {
    const isForwarded = this.switches.has(record.sender);
    const header = tcpHeaderOffset(record.bytes);
    const frame = this.events.push(event);
    this.sentTimes.push(time);
    this.fateTimes.push(0);
    this.senders.push(record.sender);
    this.paths.push(framePaths.indexOf(record.path));
    this.flags.push(
      (record.retransmission ? fateFlag.retransmission : 0) |
        (isForwarded ? fateFlag.forwarded : 0) |
        (header < 0 ? 0 : fateFlag.tcp),
    );
    this.connections.push(record.connection === undefined ? 0 : record.connection + 1);
    this.causes.push(record.cause === undefined ? 0 : record.cause + 1);
    this.lengths.push(Math.min(0xffff_ffff, record.length));
    this.payloads.push(Math.min(0xffff_ffff, record.payloadLength));
    this.sequences.push(header < 0 ? 0 : u32At(record.bytes, header + 4));
    this.acknowledgments.push(header < 0 ? 0 : u32At(record.bytes, header + 8));
    const flags = header < 0 ? 0 : record.bytes[header + 13]!;
    this.tcpFlags.push(flags);
    if (record.connection === undefined) return;
    (this.ofConnections[record.connection] ??= uint32Column()).push(frame);
    if ((flags & tcpFlag.SYN) !== 0 && record.path !== 'peer')
      this.initialSequence[record.connection] ??= this.sequences.get(frame);
  }

  private arrive(record: FrameFateRecord, time: VirtualTime): void {
    const frame = this.at(record.frame);
    if (frame < 0 || record.fate === 'duplicated') return;
    const flags = this.flags.get(frame);
    if ((flags & (fateFlag.delivered | fateFlag.lost)) !== 0) return;
    const toSwitch = this.switches.has(record.receiver) ? fateFlag.toSwitch : 0;
    const fate = fateDelivers(record.fate) ? fateFlag.delivered : fateFlag.lost;
    this.flags.set(frame, flags | fate | toSwitch);
    this.fateTimes.set(frame, time);
  }
}
