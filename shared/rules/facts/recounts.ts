/**
 * What the counters of a target must have counted, from the frames on its cable: for each of its counters and each IP version how much is
 * certain, and how much there can be at most. Counting begins with the first request for statistics that the target gets.
 */
import { sequenceDistance } from '../../analysis/tcpSegment';
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import { fateDelivers } from '../../trace/frameFates';
import type { EventId, FrameFateRecord, VirtualTime } from '../../trace/records';
import type { Call } from '../engine/call';
import { tcpFlags, type WireFrame } from '../engine/frame';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { adapterProfiles, type AdapterProfiles } from './adapterProfiles';
import { faultOf } from './arrivalFaults';
import { flows, type Flow, type Flows } from './flows';
import { handedState, type HandedState, type HandedTcp } from './handedState';

/** What is counted; bytes for `octets`, else frames or calls. */
export const tallyNames = [
  /** Frames of either direction, whosever they are. */
  'frames',
  /** Their bytes. */
  'octets',
  /** Frames of connections that the target has, and segments that are forwarded to it. */
  'offloaded',
  /** Segments that its engine sends, their datagrams' bytes, and which of them bring something new, repeat something, or reset. */
  'sent',
  'sentOctets',
  'new',
  'repeated',
  'resets',
  /** Datagrams that came without a fault on connections that it has. */
  'good',
  /** Datagrams with faults by their kind, and those of them that were not passed up. */
  'header',
  'headerDropped',
  'truncated',
  'truncatedDropped',
  'segment',
  'segmentDropped',
  /** Segments that are right in themselves and don't fit what is expected, and those that are forwarded. */
  'odd',
  /** Requests and completions by which a connection may lose or change its path. */
  'pathChanges',
  /** Connections that have ended at once; certain are those whose TcpIndicateAbort a RST has caused. */
  'aborted',
] as const;

/** See {@link tallyNames}. */
export type TallyName = (typeof tallyNames)[number];

const index = Object.fromEntries(tallyNames.map((name, at) => [name, at])) as Record<TallyName, number>;

/** How long a frame that has arrived may wait until it is looked at, counted, or passed up, virtual ns. */
const longestWait = 20_000_000;

/**
 * How long a frame that has been counted may stand in the transmit ring, virtual ns: so many of a slow link, and what leaves within `ringTime`.
 */
const longestRing = 10_000_000;
const ringTime = 1_000_000;
const ringFrames = 2;

/** All tallies of a target and an IP version at some moment. `waiting`: of frames that may have been counted or not. */
export interface TallySnapshot {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly waitingLow: Float64Array;
  readonly waitingHigh: Float64Array;
  /** Of frames that left shortly afterwards: they may have stood in the transmit ring, counted. */
  readonly lateLow: Float64Array;
  readonly lateHigh: Float64Array;
  /** Whether the target had a neighbor, and so may have had paths. */
  readonly holding: boolean;
  /** How often it was uncertain whether what the engine sends reaches the cable; -1 while it is. */
  readonly blurs: number;
  /** Frames on offloaded connections of the other version, and of other targets. */
  readonly otherVersion: number;
  readonly elsewhere: number;
}

/** What a tally can have grown by between two requests. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** How much a tally has grown between a moment in `before` and one in `after`, each the start and the end of a request. */
export function boundsBetween(
  before: readonly [start: TallySnapshot, end: TallySnapshot],
  after: readonly [start: TallySnapshot, end: TallySnapshot],
  name: TallyName,
): Bounds {
  const at = index[name];
  return {
    low: Math.max(
      0,
      after[0].low[at]! - before[1].low[at]! - before[1].waitingLow[at]! - before[1].lateLow[at]!,
    ),
    high: after[1].high[at]! + after[1].waitingHigh[at]! + after[1].lateHigh[at]! - before[0].high[at]!,
  };
}

/** A frame whose count is not settled. */
interface Waiting {
  readonly frame: EventId;
  readonly time: VirtualTime;
  readonly name: TallyName;
  readonly certain: boolean;
  readonly amount: number;
}

/** A faulty frame, and whether it was passed up. */
export interface FaultyArrival {
  readonly frame: WireFrame;
  readonly target: number;
  readonly fault: 'header' | 'segment';
  /** Whether the target had any neighbor when it came. */
  readonly holding: boolean;
  /** NdisMIndicateReceiveNetBufferLists; undefined if it was not passed up. */
  readonly indicated: EventId | undefined;
}

/** Frames that leave behind a snapshot. */
interface LateFrames {
  readonly since: VirtualTime;
  frames: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Tallies of one IP version. */
class Recount {
  readonly low = new Float64Array(tallyNames.length);
  readonly high = new Float64Array(tallyNames.length);
  private waiting: Waiting[] = [];
  /** Entries at the front of `waiting` that have been settled. */
  private settled = 0;
  /** Snapshots that frames in the ring still count in. */
  private open: LateFrames[] = [];

  /** A frame leaves. */
  leave(time: VirtualTime, name: TallyName, amount = 1, certain = true): void {
    this.add(name, amount, certain);
    for (const late of this.open) {
      // Every frame counts among the frames first.
      if (name === 'frames') late.frames++;
      if (time > late.since + longestRing) continue;
      if (time > late.since + ringTime && late.frames > ringFrames) continue;
      late.high[index[name]]! += amount;
      if (certain) late.low[index[name]]! += amount;
    }
  }

  /** What leaves from now on while what stands in the ring now may leave. */
  late(now: VirtualTime): Pick<TallySnapshot, 'lateLow' | 'lateHigh'> {
    this.open = this.open.filter(({ since }) => since + longestRing >= now);
    const low = new Float64Array(tallyNames.length);
    const high = new Float64Array(tallyNames.length);
    this.open.push({ since: now, frames: 0, low, high });
    return { lateLow: low, lateHigh: high };
  }

  /** Something that has been counted by now, if it is counted at all. */
  add(name: TallyName, amount = 1, certain = true): void {
    this.high[index[name]]! += amount;
    if (certain) this.low[index[name]]! += amount;
  }

  /** A frame has arrived, that is counted as soon as it has been looked at. */
  expect(frame: EventId, time: VirtualTime, name: TallyName, amount = 1, certain = true): void {
    this.settle(time);
    this.waiting.push({ frame, time, name, certain, amount });
  }

  /** A frame that was waited for is none of these. */
  withdraw(frame: EventId, name: TallyName): void {
    const at = this.placeOf(frame, name);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** A frame that was waited for is one of these for certain. */
  confirm(frame: EventId, name: TallyName): boolean {
    const at = this.placeOf(frame, name);
    if (at < 0) return false;
    this.waiting.splice(at, 1);
    this.add(name);
    return true;
  }

  settle(now: VirtualTime): void {
    const { waiting } = this;
    while (this.settled < waiting.length) {
      const { time, name, amount, certain } = waiting[this.settled]!;
      if (now - time < longestWait) break;
      this.add(name, amount, certain);
      this.settled++;
    }
    // Moving the rest each time would cost more than the counting.
    if (this.settled === 0 || (this.settled < 1024 && this.settled < waiting.length)) return;
    waiting.splice(0, this.settled);
    this.settled = 0;
  }

  private placeOf(frame: EventId, name: TallyName): number {
    const { waiting } = this;
    for (let at = this.settled; at < waiting.length; at++)
      if (waiting[at]!.frame === frame && waiting[at]!.name === name) return at;
    return -1;
  }

  /** What waits, by tally; all of it, or what is certain. What has aborted a connection may have been counted and not be told yet. */
  waitingOf(certain: boolean): Float64Array {
    const sums = new Float64Array(tallyNames.length);
    for (const one of this.stillWaiting())
      if (one.certain || !certain || one.name === 'aborted') sums[index[one.name]]! += one.amount;
    return sums;
  }

  /** Everything, whether looked at or not. */
  most(name: TallyName): number {
    let sum = this.high[index[name]]!;
    for (const one of this.stillWaiting()) if (one.name === name) sum += one.amount;
    return sum;
  }

  private stillWaiting(): readonly Waiting[] {
    return this.waiting.slice(this.settled);
  }
}

/** What is kept of a target. */
class Counted {
  readonly versions = { 4: new Recount(), 6: new Recount() } as const;
  blurs = 0;
  /** Whether what its engine sends may not reach the cable. */
  closed = false;
  /** Whether it receives: it is running at full power, and its packet filter lets something through. */
  receiving = true;
}

const statisticsOids: ReadonlySet<number> = new Set([
  constantValue('OID_IP4_OFFLOAD_STATS'),
  constantValue('OID_IP6_OFFLOAD_STATS'),
  constantValue('OID_TCP4_OFFLOAD_STATS'),
  constantValue('OID_TCP6_OFFLOAD_STATS'),
]);
const setPower = constantValue('OID_PNP_SET_POWER');
/** NdisDeviceStateD0 (ntddndis.h). */
const fullPower = 1;
const abort = constantValue('TcpIndicateAbort');
const retrieve = constantValue('TcpIndicateRetrieve');
const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
const quietStatuses: ReadonlySet<number | undefined> = new Set<number>([
  NDIS_STATUS.OFFLOAD_PAUSE,
  NDIS_STATUS.OFFLOAD_RESUME,
  NDIS_STATUS.UPLOAD_ALL,
]);

/** See the file's head. */
export class Recounts implements Handlers {
  /** Called for each faulty frame once it is known whether it was passed up. */
  readonly onFaulty: ((arrival: FaultyArrival) => void)[] = [];
  private readonly targets = new Map<number, Counted>();
  /** What is to be decided once nothing stands in the ring that stood there. */
  private later: { readonly time: VirtualTime; readonly decide: () => void }[] = [];
  private readonly starts = new Map<EventId, Readonly<Record<4 | 6, TallySnapshot>>>();
  /** Behind the highest sequence number that the machine has sent, by connection. */
  private readonly ends = new Map<number, number>();
  private readonly begun = new WeakSet<HandedTcp>();
  /** Connections of which what was sent may not have left. */
  private readonly uncertain = new WeakSet<HandedTcp>();
  private readonly faulty = new Map<
    EventId,
    Omit<FaultyArrival, 'indicated'> & { readonly time: VirtualTime }
  >();

  constructor(
    private readonly facts: Facts,
    private readonly known: Flows,
    private readonly handed: HandedState,
    private readonly profiles: AdapterProfiles,
  ) {}

  readonly call: NonNullable<Handlers['call']> = {
    MiniportOidRequest: (call) => {
      const oid = call.number('Oid') ?? -1;
      if (oid === setPower) this.blur(call.callee);
      const filter = call.number('PacketFilter');
      const power = call.number('PowerState');
      if (filter !== undefined && call.text('RequestType') === 'NdisRequestSetInformation')
        this.receive(call.callee, filter !== 0);
      if (power !== undefined) this.receive(call.callee, power === fullPower);
      if (!statisticsOids.has(oid) || this.facts.machine.role(call.callee) !== 'offload-target') return;
      if (!this.targets.has(call.callee)) this.begin(call.callee);
      this.starts.set(call.event, { 4: this.snapshot(call.callee, 4), 6: this.snapshot(call.callee, 6) });
    },
    NdisMIndicateStatusEx: (call) => {
      if (!quietStatuses.has(call.number('StatusCode'))) this.blur(call.caller);
    },
    MiniportPause: (call) => {
      this.blur(call.callee);
      this.receive(call.callee, false);
    },
    MiniportHaltEx: (call) => {
      this.blur(call.callee);
      this.receive(call.callee, false);
    },
    MiniportResetEx: (call) => {
      this.blur(call.callee);
      this.receive(call.callee, false);
    },
    MiniportRestart: (call) => {
      this.receive(call.callee, true);
    },
    MiniportDevicePnPEventNotify: (call) => {
      this.blur(call.callee);
    },
    MiniportInitiateOffload: (call) => {
      this.changePaths(call.callee);
    },
    NdisMInitiateOffloadComplete: (call) => {
      this.changePaths(call.caller);
    },
    MiniportUpdateOffload: (call) => {
      this.changePaths(call.callee);
    },
    NdisMUpdateOffloadComplete: (call) => {
      this.changePaths(call.caller);
    },
    MiniportInvalidateOffload: (call) => {
      this.changePaths(call.callee);
    },
    MiniportTerminateOffload: (call) => {
      this.changePaths(call.callee);
    },
    NdisMTerminateOffloadComplete: (call) => {
      this.changePaths(call.caller);
    },
    MiniportTcpOffloadForward: (call) => {
      const recount = this.recountOf(call.callee, call.connection);
      recount?.add('offloaded', call.lists.length, false);
      recount?.add('frames', call.lists.length, false);
      recount?.add('odd', call.lists.length, false);
    },
    MiniportTcpOffloadDisconnect: (call) => {
      if (call.number('Flags') !== gracefulClose)
        this.recountOf(call.callee, call.connection)?.add('aborted', 1, false);
    },
    NdisTcpOffloadEventHandler: (call) => {
      const type = call.number('EventType');
      if (type === abort) this.abort(call);
      // A retrieve may be told ahead of an abort: hardware that fails (EVT rules).
      else if (type === retrieve) this.recountOf(call.caller, call.connection)?.add('aborted', 1, false);
    },
    NdisMIndicateReceiveNetBufferLists: (call) => {
      const { cause } = call.record;
      const counted = this.targets.get(call.caller);
      if (counted === undefined || cause === undefined) return;
      for (const version of [4, 6] as const)
        for (const name of ['headerDropped', 'segmentDropped', 'truncatedDropped'] as const)
          counted.versions[version].withdraw(cause, name);
      const faulty = this.faulty.get(cause);
      if (faulty?.target !== call.caller) return;
      this.faulty.delete(cause);
      for (const take of this.onFaulty) take({ ...faulty, indicated: call.event });
    },
  };

  readonly end = (): void => {
    for (const { decide } of this.later.splice(0)) decide();
  };

  readonly frame = (frame: WireFrame): void => {
    if (this.targets.size === 0) return;
    if (this.later.length > 0) this.decide();
    if (frame.path === 'peer') return;
    const target = this.targets.get(frame.sender);
    if (target !== undefined) this.send(frame, target);
    const { connection } = frame;
    if (connection === undefined || !frame.isSegment || frame.isFragment || frame.flags & tcpFlags.RST)
      return;
    const end = this.ends.get(connection);
    if (end === undefined || sequenceDistance(end, frame.sequenceEnd) > 0)
      this.ends.set(connection, frame.sequenceEnd);
  };

  readonly fate = (
    { fate, receiver, flippedBits }: FrameFateRecord,
    frame: WireFrame | undefined,
    time: VirtualTime,
  ): void => {
    const target = this.targets.get(receiver);
    if (target === undefined || frame?.path !== 'peer' || !fateDelivers(fate)) return;
    this.settle(time);
    const fault = faultOf(frame, fate === 'corrupted' ? (flippedBits ?? []) : undefined);
    const { event, record, ipVersion } = frame;
    const tcp = this.handed.tcp(receiver, frame.connection);
    if (fault === 'unclear' || (ipVersion === undefined && fault !== 'none')) {
      for (const version of [4, 6] as const)
        for (const name of [
          'frames',
          'offloaded',
          'good',
          'header',
          'headerDropped',
          'truncated',
          'segment',
        ] as const)
          target.versions[version].expect(event, time, name, 1, false);
      for (const version of [4, 6] as const) {
        target.versions[version].expect(event, time, 'octets', record.length, false);
        target.versions[version].expect(event, time, 'truncatedDropped', 1, false);
        target.versions[version].expect(event, time, 'segmentDropped', 1, false);
      }
      return;
    }
    if (ipVersion === undefined) return;
    const recount = target.versions[ipVersion];
    recount.expect(event, time, 'frames', 1, false);
    recount.expect(event, time, 'octets', record.length, false);
    if (tcp !== undefined) recount.expect(event, time, 'offloaded', 1, false);
    if (fault === 'none') {
      if (tcp === undefined || !frame.isSegment) return;
      recount.expect(event, time, 'good', 1, false);
      this.examine(frame, receiver, fate, recount, time);
      return;
    }
    // Whoever else is meant, or everybody, the target need not look at it.
    const certain = target.receiving && !target.closed && this.isOwn(frame, receiver);
    const holding = this.isHolding(receiver);
    recount.expect(event, time, fault, 1, certain);
    recount.expect(event, time, `${fault}Dropped`, 1, certain && (fault === 'header' || tcp !== undefined));
    if (certain && fault !== 'truncated' && (fault === 'header' || tcp !== undefined || !holding))
      this.faulty.set(event, { frame, target: receiver, fault, holding, time });
  };

  /** Tallies of a target and an IP version now. */
  snapshot(target: number, version: 4 | 6): TallySnapshot {
    const counted = this.targets.get(target) ?? this.begin(target);
    this.settle(this.facts.now);
    const recount = counted.versions[version];
    let elsewhere = 0;
    for (const [other, { versions }] of this.targets)
      if (other !== target) elsewhere += versions[4].most('offloaded') + versions[6].most('offloaded');
    return {
      low: recount.low.slice(),
      high: recount.high.slice(),
      waitingLow: recount.waitingOf(true),
      waitingHigh: recount.waitingOf(false),
      ...recount.late(this.facts.now),
      holding: this.isHolding(target),
      blurs: counted.closed ? -1 : counted.blurs,
      otherVersion: counted.versions[version === 4 ? 6 : 4].most('offloaded'),
      elsewhere,
    };
  }

  /** Calls back when what left the ring since a snapshot of this moment is known; at the end of the trace at the latest. */
  afterwards(decide: () => void): void {
    this.later.push({ time: this.facts.now + longestRing, decide });
  }

  /** Tallies when a request for statistics began; undefined for any other call. */
  startOf(request: Call, version: 4 | 6): TallySnapshot | undefined {
    return this.starts.get(request.event)?.[version];
  }

  /** Whether a target has a neighbor, and so may have paths. */
  isHolding(target: number): boolean {
    for (const _neighbor of this.handed.neighborsOf(target)) return true;
    return false;
  }

  private decide(): void {
    while (this.later.length > 0 && this.later[0]!.time < this.facts.now) this.later.shift()!.decide();
  }

  private begin(target: number): Counted {
    const counted = new Counted();
    if (this.targets.size === 0)
      for (const { connection, machine } of this.known.all())
        if (machine.sent.end !== undefined) this.ends.set(connection, machine.sent.end);
    this.targets.set(target, counted);
    return counted;
  }

  private send(frame: WireFrame, target: Counted): void {
    target.closed = false;
    const version = frame.ipVersion;
    if (version === undefined) return;
    const recount = target.versions[version];
    const { time } = frame;
    recount.leave(time, 'frames');
    recount.leave(time, 'octets', frame.record.length);
    if (frame.path !== 'chimney' || !frame.isSegment) return;
    recount.leave(time, 'offloaded');
    recount.leave(time, 'sent');
    recount.leave(time, 'sentOctets', frame.record.length - frame.internetAt);
    if (frame.flags & tcpFlags.RST) recount.leave(time, 'resets');
    this.countNew(frame, recount);
  }

  private countNew(frame: WireFrame, recount: Recount): void {
    const tcp = this.handed.tcp(frame.sender, frame.connection);
    if (tcp !== undefined && !this.begun.has(tcp)) {
      this.begun.add(tcp);
      const handed = tcp.delegated.number('SndMax');
      const end = this.ends.get(frame.connection!);
      if (handed !== undefined && (end === undefined || sequenceDistance(end, handed) > 0))
        this.ends.set(frame.connection!, handed);
    }
    const { time, sequence, payloadLength } = frame;
    const end = this.ends.get(frame.connection ?? -1);
    // Segments that somebody else cuts count once or often; a probe may count its byte as sent or not.
    const large = payloadLength > (tcp?.constant.RemoteMss ?? Infinity);
    const isProbe = payloadLength === 1 || (payloadLength === 0 && frame.has(tcpFlags.FIN));
    if (tcp === undefined || end === undefined || large || isProbe || this.uncertain.has(tcp)) {
      const pieces = large ? payloadLength : 1;
      recount.leave(time, 'new', pieces, false);
      if (payloadLength > 0 || isProbe) recount.leave(time, 'repeated', pieces, false);
      return;
    }
    const repeats = payloadLength > 0 && sequenceDistance(sequence, end) > 0;
    const isNew = payloadLength === 0 || sequenceDistance(end, (sequence + payloadLength) >>> 0) > 0;
    // With a FIN behind bytes that are repeated it holds something that is no byte.
    const mayBeNew = isNew || frame.has(tcpFlags.FIN);
    if (mayBeNew) recount.leave(time, 'new', 1, isNew);
    if (repeats) recount.leave(time, 'repeated');
  }

  private examine(
    frame: WireFrame,
    target: number,
    fate: FrameFateRecord['fate'],
    recount: Recount,
    time: VirtualTime,
  ): void {
    const flow = this.known.of(frame.connection);
    if (fate !== 'delivered' || flow === undefined || !fits(frame, flow))
      recount.expect(frame.event, time, 'odd', 1, false);
    if (frame.flags & tcpFlags.RST && this.handed.tcp(target, frame.connection)?.stoppedBy === undefined)
      recount.expect(frame.event, time, 'aborted', 1, false);
  }

  private abort(call: Call): void {
    const recount = this.recountOf(call.caller, call.connection);
    if (recount === undefined) return;
    const { cause } = call.record;
    const flow = this.known.of(call.connection);
    const fins = flow?.machine.sent.fin !== undefined;
    if (cause !== undefined && !fins && recount.confirm(cause, 'aborted')) return;
    if (cause !== undefined) recount.withdraw(cause, 'aborted');
    recount.add('aborted', 1, false);
  }

  /** What its engine sends may not reach the cable: until something does again, nothing is certain. */
  private blur(target: number): void {
    const counted = this.targets.get(target);
    if (counted === undefined) return;
    counted.closed = true;
    counted.blurs++;
    for (const tcp of this.handed.connectionsOf(target)) this.uncertain.add(tcp);
  }

  private receive(target: number, receiving: boolean): void {
    const counted = this.targets.get(target);
    if (counted !== undefined) counted.receiving = receiving;
  }

  private changePaths(target: number): void {
    const counted = this.targets.get(target);
    if (counted === undefined) return;
    for (const version of [4, 6] as const) counted.versions[version].add('pathChanges');
  }

  private recountOf(target: number, connection: number | undefined): Recount | undefined {
    const counted = this.targets.get(target);
    if (counted === undefined) return undefined;
    const isIpv6 = this.facts.machine.ends(connection ?? -1)?.local.startsWith('[') === true;
    return counted.versions[isIpv6 ? 6 : 4];
  }

  private isOwn(frame: WireFrame, target: number): boolean {
    const own = this.profiles.of(target)?.currentAddress;
    return own?.every((byte, at) => frame.record.bytes[at] === byte) === true;
  }

  private settle(now: VirtualTime): void {
    for (const { versions } of this.targets.values()) {
      versions[4].settle(now);
      versions[6].settle(now);
    }
    for (const [event, { time, ...arrival }] of this.faulty) {
      if (now - time < longestWait) return;
      this.faulty.delete(event);
      for (const take of this.onFaulty) take({ ...arrival, indicated: undefined });
    }
  }
}

/** Whether a segment is what a receiver may expect: within the window, and it acknowledges what was sent. */
function fits(frame: WireFrame, { machine }: Flow): boolean {
  const { acknowledgment, rightEdge, end } = machine.sent;
  if (acknowledgment === undefined || rightEdge === undefined || end === undefined) return false;
  if (frame.flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.URG) || !frame.has(tcpFlags.ACK)) return false;
  return (
    sequenceDistance(acknowledgment, frame.sequence) >= 0 &&
    sequenceDistance(frame.sequenceEnd, rightEdge) >= 0 &&
    sequenceDistance(frame.acknowledgment, end) >= 0
  );
}

/** What targets must have counted: `facts.of(recounts)`. */
export const recounts: FactDefinition<Recounts> = {
  start: (facts) => new Recounts(facts, facts.of(flows), facts.of(handedState), facts.of(adapterProfiles)),
};
