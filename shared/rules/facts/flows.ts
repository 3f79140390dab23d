/**
 * What the segments of each connection tell, direction by direction: sequence numbers, acknowledgments and windows, as they left and as they
 * arrived. What a side knows is what it has sent and what has arrived of the other: `machine.sent` and `peer.arrived` for the machine.
 */
import { sequenceDistance } from '../../analysis/tcpSegment';
import type { FrameFateRecord, VirtualTime } from '../../trace/records';
import { fateDelivers } from '../../trace/frameFates';
import { tcpFlags, type WireFrame } from '../engine/frame';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';

/** Farther from what is known than this, a segment is of somebody who guesses, and no part of the stream. */
const farAway = 2 ** 24;

/** Ranges ahead of a gap that are remembered. */
const mostRanges = 64;

/** A range of sequence numbers; `end` lies behind the last one. */
interface SequenceRange {
  start: number;
  end: number;
}

/**
 * Segments of one direction of a connection, as they left or as they arrived. Numbers are undefined until a segment has told them. Left out
 * are segments that are no part of the stream: RSTs, SYNs behind the first segment, fragments, and numbers that are far away from all others.
 */
export class SegmentStream {
  /** Segments so far. */
  count = 0;
  /** The first and the last one. */
  first: WireFrame | undefined;
  last: WireFrame | undefined;
  /** When the last one left or arrived, virtual ns. */
  lastAt: VirtualTime = 0;
  /** The last one that takes sequence numbers. */
  lastWithData: WireFrame | undefined;
  /** The one that told `end`. */
  endBy: WireFrame | undefined;
  /** The first SYN. */
  syn: WireFrame | undefined;
  /** The first FIN. */
  fin: WireFrame | undefined;
  /** The first RST, whatever its number. */
  reset: WireFrame | undefined;
  /** Sequence number of the first segment: its SYN, if that has been seen. */
  start: number | undefined;
  /** Behind the highest sequence number: SND.MAX of the sender. */
  end: number | undefined;
  /** Behind everything that has come without a gap since `start`: RCV.NXT of the receiver at most, if these are arrivals. */
  contiguousEnd: number | undefined;
  /** Behind the FIN. */
  finEnd: number | undefined;
  /** Highest acknowledgment number. */
  acknowledgment: number | undefined;
  /** The segment that told it first. */
  acknowledgmentBy: WireFrame | undefined;
  /** When that one left or arrived, virtual ns. */
  acknowledgmentAt: VirtualTime = 0;
  /** Window of the newest segment, as it stands in the header; of segments whose numbers are equal the last one's counts. */
  window: number | undefined;
  windowBy: WireFrame | undefined;
  /** Shift that the SYN offers for windows; 0 where it offers none, undefined where no SYN has been seen. */
  windowShift: number | undefined;
  /** Whether the SYN offers shifts at all. */
  offersShift = false;
  /** The highest acknowledgment number plus window, scaled: what the other side may send up to. Undefined while the scale is unknown. */
  rightEdge: number | undefined;
  rightEdgeBy: WireFrame | undefined;
  /** What has come ahead of `contiguousEnd`, in ascending order. */
  private readonly ahead: SequenceRange[] = [];
  private windowSequence = 0;
  private windowAcknowledgment = 0;

  /** @param shift answers what the windows of this direction are to be shifted by; undefined if that is unknown */
  constructor(private readonly shift: () => number | undefined) {}

  /** A segment of this direction, at the time that it leaves or arrives. */
  add(frame: WireFrame, time: VirtualTime): void {
    const { flags } = frame;
    if (flags & tcpFlags.RST) {
      this.reset ??= frame;
      return;
    }
    if (flags & tcpFlags.SYN ? this.start !== undefined && frame.sequence !== this.start : this.isFar(frame))
      return;
    this.count++;
    this.first ??= frame;
    this.last = frame;
    this.lastAt = time;
    if (flags & tcpFlags.SYN && this.syn === undefined) this.begin(frame);
    this.start ??= frame.sequence;
    this.addNumbers(frame);
    if (flags & tcpFlags.ACK) this.addAcknowledgment(frame);
  }

  /** Whether a range of sequence numbers has come in full. */
  covers(start: number, end: number): boolean {
    if (this.contiguousEnd === undefined) return false;
    if (sequenceDistance(end, this.contiguousEnd) >= 0) return true;
    return this.ahead.some(
      (range) => sequenceDistance(range.start, start) >= 0 && sequenceDistance(end, range.end) >= 0,
    );
  }

  /** Ranges that have come ahead of a gap. */
  get rangesAhead(): readonly Readonly<SequenceRange>[] {
    return this.ahead;
  }

  private isFar({ sequence }: WireFrame): boolean {
    if (this.end === undefined) return false;
    const beyond = sequenceDistance(this.end, sequence);
    return beyond > farAway || beyond < -0x4000_0000;
  }

  private begin(frame: WireFrame): void {
    this.syn = frame;
    const shift = frame.packet.tcp?.windowScale;
    this.offersShift = shift !== undefined;
    this.windowShift = Math.min(14, shift ?? 0);
  }

  private addNumbers(frame: WireFrame): void {
    const { sequence, sequenceEnd } = frame;
    if (this.end === undefined || sequenceDistance(this.end, sequenceEnd) > 0) {
      this.end = sequenceEnd;
      this.endBy = frame;
    }
    this.contiguousEnd ??= sequence;
    if (sequence === sequenceEnd) return;
    this.lastWithData = frame;
    if (frame.flags & tcpFlags.FIN && this.fin === undefined) {
      this.fin = frame;
      this.finEnd = sequenceEnd;
    }
    if (sequenceDistance(sequence, this.contiguousEnd) >= 0) this.reach(sequenceEnd);
    else this.keep(sequence, sequenceEnd);
  }

  private reach(end: number): void {
    if (sequenceDistance(this.contiguousEnd!, end) > 0) this.contiguousEnd = end;
    while (this.ahead.length > 0 && sequenceDistance(this.ahead[0]!.start, this.contiguousEnd!) >= 0) {
      const range = this.ahead.shift()!;
      if (sequenceDistance(this.contiguousEnd!, range.end) > 0) this.contiguousEnd = range.end;
    }
  }

  private keep(start: number, end: number): void {
    let at = 0;
    while (at < this.ahead.length && sequenceDistance(this.ahead[at]!.end, start) > 0) at++;
    const range = { start, end };
    let last = at;
    while (last < this.ahead.length && sequenceDistance(this.ahead[last]!.start, end) >= 0) {
      const other = this.ahead[last++]!;
      if (sequenceDistance(other.start, range.start) > 0) range.start = other.start;
      if (sequenceDistance(range.end, other.end) > 0) range.end = other.end;
    }
    this.ahead.splice(at, last - at, range);
    if (this.ahead.length > mostRanges) this.ahead.pop();
  }

  private addAcknowledgment(frame: WireFrame): void {
    const { sequence, acknowledgment, window } = frame;
    if (this.acknowledgment !== undefined) {
      const beyond = sequenceDistance(this.acknowledgment, acknowledgment);
      if (beyond > farAway || beyond < -0x4000_0000) return;
    }
    if (this.acknowledgment === undefined || sequenceDistance(this.acknowledgment, acknowledgment) > 0) {
      this.acknowledgment = acknowledgment;
      this.acknowledgmentBy = frame;
      this.acknowledgmentAt = this.lastAt;
    }
    // RFC 9293 section 3.10.7.4: a window counts by SND.WL1 and SND.WL2.
    const later = sequenceDistance(this.windowSequence, sequence);
    if (
      this.window === undefined ||
      later > 0 ||
      (later === 0 && sequenceDistance(this.windowAcknowledgment, acknowledgment) >= 0)
    ) {
      this.window = window;
      this.windowBy = frame;
      this.windowSequence = sequence;
      this.windowAcknowledgment = acknowledgment;
    }
    const shift = frame.flags & tcpFlags.SYN ? 0 : this.shift();
    if (shift === undefined) return;
    const edge = (acknowledgment + window * 2 ** shift) >>> 0;
    if (this.rightEdge === undefined || sequenceDistance(this.rightEdge, edge) > 0) {
      this.rightEdge = edge;
      this.rightEdgeBy = frame;
    }
  }
}

/** One direction of a connection. */
export interface FlowDirection {
  /** As its segments left. */
  readonly sent: SegmentStream;
  /** As they arrived at the other end: without those that were lost, or damaged on the way. */
  readonly arrived: SegmentStream;
}

/** A connection on the wire. */
export class Flow {
  /** What the host stack and the target send. */
  readonly machine: FlowDirection;
  /** What the remote host sends. */
  readonly peer: FlowDirection;
  /** The last segment of the host stack's own, and of the target's engine. */
  lastByHost: WireFrame | undefined;
  lastByTarget: WireFrame | undefined;
  private shifts: { readonly machine: number; readonly peer: number } | undefined;

  constructor(readonly connection: number) {
    const direction = (side: 'machine' | 'peer'): FlowDirection => {
      const shift = (): number | undefined => this.windowShifts?.[side];
      return { sent: new SegmentStream(shift), arrived: new SegmentStream(shift) };
    };
    this.machine = direction('machine');
    this.peer = direction('peer');
  }

  /**
   * Shifts of the windows that each side sends, as the SYNs have agreed (RFC 7323 section 2.2); undefined where one of them has not been seen.
   */
  get windowShifts(): { readonly machine: number; readonly peer: number } | undefined {
    if (this.shifts !== undefined) return this.shifts;
    const { machine, peer } = this;
    if (machine.sent.windowShift === undefined || peer.sent.windowShift === undefined) return undefined;
    const scales = machine.sent.offersShift && peer.sent.offersShift;
    this.shifts = {
      machine: scales ? machine.sent.windowShift : 0,
      peer: scales ? peer.sent.windowShift : 0,
    };
    return this.shifts;
  }

  /** The side whose component sends a frame. */
  directionOf(frame: WireFrame): FlowDirection {
    return frame.path === 'peer' ? this.peer : this.machine;
  }
}

/** See the file's head. */
export class Flows implements Handlers {
  private readonly flows = new Map<number, Flow>();

  constructor(private readonly facts: Facts) {}

  /** What is known of a connection; undefined before its first segment. */
  of(connection: number | undefined): Flow | undefined {
    return connection === undefined ? undefined : this.flows.get(connection);
  }

  /** All connections that have had a segment. */
  all(): IterableIterator<Flow> {
    return this.flows.values();
  }

  readonly frame = (frame: WireFrame): void => {
    const { connection } = frame;
    // What a switch passes on has been counted when it left its sender.
    if (connection === undefined || !frame.isSegment || frame.isFragment) return;
    if (this.facts.machine.role(frame.sender) === 'wire') return;
    let flow = this.flows.get(connection);
    if (flow === undefined) this.flows.set(connection, (flow = new Flow(connection)));
    flow.directionOf(frame).sent.add(frame, frame.time);
    if (frame.path === 'host') flow.lastByHost = frame;
    else if (frame.path === 'chimney') flow.lastByTarget = frame;
  };

  readonly fate = (
    { fate, receiver }: FrameFateRecord,
    frame: WireFrame | undefined,
    time: VirtualTime,
  ): void => {
    if (frame?.connection === undefined || !frame.isSegment || frame.isFragment) return;
    if (!fateDelivers(fate) || fate === 'corrupted') return;
    if (this.facts.machine.role(receiver) === 'wire') return;
    this.flows.get(frame.connection)?.directionOf(frame).arrived.add(frame, time);
  };
}

/** Connections on the wire: `facts.of(flows)`. */
export const flows: FactDefinition<Flows> = { start: (facts) => new Flows(facts) };
