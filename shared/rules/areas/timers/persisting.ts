/** Rules about probing a closed window (TMR-023 to TMR-028). */
import { constantValue } from '../../../ddi/catalogue';
import { offloadStateVariable } from '../../../ddi/offloadState';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { targetHolds, type TargetHold, type TargetHolds } from '../../facts/targetHolds';
import { Awaited, milliseconds, processing, stopped } from './awaited';
import { ends } from './retransmitting';
import { timedSegments } from '../../facts/timedSegments';

const retrieve = constantValue('TcpIndicateRetrieve');

/** Above this the timeout may be limited (RFC 2988 section 2.5), virtual ns. */
const limitBegins = 55e9;

/** Timeout before the first sample (RFC 2988 section 2.1) and the least one afterwards (section 2.4), virtual ns. */
const unsampled = 3e9;
const least = 1e9;

const smoothed = offloadStateVariable('tcp', 'delegated', 'SRtt')?.index;
const variation = offloadStateVariable('tcp', 'delegated', 'RttVar')?.index;

/** A stretch of time in which the peer's window is closed, as a target sees it. */
interface ClosedWindow {
  readonly since: WireFrame;
  readonly sinceAt: number;
  /** The peer's last answer within it, and when. */
  answer: WireFrame;
  answerAt: number;
  /** Delays from an answer to the probe that opens the next round; the first is from the closing. */
  readonly openings: number[];
  probed: boolean;
  /** Sends were posted in it: the data may not have waited before. */
  posted: boolean;
}

/** Handlers that keep the closed windows of connections that targets have. */
function closedWindows(
  { facts }: RuleContext,
  on: {
    readonly probe?: (hold: TargetHold, window: ClosedWindow, frame: WireFrame) => void;
    readonly opened?: (hold: TargetHold, window: ClosedWindow, frame: WireFrame, time: number) => void;
  },
): Required<Pick<Handlers, 'call' | 'peerFate' | 'guarded'>> & { readonly holds: TargetHolds } {
  const holds = facts.of(targetHolds);
  const timed = facts.of(timedSegments);
  const windows = new WeakMap<TargetHold, ClosedWindow>();
  return {
    holds,
    call: {
      MiniportTcpOffloadSend: (call) => {
        const hold = holds.of(call.connection);
        const window = hold === undefined ? undefined : windows.get(hold);
        if (window !== undefined) window.posted = true;
      },
    },
    peerFate: ({ fate }, frame, time) => {
      if (!fateDelivers(fate) || fate === 'corrupted') return;
      const hold = holds.of(frame.connection);
      if (hold?.isActive !== true || !frame.isSegment) return;
      const window = windows.get(hold);
      if (frame.window > 0) {
        if (window !== undefined) {
          windows.delete(hold);
          on.opened?.(hold, window, frame, time);
        }
        return;
      }
      const flow = holds.flowOf(hold);
      const una = flow?.peer.arrived.acknowledgment;
      const end = flow?.machine.sent.end;
      // Only what leaves nothing in flight starts the persist timer.
      const isIdle = end !== undefined && sequenceDistance(frame.acknowledgment, end) <= 1;
      const advances = una === undefined || sequenceDistance(una, frame.acknowledgment) > 0;
      if (window === undefined || advances || !isIdle) {
        if (isIdle)
          windows.set(hold, {
            since: frame,
            sinceAt: time,
            answer: frame,
            answerAt: time,
            openings: [],
            // What was closed before may have been probed by the host stack.
            probed: !advances && flow?.peer.arrived.window === 0,
            posted: false,
          });
        else windows.delete(hold);
        return;
      }
      window.answer = frame;
      window.answerAt = time;
    },
    guarded: [
      timed.on('window-probe', (frame, hold) => {
        const window = windows.get(hold);
        if (window === undefined) return;
        on.probe?.(hold, window, frame);
        if (hold.windowProbes.length === 0) window.openings.push(frame.time - window.answerAt);
        window.probed = true;
      }),
    ],
  };
}

/** See the file's head. */
export const persistingRules: readonly Rule[] = [
  rule('TMR-023', (context) => {
    const { expect, facts } = context;
    return closedWindows(context, {
      probe: (hold, window, frame) => {
        if (window.probed || window.posted || hold.tick === undefined || smoothed === undefined) return;
        const variables = facts.objects.find(facts.objects.tcpOf(hold.connection))?.variables;
        const srtt = Number(variables?.get(smoothed) ?? 0) / 8;
        const rttvar = Number(variables?.get(variation ?? -1) ?? 0) / 4;
        const computed = (srtt + 4 * rttvar) * hold.tick;
        const longest = srtt === 0 ? unsampled : Math.max(least, computed * 1.25);
        const waited = frame.time - window.sinceAt;
        expect(waited >= srtt * hold.tick && waited <= longest + 2 * hold.tick + processing, () => ({
          events: [window.since.event, frame.event],
          found: `the first window probe left ${milliseconds(waited)} after the window was closed`,
          expected: `one retransmission timeout, which is ${milliseconds(longest)} at most`,
          component: hold.target,
          connection: hold.connection,
        }));
      },
    });
  }),

  rule('TMR-024', (context) =>
    closedWindows(context, {
      probe: (hold, _window, frame) => {
        const { windowProbes } = hold;
        if (windowProbes.length < 2) return;
        const [before, last] = windowProbes.slice(-2) as [WireFrame, WireFrame];
        const first = last.time - before.time;
        const second = frame.time - last.time;
        if (first * 2 > limitBegins) return;
        const ratio = second / first;
        context.expect(ratio > 1.8 && ratio < 2.2, () => ({
          events: [before.event, last.event, frame.event],
          found: `unanswered window probes follow each other after ${milliseconds(first)} and ${milliseconds(second)}`,
          expected: 'the gaps within a round double: RTO << Retransmit.Count',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-025', (context) =>
    closedWindows(context, {
      probe: (hold, window, frame) => {
        const before = window.openings.at(-1);
        if (hold.windowProbes.length > 0 || before === undefined || before * 2 > limitBegins) return;
        // The first round may have begun with data that was posted late.
        if (window.openings.length === 1 && window.posted) return;
        const delay = frame.time - window.answerAt;
        const ratio = delay / before;
        context.expect(ratio > 1.7 && ratio < 2.3, () => ({
          events: [window.answer.event, frame.event],
          found: `a round of window probes began ${milliseconds(delay)} after the answer, the one before after ${milliseconds(before)}`,
          expected: 'the wait before a round doubles from round to round: RTO << SndWndProbeCount',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-026', (context) => {
    const awaited = new Awaited(context.expect);
    const watched = closedWindows(context, {
      opened: (hold, window, frame, time) => {
        // A window of which a segment makes use, and data that was seen to wait.
        if (!window.probed || frame.window < 64) return;
        awaited.wait(hold.connection, time + 20_000_000, () => ({
          events: [window.since.event, frame.event],
          found: 'the peer has opened its window, and the data that waited for it does not leave',
          expected: 'probing ends at once and sending goes on',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    });
    const { holds } = watched;
    return {
      ...watched,
      guarded: [
        ...watched.guarded,
        {
          ...awaited.clock,
          chimneyFrame: (frame) => {
            if (frame.sequenceLength > 0) awaited.met(frame.connection, frame.time);
          },
        },
      ],
      call: {
        ...watched.call,
        ...ends(holds, awaited),
        NdisTcpOffloadEventHandler: (call) => {
          awaited.cancel(call.connection);
        },
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-027', (context) => {
    const { expect } = context;
    const awaited = new Awaited(expect);
    const watched = closedWindows(context, {
      probe: (hold, _window, frame) => {
        awaited.cancel(hold.connection);
        const limit = hold.parameter('TcpMaximumRetransmissions');
        const before = hold.windowProbes.at(-1);
        if (limit === undefined || before === undefined) return;
        const number = hold.windowProbes.length + 1;
        if (number < limit) return;
        const breach = (): Breach => ({
          events: [hold.windowProbes[0]?.event, frame.event],
          found: `${number} unanswered window probes, and no event`,
          expected: `TcpIndicateRetrieve (TimeoutExpiration) after ${limit} of them (TcpMaximumRetransmissions)`,
          component: hold.target,
          connection: hold.connection,
        });
        if (number > limit) expect(false, breach);
        else awaited.wait(hold.connection, frame.time + (frame.time - before.time) * 2.5, breach);
      },
    });
    const { holds } = watched;
    return {
      ...watched,
      guarded: [
        ...watched.guarded,
        {
          ...awaited.clock,
          peerFate: ({ fate }, frame) => {
            if (fateDelivers(fate)) awaited.cancel(frame.connection);
          },
        },
      ],
      call: {
        ...watched.call,
        ...ends(holds, awaited),
        NdisTcpOffloadEventHandler: (call) => {
          if (call.number('EventType') === retrieve) awaited.met(call.connection, call.time);
        },
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-028', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('window-probe', (frame, hold) => {
          const { given, tick, taken, initiate } = hold;
          const delta = given.number('Retransmit.TimeoutDelta');
          if (hold.windowProbes.length > 0 || hold.lastArrival !== undefined || tick === undefined) return;
          if (given.number('SndWnd') !== 0 || delta === undefined || delta === stopped) return;
          const earliest = initiate.time + (delta - 2) * tick;
          const latest = taken!.time + (delta + 2) * tick + processing;
          expect(frame.time >= earliest && frame.time <= latest, () => ({
            events: [initiate.event, frame.event],
            found: `a persist timer with ${delta} ticks left was passed down, and the first probe left after ${milliseconds(frame.time - initiate.time)}`,
            expected: `it leaves when what was left has passed, after ${milliseconds(delta * tick)}`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),
];
