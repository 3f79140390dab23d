/**
 * Rules about the push timer as its owner records it: started, stopped, expired (TMR-049, TMR-051, TMR-054, TMR-059, TMR-061). Where a trace has
 * no records of timers there is nothing to look at.
 */
import { NDIS_STATUS } from '../../../ddi/status';
import type { CounterRecord, EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { bufferedDataOf } from '../../engine/attachedLists';
import { rule, type FactDefinition, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { isTaken } from '../../facts/objectFacts';
import { protocolTimers, timerChange, type TimerChange } from '../../facts/protocolTimers';
import { targetHolds, type TargetHold, type TargetHolds } from '../../facts/targetHolds';
import { Awaited } from './awaited';
import { deliveriesOf, nothing, pass, valuesOf, type Delivery } from './pushing';
import { ends } from './retransmitting';

/** Receive requests of all connections that targets have. */
const receiveRequests: FactDefinition<Handlers & { readonly of: (hold: TargetHold) => Delivery }> = {
  start: (facts) => {
    const { handlers, of } = deliveriesOf({ facts });
    return { ...handlers, of };
  },
};

/** Hears of the push timers of connections that targets have. */
function pushTimer(
  holds: TargetHolds,
  heard: (hold: TargetHold, change: TimerChange) => void,
): NonNullable<Handlers['counter']> {
  return (counter: CounterRecord, event: EventId, time: VirtualTime) => {
    const change = timerChange(counter, event, time);
    if (change?.timer !== 'push timer') return;
    const hold = holds.of(change.connection);
    if (hold?.target === change.component) heard(hold, change);
  };
}

/** Handlers of a rule that waits: until time has come, or the target need not go on. */
function awaiting({ facts }: RuleContext, awaited: Awaited) {
  return {
    call: {
      ...ends(facts.of(targetHolds), awaited),
      NdisTcpOffloadEventHandler: (call: Call): void => {
        awaited.cancel(call.connection);
      },
      MiniportTcpOffloadDisconnect: (call: Call): void => {
        awaited.cancel(call.connection);
      },
    },
    guarded: [awaited.clock],
    end: ({ time, complete }: { readonly time: VirtualTime; readonly complete: boolean }): void => {
      if (complete) awaited.reached(time);
    },
  } satisfies Handlers;
}

/** See the file's head. */
export const pushTimerRules: readonly Rule[] = [
  rule('TMR-049', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const requests = facts.of(receiveRequests);
    return {
      counter: pushTimer(holds, (hold, { to, event }) => {
        const [head] = requests.of(hold).posted;
        // A request that is only being posted may be none that the target has seen.
        if (to !== 'started' || !hold.isActive || head?.call.returned === undefined) return;
        expect(head.pushes, () => ({
          events: [head.call.event, event],
          found: 'the push timer was started while the request that is to be filled next is a nonpush one',
          expected: 'nonpush requests are completed when they are full, and no timer runs for them',
          component: hold.target,
          connection: hold.connection,
        }));
      }),
    };
  }),

  rule('TMR-051', (context) => {
    const { expect, facts } = context;
    const holds = facts.of(targetHolds);
    const timers = facts.of(protocolTimers);
    const awaited = new Awaited(expect);
    const common = awaiting(context, awaited);
    return {
      ...common,
      call: {
        ...common.call,
        NdisTcpOffloadReceiveComplete: (call) => {
          const hold = holds.of(call.connection);
          if (hold?.target !== call.caller || !hold.isActive) return;
          const timer = timers.of('push timer', hold.connection, hold.target);
          if (timer === undefined) return;
          if (timer.to !== 'started') expect(true, nothing);
          // One that has been started just now may be for the next request already.
          else if (call.time - timer.at > pass && !awaited.has(hold.connection))
            awaited.wait(hold.connection, call.time + pass, () => ({
              events: [timer.event, call.event],
              found: 'a receive request was completed, and the push timer that was running before runs on',
              expected: 'it is stopped, and started anew only for another request that is filled in part',
              component: hold.target,
              connection: hold.connection,
            }));
        },
      },
      counter: pushTimer(holds, (hold, { at }) => {
        awaited.met(hold.connection, at);
      }),
    };
  }),

  rule('TMR-054', (context) => {
    const { expect, facts } = context;
    const holds = facts.of(targetHolds);
    const requests = facts.of(receiveRequests);
    const awaited = new Awaited(expect);
    const common = awaiting(context, awaited);
    return {
      ...common,
      call: {
        ...common.call,
        NdisTcpOffloadReceiveComplete: (call) => {
          const hold = holds.of(call.connection);
          if (hold?.target === call.caller) awaited.met(hold.connection, call.time);
        },
      },
      counter: pushTimer(holds, (hold, { to, event, at }) => {
        const delivery = requests.of(hold);
        const head = delivery.partial;
        // Where it is started anew the target had its hands full.
        if (to === 'started') awaited.cancel(hold.connection);
        if (to !== 'expired' || !hold.isActive || !delivery.isSure || head?.pushes !== true) return;
        awaited.wait(hold.connection, at + pass, () => ({
          events: [head.call.event, event],
          found: `the push timer has expired with ${delivery.waiting} bytes in a push-mode request of ${head.capacity}, and the request stays open`,
          expected: 'it is completed with what it holds',
          component: hold.target,
          connection: hold.connection,
        }));
      }),
    };
  }),

  rule('TMR-059', (context) => {
    const { expect, facts } = context;
    const holds = facts.of(targetHolds);
    const timers = facts.of(protocolTimers);
    const awaited = new Awaited(expect);
    const common = awaiting(context, awaited);
    /** Bytes of BufferedData of connections for which nothing has been posted. */
    const buffered = new WeakMap<TargetHold, number>();
    return {
      ...common,
      call: {
        ...common.call,
        NdisMInitiateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const hold = holds.of(facts.objects.find(block.object)?.connection);
            if (hold?.target !== call.caller || !isTaken(block)) continue;
            const given = treeOf(hold.initiate).find(({ object }) => object === block.object);
            const lists = given === undefined ? [] : bufferedDataOf(hold.initiate, given);
            if (lists.length > 0)
              buffered.set(
                hold,
                lists.reduce((sum, { dataLength }) => sum + dataLength, 0),
              );
          }
        },
        MiniportTcpOffloadReceive: (call) => {
          const hold = holds.of(call.connection);
          const bytes = hold === undefined ? undefined : buffered.get(hold);
          if (hold === undefined || hold.target !== call.callee || bytes === undefined) return;
          buffered.delete(hold);
          const [head] = call.lists;
          const isPush = (valuesOf(call, 'TcpReceiveNoPush')[0] ?? 0) === 0;
          const isPartial = head !== undefined && head.dataLength > bytes;
          const isQuiet = hold.isActive && hold.lastArrival === undefined;
          const timer = timers.of('push timer', hold.connection, hold.target);
          if (!isPush || !isPartial || !isQuiet || timer === undefined || timer.to === 'started') return;
          awaited.wait(hold.connection, call.time + pass, () => ({
            events: [hold.initiate.event, hold.taken?.event, call.event],
            found: `${bytes} bytes of BufferedData lie in a push-mode request of ${head.dataLength}, and the target has neither started its push timer nor completed the request`,
            expected: 'after the offload the push timer runs on the target',
            component: hold.target,
            connection: hold.connection,
          }));
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          awaited.met(call.connection, call.time);
        },
      },
      returned: {
        // What goes up by an indication lies in no request.
        NdisTcpOffloadReceiveHandler: (call) => {
          const hold = holds.of(call.connection);
          if (hold === undefined || call.status === NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED) return;
          awaited.cancel(hold.connection);
          buffered.delete(hold);
        },
      },
      counter: pushTimer(holds, (hold, { to, at }) => {
        if (to === 'started') awaited.met(hold.connection, at);
      }),
    };
  }),

  rule('TMR-061', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timers = facts.of(protocolTimers);
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { hold } of holds.returnedBy(call)) {
            const timer = timers.of('push timer', hold.connection, hold.target);
            if (timer === undefined) continue;
            expect(timer.to !== 'started', () => ({
              events: [timer.event, call.event],
              found: 'the push timer still runs as the terminate is completed',
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
