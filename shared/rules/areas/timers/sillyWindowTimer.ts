/**
 * Rules about the sender's timer of silly-window avoidance as its owner records it (TMR-064, TMR-067, TMR-069), and about data that waited for it
 * when it changed hands (TMR-068).
 */
import type { CounterRecord, EventId, FrameFateRecord, VirtualTime } from '../../../trace/records';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import { chainOf } from '../../engine/attachedLists';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type GuardedHandlers, type Handlers, type Rule } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { isTaken } from '../../facts/objectFacts';
import { protocolTimers, timerChange, type TimerChange } from '../../facts/protocolTimers';
import { targetHolds, type TargetHolds } from '../../facts/targetHolds';
import { Awaited, milliseconds } from './awaited';
import { ends } from './retransmitting';
import { busy, small } from './sillyWindow';

/** Hears of the timers. */
function timer(heard: (change: TimerChange) => void): NonNullable<Handlers['counter']> {
  return (counter: CounterRecord, event: EventId, time: VirtualTime) => {
    const change = timerChange(counter, event, time);
    if (change?.timer === 'SWS timer') heard(change);
  };
}

/** Bytes that a window takes where the state says that they leave now or are held back: nothing is in flight, and more waits than the window takes. */
function heldBytes(call: Call, block: TreeBlock, state: StructureView): number | undefined {
  const window = state.number('SndWnd') ?? 0;
  const una = state.number('SndUna');
  const waiting = chainOf(call, block).reduce((sum, { dataLength }) => sum + dataLength, 0);
  const isIdle = una === state.number('SndNxt') && una === state.number('SndMax');
  const isHeld = isIdle && window > 0 && window < waiting;
  return isHeld && window * 2 < (state.number('MaxSndWnd') ?? 0) ? window : undefined;
}

/** Handlers that end a wait for a segment: one with data has left, or what has come may have changed everything. */
function untilSent(
  awaited: Awaited,
  from: 'host' | 'chimney',
): Required<Pick<Handlers, 'end'>> & {
  readonly guarded: readonly [Required<Pick<GuardedHandlers, 'gate' | 'frame' | 'peerFate'>>];
} {
  const clock = {
    gate: awaited.clock.gate,
    frame: (frame: WireFrame): void => {
      awaited.reached(frame.time);
      if (frame.path === from && frame.sequenceLength > 0) awaited.met(frame.connection, frame.time);
    },
    peerFate: ({ fate }: FrameFateRecord, frame: WireFrame): void => {
      if (fateDelivers(fate)) awaited.cancel(frame.connection);
    },
  };
  return {
    guarded: [clock],
    end: ({ time, complete }) => {
      if (complete) awaited.reached(time);
    },
  };
}

/** Bytes that the peer's window takes; undefined where that is not known. */
function permitted(holds: TargetHolds, connection: number): number | undefined {
  const hold = holds.of(connection);
  const flow = hold === undefined ? undefined : holds.flowOf(hold);
  const edge = flow?.peer.arrived.rightEdge;
  const end = flow?.machine.sent.end;
  return edge === undefined || end === undefined ? undefined : sequenceDistance(end, edge);
}

/** See the file's head. */
export const sillyWindowTimerRules: readonly Rule[] = [
  rule('TMR-064', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const awaited = new Awaited(expect);
    const {
      guarded: [clock],
      end,
    } = untilSent(awaited, 'chimney');
    return {
      end,
      guarded: [
        {
          ...clock,
          frame: (frame) => {
            const isAwaited = frame.connection !== undefined && awaited.has(frame.connection);
            const window =
              isAwaited && frame.path === 'chimney' && frame.payloadLength > 0
                ? permitted(holds, frame.connection)
                : undefined;
            clock.frame(frame);
            if (window === undefined) return;
            // PSH stands at the end of all that there is.
            const isAll =
              frame.payloadLength >= Math.min(window, small) ||
              (frame.flags & (tcpFlags.PSH | tcpFlags.FIN)) !== 0;
            expect(isAll, () => ({
              events: [frame.event],
              found: `${frame.payloadLength} bytes left when the SWS timer had expired, and the window takes ${window}`,
              expected: 'as much as the window permits',
              component: frame.sender,
              connection: frame.connection,
            }));
          },
        },
      ],
      call: ends(holds, awaited),
      counter: timer(({ to, connection, component, event, at }) => {
        const hold = holds.of(connection);
        const window = permitted(holds, connection) ?? 0;
        if (to !== 'expired' || hold?.target !== component || !hold.isActive || window <= 0) return;
        awaited.wait(connection, at + busy, () => ({
          events: [hold.lastArrival?.event, event],
          found: `the SWS timer has expired, the window takes ${window} bytes, and nothing is sent`,
          expected: 'as much as the window permits',
          component,
          connection,
        }));
      }),
    };
  }),

  rule('TMR-067', ({ expect, facts }) => {
    const timers = facts.of(protocolTimers);
    const awaited = new Awaited(expect);
    const until = untilSent(awaited, 'host');
    return {
      ...until,
      call: {
        NdisInitiateOffload: (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (block.role !== 'new' || connection === undefined) continue;
            awaited.cancel(connection);
            const known = timers.of('SWS timer', connection, call.caller);
            if (known === undefined) continue;
            expect(known.to !== 'started', () => ({
              events: [known.event, call.event],
              found: 'the connection is offered while the SWS timer of the host stack runs',
              expected: 'the host stack stops it before',
              component: call.caller,
              connection,
              object: block.object,
            }));
          }
        },
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack' || !timers.areRecorded) return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const held = state === undefined ? undefined : heldBytes(call, block, state);
            if (connection === undefined || held === undefined) continue;
            awaited.wait(connection, call.time + busy, () => ({
              events: [call.event],
              found: `data comes back of which the window takes ${held} bytes, and the host stack neither sends them nor starts its SWS timer`,
              expected: 'the timer is restarted after the upload',
              component: call.callee,
              connection,
              object: block.object,
            }));
          }
        },
      },
      counter: timer(({ to, connection, component, at }) => {
        if (to === 'started' && facts.machine.role(component) === 'host-stack') awaited.met(connection, at);
      }),
    };
  }),

  rule('TMR-068', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const awaited = new Awaited(expect);
    return {
      ...untilSent(awaited, 'chimney'),
      call: {
        ...ends(holds, awaited),
        NdisTcpOffloadEventHandler: (call) => {
          awaited.cancel(call.connection);
        },
        NdisMInitiateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const hold = holds.of(connection);
            if (connection === undefined || hold?.target !== call.caller || !isTaken(block)) continue;
            if (hold.lastArrival !== undefined) continue;
            const { initiate, given, tick } = hold;
            const offered = treeOf(initiate).find(({ object }) => object === block.object);
            const held = offered === undefined ? undefined : heldBytes(initiate, offered, given);
            const ticks = hold.parameter('TcpSwsPreventionTicks') ?? 0;
            if (held === undefined || tick === undefined || ticks === 0) continue;
            const interval = ticks * tick;
            awaited.wait(connection, call.time + interval + 2 * tick + busy, () => ({
              events: [initiate.event, call.event],
              found: `data was taken over of which the window takes ${held} bytes, and nothing of it has left after TcpSwsPreventionTicks`,
              expected: `it leaves at once, or after ${milliseconds(interval)}`,
              component: hold.target,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMR-069', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timers = facts.of(protocolTimers);
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { hold } of holds.returnedBy(call)) {
            const known = timers.of('SWS timer', hold.connection, hold.target);
            if (known === undefined) continue;
            expect(known.to !== 'started', () => ({
              events: [known.event, call.event],
              found: 'the SWS timer still runs as the terminate is completed',
              expected: 'the target stops it before',
              component: call.caller,
              connection: hold.connection,
            }));
          }
        },
      },
    };
  }),
];
