/** Rules about the FIN_WAIT_2 timer, which is kept in the members of the retransmission timer (TMR-040 to TMR-046). */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { WireFrame } from '../../engine/frame';
import { tcpFlags } from '../../engine/frame';
import { rule, type FactDefinition, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { isTaken } from '../../facts/objectFacts';
import { targetHolds, type TargetHold, type TargetHolds } from '../../facts/targetHolds';
import { Awaited, milliseconds, processing, stopped } from './awaited';
import { ends, forReturned } from './retransmitting';

const retrieve = constantValue('TcpIndicateRetrieve');
const timeoutExpiration = constantValue('TimeoutExpiration');
const finWait2 = constantValue('TcpConnectionFinWait2');
const closed = constantValue('TcpConnectionClosed');

/** How long the timer should run, virtual ns. */
const interval = 120e9;

/** A connection in FIN_WAIT_2 in the target's hands. */
interface Waiting {
  /** The acknowledgment of the FIN. */
  readonly entered: WireFrame;
  readonly enteredAt: number;
  /** The last segment since. */
  last: WireFrame;
  lastAt: number;
  /** The last one that was acceptable for certain (RFC 9293 section 3.10.7.4): not one whose numbers had all come before. */
  acceptable: WireFrame;
  acceptableAt: number;
}

/** Handlers that keep which connections of targets are in FIN_WAIT_2: our FIN is acknowledged, and the peer's has not come. */
function waits(
  { facts }: Pick<RuleContext, 'facts'>,
  on: {
    readonly segment?: (hold: TargetHold, waiting: Waiting, isFirst: boolean) => void;
    readonly left?: (hold: TargetHold) => void;
  } = {},
): { readonly holds: TargetHolds; readonly of: (hold: TargetHold) => Waiting | undefined } & Pick<
  Handlers,
  'peerFate'
> {
  const holds = facts.of(targetHolds);
  const all = new WeakMap<TargetHold, Waiting>();
  return {
    holds,
    of: (hold) => all.get(hold),
    peerFate: ({ fate }, frame, time) => {
      if (!fateDelivers(fate) || fate === 'corrupted') return;
      const hold = holds.of(frame.connection);
      if (hold?.isActive !== true || !frame.isSegment) return;
      const finEnd = holds.flowOf(hold)?.machine.sent.finEnd;
      if (finEnd === undefined || sequenceDistance(frame.acknowledgment, finEnd) > 0) return;
      const known = all.get(hold);
      if (
        frame.flags & (tcpFlags.FIN | tcpFlags.RST | tcpFlags.SYN) ||
        holds.flowOf(hold)?.peer.arrived.fin
      ) {
        if (all.delete(hold)) on.left?.(hold);
        return;
      }
      if (known === undefined) {
        // The FIN may have been the host stack's, and the state have been handed over.
        const waiting = {
          entered: frame,
          enteredAt: time,
          last: frame,
          lastAt: time,
          acceptable: frame,
          acceptableAt: time,
        };
        all.set(hold, waiting);
        on.segment?.(hold, waiting, true);
      } else {
        known.last = frame;
        known.lastAt = time;
        const received = holds.flowOf(hold)?.peer.arrived.contiguousEnd;
        const beyond = received === undefined ? 1 : sequenceDistance(received, frame.sequenceEnd);
        if (beyond > 0 || (beyond === 0 && frame.payloadLength === 0)) {
          known.acceptable = frame;
          known.acceptableAt = time;
        }
        on.segment?.(hold, known, false);
      }
    },
  };
}

/** The same for rules that only ask. */
const finWaits = { isEarly: true, start: (facts) => waits({ facts }) } satisfies FactDefinition<
  ReturnType<typeof waits>
>;

function isExpiry(call: { number(name: string): number | undefined }): boolean {
  return (
    call.number('EventType') === retrieve && call.number('EventSpecificInformation') === timeoutExpiration
  );
}

/** See the file's head. */
export const finWait2Rules: readonly Rule[] = [
  rule('TMR-040', (context) => {
    const { holds, of } = context.facts.of(finWaits);
    return {
      call: {
        NdisMQueryOffloadStateComplete: (call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const waiting = of(hold);
            if (waiting === undefined || hold.ended !== undefined || state.number('State') !== finWait2)
              continue;
            const delta = state.number('Retransmit.TimeoutDelta');
            context.expect(delta !== stopped && delta !== 0, () => ({
              events: [waiting.entered.event, call.event],
              found: `Retransmit.TimeoutDelta is ${delta} in FIN_WAIT_2`,
              expected:
                'what is left of the FIN_WAIT_2 timer, which was started with the acknowledgment of the FIN',
              component: call.caller,
              connection: hold.connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMR-041', (context) => {
    const { holds, of } = context.facts.of(finWaits);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const hold = holds.of(call.connection);
          const waiting = hold === undefined ? undefined : of(hold);
          if (hold?.target !== call.caller || waiting === undefined || !isExpiry(call)) return;
          const waited = call.time - waiting.acceptableAt;
          context.expect(waited >= interval - 1e9, () => ({
            events: [waiting.acceptable.event, call.event],
            found: `the FIN_WAIT_2 timer expired ${milliseconds(waited)} after the last segment`,
            expected: 'it starts at 120 s',
            component: call.caller,
            connection: hold.connection,
          }));
        },
      },
    };
  }),

  rule('TMR-042', (context) => {
    /** What a query last told, and the time for which it holds. */
    const told = new WeakMap<
      TargetHold,
      { readonly left: number; readonly at: number; readonly event: number }
    >();
    const { holds, of } = context.facts.of(finWaits);
    const judge = (hold: TargetHold, left: number, at: number, event: number): void => {
      const before = told.get(hold);
      const waiting = of(hold);
      if (
        before === undefined ||
        waiting === undefined ||
        waiting.lastAt < before.at + 10 * (hold.tick ?? 1e9)
      )
        return;
      // A restart leaves no less at the segment than there had been at the query before it.
      context.expect(left + (at - waiting.lastAt) >= before.left - 3 * (hold.tick ?? 0) - processing, () => ({
        events: [before.event, waiting.last.event, event],
        found: `${milliseconds(before.left)} were left of the FIN_WAIT_2 timer before a segment came, and ${milliseconds(left)} are left ${milliseconds(at - waiting.lastAt)} after it`,
        expected: 'each acceptable segment restarts the timer',
        component: hold.target,
        connection: hold.connection,
      }));
    };
    return {
      call: {
        ...forReturned((call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const delta = state.number('Retransmit.TimeoutDelta');
            if (of(hold) === undefined || state.number('State') !== finWait2 || hold.tick === undefined)
              continue;
            if (
              delta === undefined ||
              delta === stopped ||
              hold.ended?.functionName === 'NdisTcpOffloadEventHandler'
            )
              continue;
            judge(hold, delta * hold.tick, call.time, call.event);
            told.set(hold, { left: delta * hold.tick, at: call.time, event: call.event });
          }
        }),
        NdisTcpOffloadEventHandler: (call) => {
          const hold = holds.of(call.connection);
          if (hold?.target === call.caller && isExpiry(call)) judge(hold, 0, call.time, call.event);
        },
      },
    };
  }),

  rule('TMR-043', (context) => {
    const awaited = new Awaited(context.expect);
    const { holds, peerFate } = waits(context, {
      segment: (hold, waiting) => {
        awaited.wait(hold.connection, waiting.lastAt + interval * 1.25, () => ({
          events: [waiting.entered.event, waiting.last.event],
          found: `nothing came for ${milliseconds(interval * 1.25)} in FIN_WAIT_2, and no event`,
          expected:
            'TcpIndicateRetrieve (TimeoutExpiration) when the FIN_WAIT_2 timer expires, which starts at 120 s',
          component: hold.target,
          connection: hold.connection,
        }));
      },
      left: (hold) => {
        awaited.cancel(hold.connection);
      },
    });
    return {
      peerFate: peerFate!,
      guarded: [awaited.clock],
      call: {
        ...ends(holds, awaited),
        NdisTcpOffloadEventHandler: (call) => {
          const type = call.number('EventType');
          if (isExpiry(call)) awaited.met(call.connection, call.time);
          else if (type === retrieve) awaited.cancel(call.connection);
        },
        MiniportTcpOffloadDisconnect: (call) => {
          awaited.cancel(call.connection);
        },
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-044', (context) => {
    const expired = new WeakMap<TargetHold, number>();
    const { holds, of } = context.facts.of(finWaits);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const hold = holds.of(call.connection);
          if (
            hold?.target === call.caller &&
            hold.ended === undefined &&
            of(hold) !== undefined &&
            isExpiry(call)
          )
            expired.set(hold, call.event);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const event = expired.get(hold);
            if (event === undefined) continue;
            const current = state.number('State');
            context.expect(current === closed, () => ({
              events: [event, call.event],
              found: `the State that is returned after the FIN_WAIT_2 timer has expired is ${current}`,
              expected: `TcpConnectionClosed (${closed})`,
              component: call.caller,
              connection: hold.connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMR-045', (context) => {
    const awaited = new Awaited(context.expect);
    const holds = context.facts.of(targetHolds);
    return {
      guarded: [
        {
          ...awaited.clock,
          peerFate: ({ fate }, frame) => {
            // Every segment starts the timer anew.
            if (fateDelivers(fate)) awaited.cancel(frame.connection);
          },
        },
      ],
      call: {
        ...ends(holds, awaited),
        NdisMInitiateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const hold = holds.of(context.facts.objects.find(block.object)?.connection);
            if (hold?.target !== call.caller || !isTaken(block) || hold.ended !== undefined) continue;
            const { given, initiate, tick, lastArrival } = hold;
            const delta = given.number('Retransmit.TimeoutDelta');
            if (given.number('State') !== finWait2 || tick === undefined) continue;
            if (delta === undefined || delta === stopped || lastArrival !== undefined) continue;
            awaited.wait(hold.connection, call.time + (delta + 1) * tick + processing, () => ({
              events: [initiate.event, call.event],
              found: `Retransmit.TimeoutDelta of ${delta} ticks was passed down in FIN_WAIT_2, and the timer has not expired when they had passed`,
              expected: `TcpIndicateRetrieve (TimeoutExpiration) after ${milliseconds(delta * tick)}`,
              component: hold.target,
              connection: hold.connection,
            }));
          }
        },
        MiniportTcpOffloadDisconnect: (call) => {
          awaited.cancel(call.connection);
        },
        NdisTcpOffloadEventHandler: (call) => {
          const hold = holds.of(call.connection);
          if (hold?.target !== call.caller) return;
          awaited.cancel(hold.connection);
          const { given, initiate, tick, lastArrival, taken } = hold;
          const delta = given.number('Retransmit.TimeoutDelta');
          if (!isExpiry(call) || given.number('State') !== finWait2 || lastArrival !== undefined) return;
          if (delta === undefined || tick === undefined || taken === undefined || hold.ended !== undefined)
            return;
          const waited = call.time - initiate.time;
          const latest = taken.time - initiate.time + (delta + 1) * tick + processing;
          context.expect(delta !== stopped && waited >= (delta - 1) * tick && waited <= latest, () => ({
            events: [initiate.event, call.event],
            found: `the FIN_WAIT_2 timer expired ${milliseconds(waited)} after the initiate that brought a Retransmit.TimeoutDelta of ${delta === stopped ? '-1' : delta}`,
            expected:
              delta === stopped
                ? 'no expiry: the timer was not running'
                : `what was left of it, ${milliseconds(delta * tick)}`,
            component: call.caller,
            connection: hold.connection,
          }));
        },
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-046', (context) => {
    const told = new WeakMap<
      TargetHold,
      { readonly left: number; readonly at: number; readonly event: number }
    >();
    const { holds, of } = context.facts.of(finWaits);
    return {
      call: {
        NdisMQueryOffloadStateComplete: (call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const delta = state.number('Retransmit.TimeoutDelta');
            if (of(hold) === undefined || hold.tick === undefined || delta === undefined || delta === stopped)
              continue;
            told.set(hold, { left: delta * hold.tick, at: call.time, event: call.event });
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const waiting = of(hold);
            const { tick } = hold;
            if (waiting === undefined || tick === undefined || state.number('State') !== finWait2) continue;
            if (hold.ended?.functionName !== 'MiniportTerminateOffload') continue;
            const delta = state.number('Retransmit.TimeoutDelta') ?? 0;
            const before = told.get(hold);
            const left =
              before === undefined || before.at < waiting.lastAt
                ? undefined
                : before.left - (call.time - before.at);
            const isRight =
              left === undefined
                ? delta !== stopped
                : delta !== stopped && Math.abs(delta * tick - left) <= 3 * tick + processing;
            context.expect(isRight, () => ({
              events: [before?.event ?? waiting.last.event, call.event],
              found: `Retransmit.TimeoutDelta is returned as ${delta === stopped ? '-1' : delta} in FIN_WAIT_2`,
              expected:
                left === undefined
                  ? 'what is left of the FIN_WAIT_2 timer'
                  : `about ${Math.round(left / tick)} ticks, which are left of the FIN_WAIT_2 timer`,
              component: call.caller,
              connection: hold.connection,
            }));
          }
        },
      },
    };
  }),
];
