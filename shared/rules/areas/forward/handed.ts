/** What the host stack forwards, why, and what it must forward (FWD-006 to FWD-010). */
import { sequenceDistance, u32At } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, FrameFateRecord, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { RecentMap } from '../../engine/recentMap';
import { rule, type Facts, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows } from '../../facts/flows';
import type { HeldObject } from '../../facts/objectFacts';
import { segmentsOf } from './segments';
import { WaitingMap } from '../../engine/gate';

/** A segment that has arrived is in the host stack's hands within this time, virtual ns. */
const receiveTime = 10_000_000;

/** What must be forwarded has been forwarded within this time, virtual ns. */
const forwardTime = 1_000_000_000;

/** Arrivals of a connection that are remembered. */
const mostArrivals = 64;

/** The host stack whose connections these are; undefined before it has been declared. */
class HostOf implements Handlers {
  private host: number | undefined;

  constructor(private readonly facts: Facts) {}

  readonly component = ({ role, id }: { readonly role: string; readonly id: number }): void => {
    if (role === 'host-stack') this.host ??= id;
  };

  /** Where a connection is at the host stack's protocol edge; undefined while it is not offloaded. */
  holding(connection: number | undefined): HeldObject | undefined {
    return this.host === undefined
      ? undefined
      : this.facts.objects.connectionAt('protocol', this.host, connection);
  }
}

function arrives(fate: FrameFateRecord, frame: WireFrame | undefined): frame is WireFrame {
  return frame?.path === 'peer' && fateDelivers(fate.fate) && fate.fate !== 'corrupted';
}

/** Whether a segment's IPv4 header has options, all of which can be walked (RFC 791 section 3.1). */
function hasSoundOptions(frame: WireFrame): boolean {
  const end = frame.transportAt;
  if (frame.ipVersion !== 4 || !frame.isSegment || frame.isFragment || end <= frame.internetAt + 20)
    return false;
  const { bytes } = frame.record;
  for (let at = frame.internetAt + 20; at < end && bytes[at] !== 0;) {
    const length = bytes[at] === 1 ? 1 : at + 1 < end ? bytes[at + 1]! : 0;
    if (length === 0 || (bytes[at] !== 1 && length < 2) || at + length > end) return false;
    at += length;
  }
  return true;
}

/** A fragment of an IPv4 datagram. */
interface Piece {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly isLast: boolean;
  /** Sequence number, where the piece begins with a TCP header. */
  readonly sequence: number | undefined;
}

function pieceOf(frame: WireFrame): Piece | undefined {
  const { bytes } = frame.record;
  const at = frame.internetAt;
  if (!frame.isFragment || bytes[at + 9] !== 6) return undefined;
  const word = (offset: number): number => bytes[at + offset]! * 256 + bytes[at + offset + 1]!;
  const header = (bytes[at]! & 15) * 4;
  const start = (word(6) & 0x1fff) * 8;
  return {
    key: `${word(4)} ${u32At(bytes, at + 12)} ${u32At(bytes, at + 16)}`,
    start,
    end: start + word(2) - header,
    isLast: (word(6) & 0x2000) === 0,
    sequence: start === 0 && frame.transportAt >= 0 ? frame.sequence : undefined,
  };
}

/** Whether pieces make a whole datagram, none of which covers a byte twice. */
function isWhole(pieces: readonly Piece[]): boolean {
  let end = 0;
  const sorted = [...pieces].sort((one, other) => one.start - other.start);
  for (const piece of sorted) {
    if (piece.start !== end) return false;
    end = piece.end;
  }
  return sorted.at(-1)?.isLast === true;
}

/** A segment that the host stack has, and must forward. */
interface Awaited {
  readonly sequence: number;
  /** The frame that brought it, or the last of them. */
  readonly frame: WireFrame;
  /** How it came up: NdisMIndicateReceiveNetBufferLists. */
  readonly indication: Call;
}

/** Decides of segments that come up while the host stack's connection is offloaded, or being offloaded, whether they are forwarded. */
function awaitForwards(
  context: RuleContext,
  what: string,
  /** Answers the sequence number of the segment that a frame, or the frames until now, bring; undefined if there is none. */
  concerns: (frame: WireFrame, held: HeldObject, time: VirtualTime) => number | undefined,
): Handlers {
  const { expect, facts } = context;
  const host = new HostOf(facts);
  const arrived = new RecentMap<EventId, WireFrame>(mostArrivals);
  const awaited = new WaitingMap<number, Awaited[]>();
  const settle = (now: VirtualTime): void => {
    for (const [connection, segments] of awaited) {
      const held = host.holding(connection);
      if (held === undefined || held.place === 'terminating' || held.invalidatedBy !== undefined) {
        awaited.delete(connection);
        continue;
      }
      const [oldest] = segments;
      if (held.place !== 'held' || oldest === undefined) continue;
      if (now - Math.max(held.since.time, oldest.indication.time) <= forwardTime) continue;
      awaited.delete(connection);
      expect(false, () => ({
        events: [oldest.frame.event, oldest.indication.event, held.since.event],
        found: `the host stack has got ${what}, and does not forward it`,
        expected: 'NdisOffloadTcpForward of the segment, as the connection is offloaded',
        component: held.since.callee,
        connection,
      }));
    }
  };
  const forget = (call: Call): void => {
    if (call.connection !== undefined) awaited.delete(call.connection);
  };
  return {
    component: host.component,
    fate: (fate, frame) => {
      if (!arrives(fate, frame) || frame.connection === undefined) return;
      const held = host.holding(frame.connection);
      if (held === undefined || held.place === 'terminating') return;
      arrived.set(frame.event, frame);
    },
    call: {
      NdisMIndicateReceiveNetBufferLists: (call) => {
        const { cause } = call.record;
        const frame = cause === undefined ? undefined : arrived.get(cause);
        if (frame === undefined) return;
        arrived.delete(frame.event);
        const held = host.holding(frame.connection);
        if (held === undefined || held.place === 'terminating') return;
        const sequence = concerns(frame, held, call.time);
        if (sequence === undefined) return;
        const segments = awaited.get(frame.connection!);
        const one = { sequence, frame, indication: call };
        if (segments === undefined) awaited.set(frame.connection!, [one]);
        else segments.push(one);
      },
      NdisOffloadTcpForward: (call) => {
        const segments = call.connection === undefined ? undefined : awaited.get(call.connection);
        if (segments === undefined) return;
        for (const { sequence } of segmentsOf(call)) {
          const at = segments.findIndex((one) => one.sequence === sequence);
          if (at < 0) continue;
          segments.splice(at, 1);
          expect(true, () => ({ events: [], found: '', expected: '' }));
        }
        if (segments.length === 0) awaited.delete(call.connection!);
      },
      // A connection that is given up takes no more segments.
      NdisOffloadTcpDisconnect: forget,
      ProtocolTcpOffloadEvent: forget,
    },
    guarded: [
      {
        gate: awaited.gate,
        frame: ({ time }) => {
          settle(time);
        },
      },
    ],
    end: ({ time }) => {
      settle(time);
    },
  };
}

function isOrdinary(frame: WireFrame): boolean {
  return (frame.flags & (tcpFlags.SYN | tcpFlags.RST)) === 0;
}

/** See the file's head. */
export const handedRules: readonly Rule[] = [
  rule('FWD-006', ({ expect, facts }) => {
    const host = new HostOf(facts);
    /** The last forward with data of each connection; `decided`: the target has acknowledged it. */
    const open = new WaitingMap<number, { readonly call: Call; readonly end: number; decided: boolean }>();
    return {
      component: host.component,
      call: {
        NdisOffloadTcpForward: (call) => {
          if (call.connection === undefined || facts.machine.role(call.caller) !== 'host-stack') return;
          for (const { sequence, end } of segmentsOf(call))
            if (sequence !== end) open.set(call.connection, { call, end, decided: false });
        },
        NdisTerminateOffload: (call) => {
          if (open.size === 0) return;
          for (const { object } of treeOf(call)) open.delete(facts.objects.find(object)?.connection ?? -1);
        },
      },
      guarded: [
        {
          gate: open.gate,
          frame: (frame) => {
            if (frame.path === 'peer' || frame.connection === undefined) return;
            const forward = open.get(frame.connection);
            if (forward === undefined || !frame.isSegment || !frame.has(tcpFlags.ACK)) return;
            if (sequenceDistance(forward.end, frame.acknowledgment) < 0) return;
            if (frame.path === 'chimney' && forward.decided) return;
            forward.decided = true;
            const isOffloaded = host.holding(frame.connection)?.place === 'held';
            expect(frame.path === 'chimney' || !isOffloaded, () => ({
              events: [forward.call.event, frame.event],
              found: 'the host stack itself acknowledges a segment that it has forwarded',
              expected: 'the acknowledgment of the target, which processes the segment',
              component: forward.call.caller,
              connection: frame.connection,
            }));
          },
        },
      ],
    };
  }),

  rule('FWD-007', ({ expect, facts }) => {
    const host = new HostOf(facts);
    /** What has reached the host stack and may be forwarded, by connection and sequence number. */
    const received = new Map<number, RecentMap<number, VirtualTime>>();
    /** What has reached a target that holds the connection; if it has stopped, it passes that up. */
    const withheld = new Map<number, RecentMap<number, VirtualTime>>();
    return {
      component: host.component,
      fate: (fate, frame, time) => {
        if (!arrives(fate, frame) || frame.connection === undefined) return;
        const { connection } = frame;
        const sequence = frame.isSegment ? frame.sequence : pieceOf(frame)?.sequence;
        if (sequence === undefined) return;
        const held = host.holding(connection);
        const isForTarget =
          held?.place === 'held' &&
          time - held.since.time > receiveTime &&
          !frame.isFragment &&
          !hasSoundOptions(frame) &&
          facts.objects.connectionAt('miniport', fate.receiver, connection) !== undefined;
        const known = isForTarget ? withheld : received;
        let times = known.get(connection);
        if (times === undefined) known.set(connection, (times = new RecentMap(mostArrivals)));
        times.set(sequence, time);
      },
      call: {
        NdisOffloadTcpForward: (call) => {
          if (call.connection === undefined || !facts.historyComplete) return;
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          const held = host.holding(call.connection);
          if (held === undefined) return;
          const times = received.get(call.connection);
          const isPassedUp =
            call.parent?.functionName === 'ProtocolReceiveNetBufferLists' &&
            call.parent.connection === call.connection;
          const fromTarget = isPassedUp ? withheld.get(call.connection) : undefined;
          for (const { sequence, bytes } of segmentsOf(call)) {
            if (bytes.length < 20) continue;
            // Segments without data repeat a number: the last one counts.
            const latest = Math.max(times?.get(sequence) ?? -1, fromTarget?.get(sequence) ?? -1);
            const time = latest < 0 ? undefined : latest;
            const isCaught = time !== undefined && time >= held.initiate.time - receiveTime;
            expect(isCaught, () => ({
              events: [held.initiate.event, call.event],
              found:
                time === undefined
                  ? 'the host stack forwards a segment that it has not received'
                  : 'the host stack forwards a segment that it got long before the offload',
              expected:
                'segments caught during the offload, from another interface, or indicated for their IP options or as fragments',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),

  rule('FWD-008', (context) =>
    awaitForwards(context, 'a segment with IPv4 options', (frame) =>
      hasSoundOptions(frame) && isOrdinary(frame) ? frame.sequence : undefined,
    ),
  ),

  rule('FWD-009', (context) => {
    const sets = new RecentMap<string, { readonly begun: VirtualTime; readonly pieces: Piece[] }>(
      mostArrivals,
    );
    return awaitForwards(context, 'all fragments of a segment', (frame, _held, time) => {
      const piece = pieceOf(frame);
      if (piece === undefined) return undefined;
      const known = sets.get(piece.key);
      const set = known === undefined || time - known.begun > 30e9 ? { begun: time, pieces: [] } : known;
      if (set !== known) sets.set(piece.key, set);
      if (!set.pieces.some(({ start, end }) => start === piece.start && end === piece.end))
        set.pieces.push(piece);
      if (!isWhole(set.pieces)) return undefined;
      sets.delete(piece.key);
      return set.pieces.find(({ start }) => start === 0)?.sequence;
    });
  }),

  rule('FWD-010', (context) => {
    const known = context.facts.of(flows);
    return awaitForwards(context, 'a segment during the offload', (frame, held) => {
      if (held.place !== 'offloading' || !frame.isSegment || frame.isFragment || !isOrdinary(frame))
        return undefined;
      const acknowledged = known.of(frame.connection)?.machine.sent.acknowledgment;
      if (frame.sequenceLength === 0 || acknowledged === undefined || hasSoundOptions(frame))
        return undefined;
      return sequenceDistance(acknowledged, frame.sequence) >= 0 ? frame.sequence : undefined;
    });
  }),
];
