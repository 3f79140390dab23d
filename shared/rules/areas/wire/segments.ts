/** What a target makes of segments that arrive out of order, with SACK blocks, with old timestamps, or into a closed window. */
import { sequenceDistance, u32At } from '../../../analysis/tcpSegment';
import type { EventId, VirtualTime } from '../../../trace/records';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import { SegmentStream } from '../../facts/flows';
import { handedState, type HandedTcp } from '../../facts/handedState';
import {
  arrivals,
  knowledgeTime,
  longestAnswer,
  RefusedRanges,
  watchProcessing,
  type Arrival,
} from './arrivals';
import { badFrame, constFlags, targetSegments } from './targetFrames';
import { WaitingMap } from '../../engine/gate';

/** Kind of the SACK option (RFC 2018 section 3). */
const sackOption = 5;

/** Whether a segment was sent in knowledge of an arrival: it was caused by it or by a later one, or enough time has passed. */
function knows(frame: WireFrame, arrival: WireFrame, arrivedAt: VirtualTime): boolean {
  const { cause } = frame.record;
  return (cause !== undefined && cause >= arrival.event) || frame.time - arrivedAt >= knowledgeTime;
}

/** Decides of pure acknowledgments of a target that come while there is a gap in what has arrived since it took the connection. */
function acknowledgmentsInGaps(
  context: RuleContext,
  decide: (frame: WireFrame, ahead: Arrival) => void,
): Required<Pick<Handlers, 'peerFate' | 'chimneyFrame'>> {
  const gaps = new Map<HandedTcp, Arrival>();
  const sent = targetSegments(context, (frame, tcp) => {
    const ahead = gaps.get(tcp);
    if (ahead === undefined) return;
    const { contiguousEnd } = ahead.flow.peer.arrived;
    const filled = contiguousEnd === undefined || sequenceDistance(ahead.frame.sequence, contiguousEnd) >= 0;
    if (filled || sequenceDistance(ahead.frame.sequence, frame.acknowledgment) >= 0) {
      gaps.delete(tcp);
      return;
    }
    if (frame.payloadLength > 0 || frame.flags !== tcpFlags.ACK || frame.record.cause !== ahead.frame.event)
      return;
    decide(frame, ahead);
  });
  return {
    ...arrivals(context, (arrival) => {
      const { frame, flow, tcp } = arrival;
      const { contiguousEnd } = flow.peer.arrived;
      const { rightEdge } = flow.machine.sent;
      if (contiguousEnd === undefined || rightEdge === undefined || frame.payloadLength === 0) return;
      const isAhead = sequenceDistance(contiguousEnd, frame.sequence) > 0;
      if (isAhead && sequenceDistance(frame.sequenceEnd, rightEdge) >= 0) gaps.set(tcp, arrival);
    }),
    chimneyFrame: sent.chimneyFrame,
  };
}

/** See the file's head. */
export const segmentRules: readonly Rule[] = [
  rule('WIR-014', (context) => {
    const { expect, facts } = context;
    const profiles = facts.of(adapterProfiles);
    const blocks = targetSegments(context, (frame, tcp) => {
      if ((tcp.constant.Flags & constFlags.sack) !== 0) return;
      expect(frame.option(sackOption) < 0, () =>
        badFrame(
          frame,
          tcp.initiate.event,
          'a segment with SACK blocks',
          'none: TCP_FLAG_SACK_ENABLED is clear',
        ),
      );
    });
    const gaps = acknowledgmentsInGaps(context, (frame, { tcp, frame: ahead, target }) => {
      if ((tcp.constant.Flags & constFlags.sack) === 0 || profiles.of(target)?.supportsSack === false) return;
      expect(frame.option(sackOption) >= 0, () =>
        badFrame(
          frame,
          ahead.event,
          'an acknowledgment of a segment behind a gap without SACK blocks',
          'SACK blocks: TCP_FLAG_SACK_ENABLED is set',
        ),
      );
    });
    return {
      peerFate: gaps.peerFate,
      chimneyFrame: (frame) => {
        blocks.chimneyFrame(frame);
        gaps.chimneyFrame(frame);
      },
    };
  }),

  rule('WIR-015', (context) => {
    const { expect, facts } = context;
    const profiles = facts.of(adapterProfiles);
    const supports = (target: number): boolean | undefined => profiles.of(target)?.supportsSack;
    const generates = acknowledgmentsInGaps(context, (frame, { tcp, frame: ahead, target }) => {
      if (supports(target) !== true || (tcp.constant.Flags & constFlags.sack) === 0) return;
      expect(frame.option(sackOption) >= 0, () =>
        badFrame(
          frame,
          ahead.event,
          'an acknowledgment of a segment behind a gap without SACK blocks',
          'the adapter reports SupportSack: it makes them',
        ),
      );
    });
    /** Ranges that the peer has told that it has, with the segment that told them. */
    const known = new Map<HandedTcp, { start: number; end: number; by: EventId }[]>();
    const lastArrival = new Map<HandedTcp, { readonly time: VirtualTime; readonly event: EventId }>();
    const told = arrivals(context, ({ frame, tcp, time, target }) => {
      lastArrival.set(tcp, { time, event: frame.event });
      const at = supports(target) === true ? frame.option(sackOption) : -1;
      if (at < 0) return;
      const { bytes } = frame.record;
      const ranges = known.get(tcp) ?? [];
      for (let edge = at + 2; edge + 8 <= at + bytes[at + 1]!; edge += 8)
        ranges.push({ start: u32At(bytes, edge), end: u32At(bytes, edge + 4), by: frame.event });
      known.set(tcp, ranges.slice(-mostBlocks));
    });
    const uses = targetSegments(context, (frame, tcp) => {
      if (supports(frame.sender) === false)
        expect(frame.option(sackOption) < 0, () =>
          badFrame(
            frame,
            profiles.of(frame.sender)?.sackBy,
            'a segment with SACK blocks',
            'none: the adapter does not report SupportSack',
          ),
        );
      const ranges = known.get(tcp);
      if (ranges === undefined || frame.payloadLength === 0 || !frame.record.retransmission) return;
      // A retransmission timer may have expired: then what the peer has told counts no more (RFC 2018 section 5).
      const last = lastArrival.get(tcp);
      if (frame.time - (last?.time ?? 0) > shortestTimeout) {
        known.delete(tcp);
        return;
      }
      // What anything else than an arriving segment causes may be a timer that came with the connection.
      const isAnswer = last !== undefined && frame.record.cause === last.event;
      const skipped = ranges.find(
        ({ start, end }) =>
          isAnswer &&
          sequenceDistance(start, frame.sequence) >= 0 &&
          sequenceDistance(frame.sequenceEnd, end) >= 0,
      );
      expect(skipped === undefined, () =>
        badFrame(
          frame,
          skipped!.by,
          'bytes that the peer has selectively acknowledged were sent again',
          'they are skipped: the adapter reports SupportSack',
        ),
      );
    });
    return {
      peerFate: (...values) => {
        generates.peerFate(...values);
        told.peerFate(...values);
      },
      chimneyFrame: (frame) => {
        generates.chimneyFrame(frame);
        uses.chimneyFrame(frame);
      },
    };
  }),

  rule('WIR-016', (context) => {
    const { expect, facts } = context;
    const profiles = facts.of(adapterProfiles);
    const without = (target: number): boolean => profiles.of(target)?.supportsSack === false;
    const unprocessed = (arrival: WireFrame, evidence: EventId, target: number, what: string) => ({
      events: [arrival.event, evidence],
      found: `${what} of a segment with SACK blocks was not processed`,
      expected: 'the option is skipped, and the rest is processed',
      component: target,
      connection: arrival.connection,
    });
    const payload = watchProcessing(
      context,
      ({ frame, target }) => without(target) && frame.option(sackOption) >= 0,
      (processed, { frame, target }, evidence) => {
        expect(processed, () => unprocessed(frame, evidence.event, target, 'the payload'));
      },
    );
    const told = new Map<HandedTcp, Arrival>();
    const acknowledged = arrivals(context, (arrival) => {
      const { frame, target, tcp } = arrival;
      if (without(target) && frame.has(tcpFlags.ACK) && frame.option(sackOption) >= 0) told.set(tcp, arrival);
    });
    const sent = targetSegments(context, (frame, tcp) => {
      const arrival = told.get(tcp);
      if (arrival === undefined || frame.payloadLength === 0 || !knows(frame, arrival.frame, arrival.time))
        return;
      const again = sequenceDistance(frame.sequenceEnd, arrival.frame.acknowledgment) >= 0;
      expect(!again, () => unprocessed(arrival.frame, frame.event, arrival.target, 'the acknowledgment'));
      if (again) told.delete(tcp);
    });
    return {
      peerFate: (...values) => {
        payload.peerFate(...values);
        acknowledged.peerFate(...values);
      },
      guarded: payload.guarded,
      chimneyFrame: sent.chimneyFrame,
    };
  }),

  rule('WIR-024', (context) => {
    const { expect } = context;
    /** What each target has got since its first segment. */
    const streams = new Map<HandedTcp, SegmentStream>();
    const filled = new Map<HandedTcp, { readonly arrival: Arrival; readonly end: number }>();
    return {
      ...arrivals(context, (arrival) => {
        const { frame, tcp, flow, time } = arrival;
        const stream = streams.get(tcp);
        const { rightEdge } = flow.machine.sent;
        if (stream === undefined || rightEdge === undefined || frame.payloadLength === 0) return;
        if (frame.flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.URG | tcpFlags.FIN)) return;
        if (sequenceDistance(frame.sequenceEnd, rightEdge) < 0) return;
        const queued = stream.rangesAhead.length > 0;
        stream.add(frame, time);
        const end = stream.contiguousEnd!;
        if (queued && sequenceDistance(frame.sequence, end) > frame.sequenceLength && !filled.has(tcp))
          filled.set(tcp, { arrival, end });
      }),
      ...targetSegments(context, (frame, tcp) => {
        if (!streams.has(tcp)) {
          const stream = new SegmentStream(() => 0);
          stream.start = stream.end = stream.contiguousEnd = frame.acknowledgment;
          streams.set(tcp, stream);
          return;
        }
        const waiting = filled.get(tcp);
        if (waiting === undefined) return;
        const { arrival, end } = waiting;
        const jumps = sequenceDistance(end, frame.acknowledgment) >= 0;
        const late = frame.time - arrival.time >= knowledgeTime;
        const reached = sequenceDistance(arrival.frame.sequenceEnd, frame.acknowledgment) >= 0;
        if (!jumps && !late && !reached) return;
        filled.delete(tcp);
        expect(jumps, () =>
          badFrame(
            frame,
            arrival.frame.event,
            `acknowledgment ${frame.acknowledgment} after a gap was filled`,
            `${end}: what had arrived behind the gap is used`,
          ),
        );
      }),
    };
  }),

  rule('WIR-025', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const refused = new RefusedRanges();
    /** Old segments that have not been answered yet. */
    const open = new WaitingMap<number, Arrival>();
    const old = (frame: WireFrame, evidence: EventId, target: number, how: string) => ({
      events: [frame.event, evidence],
      found: `a segment with a timestamp older than TsRecent was ${how}`,
      expected: 'it is dropped, and answered with an ACK',
      component: target,
      connection: frame.connection,
    });
    const settle = (): void => {
      for (const [connection, arrival] of open) {
        if (facts.now - arrival.time < knowledgeTime) continue;
        open.delete(connection);
        if (arrival.tcp.stoppedBy === undefined)
          expect(false, () => old(arrival.frame, facts.event, arrival.target, 'not answered'));
      }
    };
    const arrived = arrivals(context, (arrival) => {
      const { frame, tcp, flow } = arrival;
      if ((tcp.constant.Flags & constFlags.timestamps) === 0) return;
      if (frame.flags & (tcpFlags.RST | tcpFlags.SYN | tcpFlags.URG)) return;
      const value = frame.timestamp;
      const echoed = flow.lastByTarget?.timestampEcho;
      if (value === undefined || echoed === undefined) return;
      if (((value - echoed) | 0) >= 0) {
        refused.accept(frame);
        return;
      }
      refused.add(arrival);
      open.set(frame.connection!, arrival);
    });
    return {
      peerFate: arrived.peerFate,
      guarded: [
        {
          gate: open.gate,
          fate: settle,
          frame: settle,
          chimneyFrame: (frame) => {
            if (frame.connection === undefined || !frame.isSegment) return;
            const waiting = open.get(frame.connection);
            if (waiting === undefined) return;
            open.delete(frame.connection);
            if (waiting.tcp === handed.tcp(frame.sender, frame.connection))
              expect(true, () => old(frame, frame.event, frame.sender, ''));
          },
        },
        {
          gate: refused.gate,
          chimneyFrame: (frame) => {
            if (!frame.isSegment || !refused.has(frame.connection)) return;
            const taken = refused.acknowledged(frame.connection!, frame.acknowledgment);
            expect(taken === undefined, () => old(taken!.frame, frame.event, frame.sender, 'acknowledged'));
          },
        },
      ],
      call: {
        MiniportTerminateOffload: (call) => {
          refused.forget(call.connection);
          if (call.connection !== undefined) open.delete(call.connection);
        },
      },
    };
  }),

  rule('WIR-026', (context) => {
    const { expect, facts } = context;
    const probes = new WaitingMap<number, Arrival>();
    const unanswered = ({ frame, target }: Arrival, evidence: EventId) => ({
      events: [frame.event, evidence],
      found: 'a window probe was not answered',
      expected: 'an ACK with RcvNxt and the window',
      component: target,
      connection: frame.connection,
    });
    const settle = (): void => {
      for (const [connection, arrival] of probes) {
        if (facts.now - arrival.time < longestAnswer) continue;
        probes.delete(connection);
        if (arrival.tcp.stoppedBy === undefined) expect(false, () => unanswered(arrival, facts.event));
      }
    };
    const arrived = arrivals(context, (arrival) => {
      const { frame, flow } = arrival;
      const { acknowledgment, rightEdge, window } = flow.machine.sent;
      if (frame.payloadLength === 0 || frame.flags & (tcpFlags.RST | tcpFlags.SYN | tcpFlags.URG)) return;
      if (window !== 0 || acknowledgment === undefined || rightEdge === undefined) return;
      // Windows are rounded down to what the shift can tell.
      if (sequenceDistance(acknowledgment, rightEdge) >= 2 ** (flow.windowShifts?.machine ?? 14)) return;
      if (sequenceDistance(acknowledgment, frame.sequence) >= 0) probes.set(frame.connection!, arrival);
    });
    return {
      peerFate: arrived.peerFate,
      guarded: [
        {
          gate: probes.gate,
          fate: settle,
          ...targetSegments(context, (frame, tcp) => {
            const arrival = probes.get(frame.connection!);
            if (
              arrival?.tcp !== tcp ||
              frame.record.cause === undefined ||
              frame.record.cause < arrival.frame.event
            )
              return;
            probes.delete(frame.connection!);
            const right = sequenceDistance(frame.acknowledgment, arrival.frame.sequence) <= 0;
            expect(right, () => unanswered(arrival, frame.event));
          }),
        },
      ],
      call: {
        MiniportTerminateOffload: (call) => {
          if (call.connection !== undefined) probes.delete(call.connection);
        },
      },
    };
  }),
];

/** SACK blocks that are remembered for a connection. */
const mostBlocks = 32;

/** Shortest retransmission timeout that is thinkable, virtual ns. */
const shortestTimeout = 150_000_000;
