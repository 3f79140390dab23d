/** RST and SYN segments that may be of somebody who guesses numbers (section 12 of the data digest, "blind reset"). */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import type { HandedTcp } from '../../facts/handedState';
import { tcpBlocks } from '../timestamps/handOvers';
import { handedState } from '../../facts/handedState';
import { arrivals, controlArrivals, knowledgeTime, RefusedRanges, type Arrival } from './arrivals';
import { Gate, WaitingMap, WaitingSet } from '../../engine/gate';

const abort = constantValue('TcpIndicateAbort');
const retrieve = constantValue('TcpIndicateRetrieve');
const closed = constantValue('TcpConnectionClosed');

/** Time between two challenges for SYNs (WIR-039), virtual ns, and what a link may take from it. */
const challengeInterval = 3_000_000_000;
const linkJitter = 5_000_000;

/** Frames that leave so soon after an arrival were made before it, virtual ns. */
const underWay = 1_000_000;

/** Where a segment stands: at RcvNxt, elsewhere in the window, or outside of it. */
export type Place = 'next' | 'in-window' | 'outside';

/** Where a segment stands; undefined while the window of the receiver isn't known exactly. */
export function placeOf({ frame, flow }: Arrival): Place | undefined {
  const { acknowledgment, rightEdge } = flow.machine.sent;
  const { contiguousEnd, rangesAhead } = flow.peer.arrived;
  if (acknowledgment === undefined || rightEdge === undefined) return undefined;
  if (acknowledgment !== contiguousEnd || rangesAhead.length > 0) return undefined;
  const beyond = sequenceDistance(acknowledgment, frame.sequence);
  if (beyond === 0) return 'next';
  const room = sequenceDistance(frame.sequence, rightEdge);
  if (beyond < 0 || room < 0) return 'outside';
  return room === 0 ? undefined : 'in-window';
}

/** A RST or SYN, and what has come of it. */
interface Watched {
  readonly arrival: Arrival;
  readonly place: Place;
  /** The first frame of the connection that left the target in knowledge of it, and the first one that it caused. */
  answer: WireFrame | undefined;
  caused: WireFrame | undefined;
  event: Call | undefined;
}

/** Follows each RST, or SYN, of a kind for a while and then decides. */
function watchIntruders(
  context: RuleContext,
  flag: number,
  place: Place,
  decide: (watched: Watched, now: VirtualTime, evidence: EventId) => void,
): Required<Pick<Handlers, 'guarded' | 'peerControlFate' | 'call'>> {
  const { facts } = context;
  const watched = new WaitingMap<number, Watched>();
  const settle = (): void => {
    for (const [connection, one] of watched) {
      if (facts.now - one.arrival.time < knowledgeTime) continue;
      watched.delete(connection);
      decide(one, facts.now, facts.event);
    }
  };
  const seen = controlArrivals(context, (arrival) => {
    const { frame } = arrival;
    if ((frame.flags & (tcpFlags.RST | tcpFlags.SYN)) === 0) return;
    // Another one before the first has been decided: what follows may be of either.
    watched.delete(frame.connection!);
    if ((frame.flags & (tcpFlags.RST | tcpFlags.SYN)) !== flag || placeOf(arrival) !== place) return;
    watched.set(frame.connection!, {
      arrival,
      place,
      answer: undefined,
      caused: undefined,
      event: undefined,
    });
  });
  return {
    guarded: [
      {
        gate: watched.gate,
        fate: settle,
        frame: settle,
        chimneyFrame: (frame) => {
          if (frame.connection === undefined) return;
          const one = watched.get(frame.connection);
          if (one === undefined) return;
          one.answer ??= frame;
          if (frame.record.cause === one.arrival.frame.event) one.caused ??= frame;
        },
      },
    ],
    ...seen,
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        const type = call.number('EventType');
        const one = call.connection === undefined ? undefined : watched.get(call.connection);
        if (one !== undefined && (type === abort || type === retrieve)) one.event ??= call;
      },
      MiniportTerminateOffload: (call) => {
        const one = call.connection === undefined ? undefined : watched.get(call.connection);
        if (one === undefined) return;
        watched.delete(call.connection!);
        if (one.event !== undefined) decide(one, facts.now, call.event);
      },
    },
  };
}

function breach({ arrival }: Watched, evidence: EventId, found: string, expected: string): Breach {
  const { frame, target } = arrival;
  return {
    events: [frame.event, evidence],
    found,
    expected,
    component: target,
    connection: frame.connection,
  };
}

function aborts({ event }: Watched): boolean {
  return event?.number('EventType') === abort;
}

/** When each connection was challenged last because of a segment of a kind, as the causes of frames tell. */
function challenges(
  context: RuleContext,
  flag: number,
  decide: (challenge: WireFrame, before: { readonly frame: WireFrame } | undefined, arrival: Arrival) => void,
  endsWithAcceptable: boolean,
): Required<Pick<Handlers, 'guarded' | 'peerControlFate'>> {
  const intruders = new Map<number, Arrival>();
  const last = new Map<number, { readonly frame: WireFrame; readonly tcp: HandedTcp }>();
  /** Open as soon as there has been one. */
  const isIntruded = new Gate();
  return {
    ...controlArrivals(context, (arrival) => {
      const { frame } = arrival;
      if ((frame.flags & (tcpFlags.RST | tcpFlags.SYN)) !== flag || placeOf(arrival) !== 'in-window') return;
      intruders.set(frame.connection!, arrival);
      isIntruded.isOpen = true;
    }),
    guarded: [
      {
        gate: isIntruded,
        ...arrivals(context, ({ frame }) => {
          if (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) return;
          intruders.delete(frame.connection!);
          if (endsWithAcceptable) last.delete(frame.connection!);
        }),
        chimneyFrame: (frame) => {
          if (frame.connection === undefined || frame.payloadLength > 0) return;
          const arrival = intruders.get(frame.connection);
          if (arrival === undefined || frame.record.cause !== arrival.frame.event) return;
          intruders.delete(frame.connection);
          const before = last.get(frame.connection);
          last.set(frame.connection, { frame, tcp: arrival.tcp });
          decide(frame, before?.tcp === arrival.tcp ? before : undefined, arrival);
        },
      },
    ],
  };
}

/** See the file's head. */
export const blindResetRules: readonly Rule[] = [
  rule('WIR-037', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    /** Connections whose peer has begun anew. */
    const restarted = new Map<HandedTcp, Watched>();
    const watching = watchIntruders(context, tcpFlags.SYN, 'next', (one, _now, evidence) => {
      const { arrival, answer, event } = one;
      const answered = answer !== undefined && answer.time - arrival.time > underWay;
      restarted.set(arrival.tcp, one);
      expect(event !== undefined && !answered, () =>
        breach(
          one,
          answered ? answer.event : evidence,
          answered ? 'a SYN at RcvNxt was answered' : 'a SYN at RcvNxt led to no event',
          'TcpIndicateRetrieve and no segment',
        ),
      );
    });
    return {
      ...watching,
      call: {
        ...watching.call,
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            const one = tcp === undefined ? undefined : restarted.get(tcp);
            if (tcp === undefined || one === undefined) continue;
            restarted.delete(tcp);
            const State = delegated.number('State');
            expect(State === closed, () =>
              breach(
                one,
                call.event,
                `a connection came back in state ${State!} after a SYN at RcvNxt`,
                'TcpConnectionClosed',
              ),
            );
          }
        },
      },
    };
  }),

  rule('WIR-038', (context) => {
    const lastChallenge = new Map<HandedTcp, VirtualTime>();
    return watchIntruders(context, tcpFlags.SYN, 'in-window', (one, _now, evidence) => {
      const { tcp, time } = one.arrival;
      const before = lastChallenge.get(tcp) ?? -Infinity;
      if (one.answer !== undefined) lastChallenge.set(tcp, one.answer.time);
      if (one.answer === undefined && time - before < challengeInterval) return;
      context.expect(one.answer !== undefined, () =>
        breach(one, evidence, 'a SYN in the window, not at RcvNxt, was not answered', 'a challenge ACK'),
      );
    });
  }),

  rule('WIR-039', (context) =>
    challenges(
      context,
      tcpFlags.SYN,
      (frame, before) => {
        const interval = before === undefined ? Infinity : frame.time - before.frame.time;
        context.expect(interval >= challengeInterval - linkJitter, () => ({
          events: [before!.frame.event, frame.event],
          found: `two challenge ACKs for SYNs within ${(interval / 1e9).toFixed(2)} s`,
          expected: 'one in 3 s',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
      false,
    ),
  ),

  rule('WIR-040', (context) =>
    watchIntruders(context, tcpFlags.SYN, 'outside', (one, _now, evidence) => {
      context.expect(one.answer !== undefined, () =>
        breach(one, evidence, 'a SYN outside the window was not answered', 'an ACK'),
      );
    }),
  ),

  rule('WIR-041', (context) =>
    watchIntruders(context, tcpFlags.RST, 'outside', (one) => {
      const quiet = one.caused === undefined && !aborts(one);
      context.expect(quiet, () =>
        breach(
          one,
          one.caused?.event ?? one.event!.event,
          `a RST outside the window led to ${one.caused === undefined ? 'TcpIndicateAbort' : 'a segment'}`,
          'nothing',
        ),
      );
    }),
  ),

  rule('WIR-042', (context) => {
    const challenged = new WaitingSet<HandedTcp>();
    const watching = watchIntruders(context, tcpFlags.RST, 'in-window', (one, _now, evidence) => {
      const { tcp } = one.arrival;
      const first = !challenged.has(tcp);
      challenged.add(tcp);
      context.expect(!aborts(one) && (one.answer !== undefined || !first), () =>
        breach(
          one,
          one.event?.event ?? evidence,
          `a RST in the window, not at RcvNxt, ${aborts(one) ? 'led to TcpIndicateAbort' : 'was not answered'}`,
          'a challenge ACK',
        ),
      );
    });
    const acceptable = arrivals(context, ({ frame, tcp }) => {
      if ((frame.flags & (tcpFlags.RST | tcpFlags.SYN)) === 0) challenged.delete(tcp);
    });
    return {
      ...watching,
      guarded: [...watching.guarded, { gate: challenged.gate, ...acceptable }],
    };
  }),

  rule('WIR-043', (context) =>
    challenges(
      context,
      tcpFlags.RST,
      (frame, before) => {
        context.expect(before === undefined, () => ({
          events: [before!.frame.event, frame.event],
          found: 'a second challenge ACK for RSTs, though no acceptable segment has come since the first',
          expected: 'one in each validation period',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
      true,
    ),
  ),

  rule('WIR-051', (context) => {
    const { expect } = context;
    const refused = new RefusedRanges();
    return {
      ...arrivals(context, (arrival) => {
        const { frame, flow } = arrival;
        const { end } = flow.machine.sent;
        if (end === undefined || !frame.has(tcpFlags.ACK) || frame.flags & (tcpFlags.RST | tcpFlags.SYN))
          return;
        if (sequenceDistance(end, frame.acknowledgment) > farBeyond) refused.add(arrival);
        else refused.accept(frame);
      }),
      guarded: [
        {
          gate: refused.gate,
          chimneyFrame: (frame) => {
            if (!refused.has(frame.connection)) return;
            const taken = refused.acknowledged(frame.connection!, frame.acknowledgment);
            expect(taken === undefined, () => ({
              events: [taken!.frame.event, frame.event],
              found: 'data of a segment was taken that acknowledges what was never sent',
              expected: 'such segments are dropped',
              component: frame.sender,
              connection: frame.connection,
              severity: 'info',
            }));
          },
        },
      ],
      call: {
        MiniportTerminateOffload: (call) => {
          refused.forget(call.connection);
        },
      },
    };
  }),
];

/** An acknowledgment number that lies so far beyond what has left can't be of a segment that is still in the transmit ring. */
const farBeyond = 2 ** 20;
