/** Rules about the retransmission timer and its limits (TMR-008 to TMR-021). */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows } from '../../facts/flows';
import { busyAdapters } from '../../facts/busyAdapters';
import { unseenFrames } from '../../facts/unseenFrames';
import { targetHolds, type ReturnedState, type TargetHold } from '../../facts/targetHolds';
import { Awaited, milliseconds, processing, stopped } from './awaited';
import { timedSegments } from '../../facts/timedSegments';

const retrieve = constantValue('TcpIndicateRetrieve');
const timeoutExpiration = constantValue('TimeoutExpiration');
const maximumTimeRestart = constantValue('TCP_FLAG_MAX_RT_RESTART');
const sackFlag = constantValue('TCP_FLAG_SACK_ENABLED');
const finWait2 = constantValue('TcpConnectionFinWait2');
const timeWait = constantValue('TcpConnectionTimeWait');
const closed = constantValue('TcpConnectionClosed');

/** RFC 2988 section 2.5: a limit of the timeout is 60 s at least. */
const shortestLimit = 60e9;

const unlimited = 0xffff_ffff;

/** Between the retransmission that reaches the number and the next one, virtual ns. */
const reportTime = 250_000_000;

/** Whether the timer has been started by the host stack: it stands in the state of the initiate, and nothing has come since. */
function isHandedOver(hold: TargetHold): boolean {
  return hold.lastArrival === undefined && hold.given.number('SndUna') !== hold.given.number('SndMax');
}

/** Retransmissions of the segment at SndUna, those of the host stack included. */
function triesOf(hold: TargetHold): number {
  return hold.timeouts + (isHandedOver(hold) ? (hold.given.number('Retransmit.Count') ?? 0) : 0);
}

/** Both functions by which a target hands out delegated variables. */
export function forReturned(take: (call: Call) => void): {
  readonly NdisMTerminateOffloadComplete: (call: Call) => void;
  readonly NdisMQueryOffloadStateComplete: (call: Call) => void;
} {
  return { NdisMTerminateOffloadComplete: take, NdisMQueryOffloadStateComplete: take };
}

function queriedOrEnded({ hold }: ReturnedState): boolean {
  return hold.taken !== undefined;
}

/** See the file's head. */
export const retransmittingRules: readonly Rule[] = [
  rule('TMR-008', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('timeout', (frame, hold) => {
          const { resent } = hold;
          const maximum = hold.cached.number('MaxRT');
          if (resent.length < 2 || (maximum !== 0 && maximum !== unlimited)) return;
          const [before, last] = resent.slice(-2) as [WireFrame, WireFrame];
          const first = last.time - before.time;
          const second = frame.time - last.time;
          if (first * 2 > shortestLimit) return;
          const ratio = second / first;
          expect(ratio > 1.8 && ratio < 2.2, () => ({
            events: [before.event, last.event, frame.event],
            found: `unanswered retransmissions follow each other after ${milliseconds(first)} and ${milliseconds(second)}`,
            expected: 'each timeout of a segment is twice the one before (RFC 2988 section 5.5)',
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-009', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('timeout', (frame, hold) => {
          const limit = hold.parameter('TcpMaximumRetransmissions');
          if (limit === undefined || hold.cached.number('MaxRT') !== 0 || hold.updating !== undefined) return;
          const tries = triesOf(hold) + 1;
          expect(tries <= limit, () => ({
            events: [hold.resent[0]?.event, frame.event],
            found: `a segment is retransmitted for the ${tries}th time`,
            expected: `${limit} retransmissions at most (TcpMaximumRetransmissions), for MaxRT is 0`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-010', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    return {
      guarded: [
        timed.on('timeout', (frame, hold) => {
          const ticks = hold.cached.number('MaxRT');
          const [first] = hold.resent;
          if (ticks === undefined || ticks === 0 || ticks === unlimited || hold.tick === undefined) return;
          if (first === undefined || hold.updating !== undefined) return;
          const spent = frame.time - first.time;
          expect(spent <= (ticks + 1) * hold.tick + processing, () => ({
            events: [first.event, frame.event],
            found: `a segment is retransmitted ${milliseconds(spent)} after its first retransmission`,
            expected: `retransmissions within MaxRT, which is ${ticks} ticks`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-011', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timed = facts.of(timedSegments);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const hold = holds.of(call.connection);
          if (hold?.target !== call.caller || hold.ended !== undefined) return;
          const asks =
            call.number('EventType') === retrieve &&
            call.number('EventSpecificInformation') === timeoutExpiration;
          const isUnlimited = hold.cached.number('MaxRT') === unlimited && hold.updating === undefined;
          if (!asks || !isUnlimited || hold.timeouts === 0) return;
          const flow = holds.flowOf(hold);
          const una = flow?.peer.arrived.acknowledgment;
          if (una === undefined || una === flow?.machine.sent.end || flow?.peer.arrived.window === 0) return;
          expect(false, () => ({
            events: [hold.resent.at(-1)?.event, call.event],
            found: `TcpIndicateRetrieve (TimeoutExpiration) after ${hold.timeouts} retransmissions, and MaxRT is 0xFFFFFFFF`,
            expected: 'retransmissions go on without a limit',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
      guarded: [
        timed.on('timeout', (frame, hold) => {
          if (hold.cached.number('MaxRT') === unlimited)
            expect(true, () => ({ events: [], found: '', expected: '' }));
        }),
      ],
    };
  }),

  rule('TMR-013', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    return {
      call: forReturned((call) => {
        for (const { hold, state } of holds.returnedBy(call)) {
          const { updated, tick } = hold;
          const flags = updated === undefined ? 0 : (hold.cached.number('Flags') ?? 0);
          if (updated === undefined || (flags & maximumTimeRestart) === 0 || tick === undefined) continue;
          const total = state.number('TotalRT') ?? 0;
          const elapsed = call.time - updated.request.time;
          expect(total * tick <= elapsed + 2 * tick, () => ({
            events: [updated.request.event, updated.completion.event, call.event],
            found: `TotalRT is ${total} ticks ${milliseconds(elapsed)} after an update with TCP_FLAG_MAX_RT_RESTART`,
            expected: 'TotalRT has been set to zero by the update',
            component: call.caller,
            connection: hold.connection,
          }));
        }
      }),
    };
  }),

  rule('TMR-015', ({ expect, facts }) => {
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
        timed.on('timeout', (frame, hold) => {
          awaited.cancel(hold.connection);
          const limit = hold.parameter('TcpMaximumRetransmissions');
          const before = hold.resent.at(-1);
          if (limit === undefined || before === undefined || hold.cached.number('MaxRT') !== 0) return;
          if (triesOf(hold) + 1 !== limit) return;
          const gap = Math.max((frame.time - before.time) * 2, frame.time - before.time + shortestLimit);
          awaited.wait(hold.connection, frame.time + gap * 1.25, () => ({
            events: [frame.event],
            found: `the last of ${limit} retransmissions stayed unanswered, and no event came`,
            expected: 'TcpIndicateRetrieve (TimeoutExpiration)',
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          if (facts.machine.role(call.caller) === 'offload-target') awaited.met(call.connection, call.time);
        },
        ...ends(holds, awaited),
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-016', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timed = facts.of(timedSegments);
    const awaited = new Awaited(expect);
    return {
      call: {
        ...ends(holds, awaited),
        // It may have asked about the neighbor of many connections, once.
        NdisMOffloadEventIndicate: (call) => {
          for (const hold of holds.all())
            if (hold.target === call.caller) awaited.met(hold.connection, call.time);
        },
        NdisTcpOffloadEventHandler: (call) => {
          awaited.met(call.connection, call.time);
        },
      },
      guarded: [
        {
          ...awaited.clock,
          peerFate: (_fate, frame) => {
            awaited.cancel(frame.connection);
          },
        },
        timed.on('timeout', (frame, hold) => {
          const limit = hold.parameter('TcpDoubtReachabilityRetransmissions') ?? 0;
          const [first] = hold.resent;
          if (limit === 0 || isHandedOver(hold) || hold.timeouts !== limit - 1) return;
          awaited.wait(hold.connection, frame.time + reportTime, () => ({
            events: [first?.event, frame.event],
            found: `a segment has been retransmitted ${limit} times, and the target said nothing about it`,
            expected: 'the upload is asked for, or NeighborReachabilityInDoubt indicated',
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),

  rule('TMR-017', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const watches = new WeakMap<TargetHold, Duplicates>();
    return {
      peerFate: ({ fate }, frame, time) => {
        if (!fateDelivers(fate) || fate === 'corrupted') return;
        const hold = holds.of(frame.connection);
        if (hold?.isActive !== true || hold.initiate.blocks.length === 0) return;
        const flow = holds.flowOf(hold);
        if (flow === undefined || usesSack(hold)) return;
        let watch = watches.get(hold);
        if (watch === undefined) watches.set(hold, (watch = new Duplicates()));
        const { arrived } = flow.peer;
        const una = arrived.acknowledgment;
        const end = flow.machine.sent.end;
        if (una === undefined || end === undefined) return;
        const limit = hold.parameter('TcpDuplicateAckThreshold') ?? 0;
        if (watch.due !== undefined && time - watch.due.at > processing)
          decide(hold, watch, undefined, limit);
        if (sequenceDistance(una, frame.acknowledgment) > 0) {
          watch.advance(frame.acknowledgment);
          return;
        }
        const isDuplicate =
          frame.acknowledgment === una &&
          frame.sequenceLength === 0 &&
          una !== end &&
          frame.window === arrived.window &&
          frame.window > 0 &&
          (frame.flags & (tcpFlags.SYN | tcpFlags.RST)) === 0;
        if (!isDuplicate) {
          watch.unsure();
          return;
        }
        watch.count(frame, time);
        if (watch.seen.length === limit && watch.isSure) watch.due = { at: time, frame };
      },
      chimneyFrame: (frame) => {
        if (!frame.isSegment) return;
        const hold = holds.of(frame.connection);
        const watch = hold === undefined ? undefined : watches.get(hold);
        const flow = hold === undefined ? undefined : holds.flowOf(hold);
        const una = flow?.peer.arrived.acknowledgment;
        const end = flow?.machine.sent.end;
        if (hold === undefined || watch === undefined || una === undefined || end === undefined) return;
        const isRepeated = frame.sequenceLength > 0 && sequenceDistance(frame.sequence, end) > 0;
        if (!isRepeated) return;
        const limit = hold.parameter('TcpDuplicateAckThreshold') ?? 0;
        const last = watch.seen.at(-1);
        if (watch.due !== undefined) decide(hold, watch, frame, limit);
        else if (
          last !== undefined &&
          watch.isSure &&
          frame.sequence === una &&
          watch.seen.length < limit &&
          frame.time - last.time < 1_000_000
        )
          expect(false, () => ({
            events: [last.frame.event, frame.event],
            found: `fast retransmit after ${watch.seen.length} duplicate acknowledgments`,
            expected: `${limit} of them (TcpDuplicateAckThreshold)`,
            component: hold.target,
            connection: hold.connection,
          }));
        watch.repeated(end);
      },
    };

    /** The retransmission that was due has left, or not. */
    function decide(hold: TargetHold, watch: Duplicates, frame: WireFrame | undefined, limit: number): void {
      const due = watch.due!;
      watch.due = undefined;
      if (hold.ended !== undefined) return;
      expect(frame !== undefined && frame.time - due.at <= processing, () => ({
        events: [due.frame.event, frame?.event],
        found: `no retransmission followed upon duplicate acknowledgment ${limit}`,
        expected: `fast retransmit after ${limit} duplicate acknowledgments (TcpDuplicateAckThreshold)`,
        component: hold.target,
        connection: hold.connection,
      }));
    }
  }),

  rule('TMR-018', ({ expect, facts }) => {
    const timed = facts.of(timedSegments);
    const unseen = facts.of(unseenFrames);
    const adapters = facts.of(busyAdapters);
    return {
      guarded: [
        timed.on('timeout', (frame, hold) => {
          if (hold.resent.length > 0 || !isHandedOver(hold)) return;
          const { given, tick, taken, initiate } = hold;
          const delta = given.number('Retransmit.TimeoutDelta');
          const una = given.number('SndUna');
          if (tick === undefined || delta === undefined || delta === stopped || delta * tick < 50e6) return;
          // Before SndMax the target sends on, whatever the timer says.
          if (una === given.number('SndMax') || given.number('SndNxt') !== given.number('SndMax')) return;
          if (given.number('SndWnd') === 0) return;
          // What the host stack had sent by then may be what no record shows: its repetition looks like something new.
          if (unseen.inLifeOf(hold.connection)) return;
          const earliest = initiate.time + (delta - 2) * tick;
          const latest = taken!.time + (delta + 2) * tick + processing;
          // On a busy adapter it may have waited behind other frames.
          if (frame.time > latest && adapters.isQueued(frame)) return;
          expect(frame.time >= earliest && frame.time <= latest, () => ({
            events: [initiate.event, frame.event],
            found: `Retransmit.TimeoutDelta of ${delta} ticks was passed down, and the first retransmission came after ${milliseconds(frame.time - initiate.time)}`,
            expected: `it comes when what was left has passed, after ${milliseconds(delta * tick)}`,
            component: hold.target,
            connection: hold.connection,
          }));
        }),
      ],
    };
  }),

  rule('TMR-019', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    return {
      call: forReturned((call) => {
        for (const returned of holds.returnedBy(call)) {
          const { hold, state } = returned;
          const [first] = hold.resent;
          const last = hold.resent.at(-1);
          const before = hold.resent.at(-2);
          const { tick } = hold;
          if (!queriedOrEnded(returned) || first === undefined || last === undefined || tick === undefined)
            continue;
          if (isHandedOver(hold) || hold.timeouts !== hold.resent.length) continue;
          const count = state.number('Retransmit.Count');
          const delta = state.number('Retransmit.TimeoutDelta');
          if (state.number('SndUna') === state.number('SndMax') || delta === undefined) continue;
          // After an upload was asked for the timer may have run out for good, or the connection have been given up.
          const isTold = count === hold.timeouts || state.number('State') === closed;
          const gap = before === undefined ? undefined : (last.time - before.time) * 2;
          const left = gap === undefined ? undefined : last.time + gap - call.time;
          const isTimed =
            left === undefined ||
            hold.ended?.functionName === 'NdisTcpOffloadEventHandler' ||
            gap! > shortestLimit
              ? delta !== stopped || state.number('State') === closed
              : Math.abs(delta * tick - Math.max(0, left)) <= gap! * 0.1 + 2 * tick + processing;
          const isLimited = (hold.cached.number('MaxRT') ?? 0) !== 0;
          expect(isTold && (isTimed || isLimited), () => ({
            events: [last.event, call.event],
            found: `Retransmit.Count ${count} and TimeoutDelta ${delta} are returned after ${hold.timeouts} retransmissions of the oldest segment`,
            expected: `Count ${hold.timeouts}${left === undefined ? ' and a running timer' : ` and about ${Math.round(Math.max(0, left) / tick)} ticks`}`,
            component: call.caller,
            connection: hold.connection,
          }));
        }
      }),
    };
  }),

  rule('TMR-020', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    return {
      call: forReturned((call) => {
        for (const { hold, state } of holds.returnedBy(call)) {
          const current = state.number('State');
          if (state.number('SndUna') !== state.number('SndMax') || state.number('SndWnd') === 0) continue;
          if (current === finWait2 || current === timeWait) continue;
          const delta = state.number('Retransmit.TimeoutDelta');
          expect(delta === stopped, () => ({
            events: [hold.initiate.event, call.event],
            found: `Retransmit.TimeoutDelta is ${delta}, and nothing is outstanding`,
            expected: '0xFFFFFFFF, for no timer runs',
            component: call.caller,
            connection: hold.connection,
          }));
        }
      }),
    };
  }),

  rule('TMR-021', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const awaited = new Awaited(expect);
    return {
      returned: {
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const connection = facts.objects.find(block.object)?.connection;
            if (state === undefined || connection === undefined) continue;
            const sent = wire.of(connection)?.machine.sent;
            // A FIN or data in flight, and a peer that takes it.
            if (state.number('Retransmit.TimeoutDelta') !== 0 || state.number('SndWnd') === 0) continue;
            const current = state.number('State');
            if (
              state.number('SndUna') === state.number('SndMax') ||
              current === closed ||
              current === finWait2
            )
              continue;
            if (sent?.reset !== undefined || wire.of(connection)?.peer.arrived.reset !== undefined) continue;
            const until = (call.returned?.time ?? call.time) + 2 * processing;
            if (
              wire.of(connection)!.lastByHost !== undefined &&
              isSince(wire.of(connection)!.lastByHost, call)
            )
              continue;
            awaited.wait(connection, until, () => ({
              events: [call.event],
              found: 'a Retransmit.TimeoutDelta of 0 was handed back, and the host stack sent nothing',
              expected: 'its timer fires at once: a retransmission, or a RST if that was the last',
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
            if (frame.path === 'host') awaited.met(frame.connection, frame.time);
            awaited.reached(frame.time);
          },
          peerFate: (_fate, frame) => {
            // Whatever the peer says now decides what the host stack does.
            awaited.cancel(frame.connection);
          },
        },
      ],
      call: {
        NdisInitiateOffload: (call) => {
          awaited.cancel(call.connection);
        },
      },
      end: ({ time, complete }) => {
        if (complete) awaited.reached(time);
      },
    };
  }),
];

function isSince(frame: WireFrame | undefined, call: Call): boolean {
  return frame !== undefined && frame.time >= call.time;
}

/** Handlers after whose calls a target need not go on with any connection that it has. */
export function ends(
  holds: { all(): IterableIterator<TargetHold> },
  awaited: Awaited,
): Readonly<
  Record<
    | 'MiniportTerminateOffload'
    | 'MiniportInvalidateOffload'
    | 'MiniportResetEx'
    | 'MiniportHaltEx'
    | 'MiniportPause'
    | 'MiniportUpdateOffload',
    (call: Call) => void
  >
> {
  const cancel = (call: Call): void => {
    awaited.reached(call.time);
    for (const hold of holds.all()) if (hold.target === call.callee) awaited.cancel(hold.connection);
  };
  return {
    MiniportTerminateOffload: cancel,
    MiniportInvalidateOffload: cancel,
    MiniportResetEx: cancel,
    MiniportHaltEx: cancel,
    MiniportPause: cancel,
    MiniportUpdateOffload: cancel,
  };
}

/** Whether the connection uses SACK, by which other rules hold (RFC 6675). */
function usesSack(hold: TargetHold): boolean {
  const known = sackUse.get(hold);
  if (known !== undefined) return known;
  const uses = offersSack(hold);
  sackUse.set(hold, uses);
  return uses;
}

/** Every segment asks for it. */
const sackUse = new WeakMap<TargetHold, boolean>();

function offersSack(hold: TargetHold): boolean {
  for (const block of treeOf(hold.initiate)) {
    const state = block.state('TCP_OFFLOAD_STATE_CONST');
    if (state !== undefined && ((state.number('Flags') ?? 0) & sackFlag) !== 0) return true;
  }
  return false;
}

/** Duplicate acknowledgments of one number. */
class Duplicates {
  seen: { readonly frame: WireFrame; readonly time: number }[] = [];
  /** The retransmission that is due. */
  due: { readonly at: number; readonly frame: WireFrame } | undefined;
  /** Whether all of them are known: an acknowledgment of new data has come before, and everything that was sent before a loss is acknowledged. */
  isSure = false;
  private recover: number | undefined;

  advance(acknowledgment: number): void {
    this.seen = [];
    this.due = undefined;
    if (this.recover !== undefined && sequenceDistance(this.recover, acknowledgment) <= 0) {
      this.isSure = false;
      return;
    }
    this.recover = undefined;
    this.isSure = true;
  }

  count(frame: WireFrame, time: number): void {
    this.seen.push({ frame, time });
  }

  unsure(): void {
    this.isSure = false;
    this.due = undefined;
  }

  repeated(end: number): void {
    this.recover = end;
    this.isSure = false;
  }
}
