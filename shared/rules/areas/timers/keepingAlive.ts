/** Rules about the keepalive timer (TMR-029 to TMR-039). */
import { constantValue } from '../../../ddi/catalogue';
import { fateDelivers } from '../../../trace/frameFates';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows } from '../../facts/flows';
import { targetHolds, type TargetHold } from '../../facts/targetHolds';
import { Awaited, milliseconds, processing, stopped } from './awaited';
import { ends, forReturned } from './retransmitting';
import { timedSegments } from '../../facts/timedSegments';

const enabled = constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED');
const restart = constantValue('TCP_FLAG_KEEP_ALIVE_RESTART');
const maximumTimeRestart = constantValue('TCP_FLAG_MAX_RT_RESTART');
const retrieve = constantValue('TcpIndicateRetrieve');
const closed = constantValue('TcpConnectionClosed');
const established = constantValue('TcpConnectionEstablished');
const closeWait = constantValue('TcpConnectionCloseWait');

function isEnabled(hold: TargetHold): boolean {
  return ((hold.cached.number('Flags') ?? 0) & enabled) !== 0;
}

/** Whether the target may be validating its peer, by intervals of its own (WIR-044 to WIR-050). */
function validates(hold: TargetHold): boolean {
  return hold.mayValidate || (!isEnabled(hold) && hold.given.number('KeepAlive.TimeoutDelta') !== stopped);
}

/** What a probe is judged by: only where the parameters are settled and nobody may be validating. */
function isPlain(hold: TargetHold): boolean {
  return hold.updating === undefined && hold.tick !== undefined && isEnabled(hold) && !validates(hold);
}

/** When the idle time began that ends with the first probe: at the last arrival; undefined where the update or the offload began it. */
function idleSince(hold: TargetHold): number | undefined {
  const at = hold.lastArrivalAt;
  if (at === undefined || hold.taken === undefined || at <= hold.taken.time) return undefined;
  return hold.updated !== undefined && hold.updated.completion.time >= at ? undefined : at;
}

/** See the file's head. */
export const keepingAliveRules: readonly Rule[] = [
  rule('TMR-029', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          if (hold.updating !== undefined || validates(hold)) return;
          expect(isEnabled(hold), () => ({
            events: [hold.updated?.request.event ?? hold.initiate.event, frame.event],
            found: 'a keepalive probe, and TCP_FLAG_KEEP_ALIVE_ENABLED is clear',
            expected: 'no keepalive unless the host stack enables it',
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-030', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const ticks = hold.cached.number('KaTimeout');
          const since = idleSince(hold);
          if (!isPlain(hold) || ticks === undefined || since === undefined || hold.keepAlives.length > 0)
            return;
          const tick = hold.tick!;
          const waited = frame.time - since;
          expect(Math.abs(waited - ticks * tick) <= 2 * tick + processing, () => ({
            events: [hold.lastArrival?.event, frame.event],
            found: `the first keepalive probe left after ${milliseconds(waited)} without a segment`,
            expected: `KaTimeout, which is ${ticks} ticks`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-031', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const before = hold.keepAlives.at(-1);
          const ticks = hold.cached.number('KaInterval');
          if (!isPlain(hold) || ticks === undefined || ticks === 0 || before === undefined) return;
          if (hold.updated !== undefined && hold.updated.completion.time >= before.time) return;
          const tick = hold.tick!;
          const gap = frame.time - before.time;
          expect(Math.abs(gap - ticks * tick) <= 2 * tick + processing, () => ({
            events: [before.event, frame.event],
            found: `unanswered keepalive probes follow each other after ${milliseconds(gap)}`,
            expected: `KaInterval, which is ${ticks} ticks`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-032', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const limit = hold.cached.number('KaProbeCount');
          if (!isPlain(hold) || limit === undefined || limit === 0) return;
          const before = hold.keepAlives;
          if (hold.updated !== undefined && hold.updated.completion.time >= (before[0]?.time ?? Infinity))
            return;
          const handed =
            hold.lastArrival === undefined && hold.updated === undefined
              ? (hold.given.number('KeepAlive.ProbeCount') ?? 0)
              : 0;
          const count = before.length + handed + 1;
          expect(count <= limit, () => ({
            events: [before[0]?.event, frame.event],
            found: `unanswered keepalive probe ${count}`,
            expected: `${limit} of them at most (KaProbeCount)`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-033', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timed = facts.of(timedSegments);
    const awaited = new Awaited(expect);
    return {
      guarded: [
        {
          ...awaited.clock,
          peerFate: ({ fate }, frame) => {
            if (fateDelivers(fate)) awaited.cancel(frame.connection);
          },
        },
        timed.on('keep-alive', (frame, hold) => {
          awaited.cancel(hold.connection);
          const limit = hold.cached.number('KaProbeCount');
          const interval = hold.cached.number('KaInterval') ?? 0;
          if (!isPlain(hold) || limit === undefined || interval === 0 || hold.keepAlives.length + 1 !== limit)
            return;
          awaited.wait(hold.connection, frame.time + (interval + 2) * hold.tick! + processing, () => ({
            events: [hold.keepAlives[0]?.event, frame.event],
            found: `${limit} keepalive probes stayed unanswered, and no event came after KaInterval`,
            expected: 'TcpIndicateRetrieve (TimeoutExpiration)',
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
      call: {
        ...ends(holds, awaited),
        NdisTcpOffloadEventHandler: (call) => {
          if (call.number('EventType') === retrieve) awaited.met(call.connection, call.time);
        },
        // Data of its own takes the place of probes.
        MiniportTcpOffloadSend: (call) => {
          awaited.cancel(call.connection);
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

  rule('TMR-034', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const { updated } = hold;
          const ticks = hold.cached.number('KaTimeout');
          if (updated === undefined || ticks === undefined || !isPlain(hold)) return;
          if (((hold.cached.number('Flags') ?? 0) & restart) === 0) return;
          const waited = frame.time - updated.request.time;
          // The update is one case; what comes after the first probe is another rule's.
          if (hold.keepAlives.some(({ time }) => time >= updated.completion.time)) return;
          expect(waited >= (ticks - 2) * hold.tick!, () => ({
            events: [updated.request.event, updated.completion.event, frame.event],
            found: `a keepalive probe left ${milliseconds(waited)} after an update with TCP_FLAG_KEEP_ALIVE_RESTART`,
            expected: `a full KaTimeout of ${ticks} ticks`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-035', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const before = new WeakMap<TargetHold, TargetHold['cached']>();
    const changed = new WeakMap<TargetHold, { readonly event: number; readonly time: number }>();
    return {
      call: {
        NdisMUpdateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const hold = holds.of(facts.objects.find(block.object)?.connection);
            if (hold?.target !== call.caller || hold.updating === undefined) continue;
            const told = treeOf(hold.updating)
              .find(({ object }) => object === block.object)
              ?.state('TCP_OFFLOAD_STATE_CACHED');
            if (told === undefined) continue;
            before.set(hold, hold.cached);
            const differs = ['KaTimeout', 'KaInterval', 'KaProbeCount'].some(
              (name) => told.number(name) !== hold.cached.number(name),
            );
            if (differs && ((told.number('Flags') ?? 0) & maximumTimeRestart) !== 0)
              changed.set(hold, { event: hold.updating.event, time: hold.updating.time });
            else changed.delete(hold);
          }
        },
        ...forReturned((call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const update = changed.get(hold);
            if (
              update === undefined ||
              !isPlain(hold) ||
              hold.ended?.functionName === 'NdisTcpOffloadEventHandler'
            )
              continue;
            if (hold.keepAlives.some(({ time }) => time >= update.time)) continue;
            const count = state.number('KeepAlive.ProbeCount') ?? 0;
            const delta = state.number('KeepAlive.TimeoutDelta') ?? 0;
            const ticks = hold.cached.number('KaTimeout') ?? 0;
            const least = ticks - (call.time - update.time) / hold.tick! - 3;
            expect(count === 0 && delta >= Math.min(least, ticks), () => ({
              events: [update.event, call.event],
              found: `KeepAlive has ProbeCount ${count} and TimeoutDelta ${delta} after an update of its parameters with TCP_FLAG_MAX_RT_RESTART`,
              expected: `ProbeCount 0 and a timer that was restarted by the update: ${Math.max(0, Math.ceil(least))} ticks at least`,
              component: call.caller,
              connection: hold.connection,
            }));
          }
        }),
      },
    };
  }),

  rule('TMR-036', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    return {
      call: forReturned((call) => {
        for (const { hold, state } of holds.returnedBy(call)) {
          if (!isPlain(hold) || hold.updated !== undefined || hold.keepAlives.length === 0) continue;
          const handed =
            hold.lastArrival === undefined ? (hold.given.number('KeepAlive.ProbeCount') ?? 0) : 0;
          const count = state.number('KeepAlive.ProbeCount');
          const known = handed + hold.keepAlives.length;
          expect(count === known, () => ({
            events: [hold.keepAlives.at(-1)?.event, call.event],
            found: `KeepAlive.ProbeCount is ${count} after ${known} unanswered probes, ${handed} of them handed in`,
            expected: `${known}`,
            component: call.caller,
            connection: hold.connection,
          }));
        }
      }),
    };
  }),

  rule('TMR-037', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timed = facts.of(timedSegments);
    const breach = (hold: TargetHold, event: number, found: string, expected: string) => () => ({
      events: [hold.lastArrival?.event ?? hold.initiate.event, event],
      found,
      expected,
      component: hold.target,
      connection: hold.connection,
    });
    return {
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const delta = hold.given.number('KeepAlive.TimeoutDelta');
          if (!isPlain(hold) || hold.keepAlives.length > 0 || hold.lastArrival !== undefined) return;
          if (delta === undefined || delta === stopped || hold.updated !== undefined) return;
          const tick = hold.tick!;
          const earliest = hold.initiate.time + (delta - 2) * tick;
          const latest = hold.taken!.time + (delta + 2) * tick + processing;
          const waited = frame.time - hold.initiate.time;
          expect(
            frame.time >= earliest && frame.time <= latest,
            breach(
              hold,
              frame.event,
              `KeepAlive.TimeoutDelta of ${delta} ticks was passed down, and the first probe left after ${milliseconds(waited)}`,
              `the probe leaves when what was left has passed`,
            ),
          );
        }),
      ],
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { hold, state } of holds.returnedBy(call)) {
            const since = idleSince(hold);
            const ticks = hold.cached.number('KaTimeout');
            if (!isPlain(hold) || since === undefined || ticks === undefined || hold.keepAlives.length > 0)
              continue;
            // Behind an event of its own, or a segment that came too late for it, its timer has stood still.
            if (
              hold.ended !== undefined &&
              (hold.ended.functionName !== 'MiniportTerminateOffload' || since >= hold.ended.time)
            )
              continue;
            const delta = state.number('KeepAlive.TimeoutDelta') ?? 0;
            const current = state.number('State');
            if ((current !== established && current !== closeWait) || call.time - since > ticks * hold.tick!)
              continue;
            const left = ticks - (call.time - since) / hold.tick!;
            expect(
              Math.abs(delta - left) <= 3 + processing / hold.tick!,
              breach(
                hold,
                call.event,
                `KeepAlive.TimeoutDelta is returned as ${delta}`,
                `about ${Math.round(left)} ticks, which are left of KaTimeout`,
              ),
            );
          }
        },
      },
    };
  }),

  rule('TMR-038', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    return {
      call: forReturned((call) => {
        for (const { hold, state } of holds.returnedBy(call)) {
          if (hold.updating !== undefined || isEnabled(hold) || validates(hold)) continue;
          const delta = state.number('KeepAlive.TimeoutDelta');
          expect(delta === stopped, () => ({
            events: [hold.updated?.request.event ?? hold.initiate.event, call.event],
            found: `KeepAlive.TimeoutDelta is ${delta}, and keepalive is not enabled`,
            expected: '0xFFFFFFFF, for the timer does not run',
            component: call.caller,
            connection: hold.connection,
          }));
        }
      }),
    };
  }),

  rule('TMR-039', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const awaited = new Awaited(expect);
    const isByHost = (frame: WireFrame): boolean =>
      frame.path === 'host' && frame.isSegment && (frame.flags & tcpFlags.SYN) === 0;
    return {
      returned: {
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const connection = facts.objects.find(block.object)?.connection;
            if (state?.number('KeepAlive.TimeoutDelta') !== 0 || connection === undefined) continue;
            const current = state.number('State');
            if (state.number('SndUna') !== state.number('SndMax') || current === closed) continue;
            const flow = wire.of(connection);
            if (flow?.machine.sent.reset !== undefined || flow?.peer.arrived.reset !== undefined) continue;
            if (flow?.lastByHost !== undefined && flow.lastByHost.time >= call.time) continue;
            awaited.wait(connection, (call.returned?.time ?? call.time) + 2 * processing, () => ({
              events: [call.event],
              found: 'a KeepAlive.TimeoutDelta of 0 was handed back, and the host stack sent nothing',
              expected: 'its keepalive timer fires at once: a probe, or a RST if that was the last',
              component: call.callee,
              connection,
              object: block.object,
            }));
          }
        },
      },
      guarded: [
        {
          gate: awaited.clock.gate,
          frame: (frame) => {
            if (isByHost(frame)) awaited.met(frame.connection, frame.time);
            awaited.reached(frame.time);
          },
          peerFate: (_fate, frame) => {
            awaited.cancel(frame.connection);
          },
        },
      ],
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),
];
