/** TcpIndicateDisconnect: when the peer has closed its half (EVT-005 to EVT-009, EVT-031). */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import {
  chimneyConnections,
  stateNumber,
  stateVariable,
  tcpEvents,
  type ChimneyConnection,
} from '../../facts/chimneyConnections';
import { stays } from '../../facts/stays';
import { flows } from '../../facts/flows';

/** What a target may take over its events, virtual ns: processors meet, and a delivery pass takes time. */
const settling = 1_000_000;

/** Between a connection's TIME-WAIT and the request for its upload. */
const shortSettling = 50_000;

const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
const timeWait = constantValue('TcpConnectionTimeWait');

function isDisconnect(call: Call): boolean {
  return call.number('EventType') === tcpEvents.disconnect;
}

/** See the file's head. */
export const peerCloseRules: readonly Rule[] = [
  rule('EVT-005', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          if (!isDisconnect(call) || facts.machine.role(call.caller) !== 'offload-target') return;
          const arrived = wire.of(call.connection)?.peer.arrived;
          if (!facts.historyComplete || arrived === undefined) return;
          const { fin, finEnd } = arrived;
          // What is missing in front of the FIN may have been forwarded.
          if (fin !== undefined && connections.of(call.caller, call.connection)?.forwarded === true) return;
          const inSequence =
            fin !== undefined &&
            finEnd !== undefined &&
            arrived.contiguousEnd !== undefined &&
            ((arrived.contiguousEnd - finEnd) | 0) >= 0;
          expect(inSequence, () => ({
            events: [fin?.event ?? arrived.last?.event, call.event],
            found:
              fin === undefined
                ? 'TcpIndicateDisconnect, and no FIN of the peer has arrived'
                : 'TcpIndicateDisconnect, and segments before the FIN of the peer are still missing',
            expected: 'TcpIndicateDisconnect after the FIN has arrived in sequence',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('EVT-006', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const held = facts.of(chimneyConnections);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const known = held.at(call.caller, call.connection);
          const arrived = wire.of(call.connection)?.peer.arrived;
          if (!isDisconnect(call) || known === undefined || arrived?.finEnd === undefined) return;
          const missing = held.undelivered(known, (arrived.finEnd - 1) >>> 0);
          if (missing === undefined || !facts.historyComplete) return;
          expect(missing <= 0, () => ({
            events: [arrived.fin?.event, call.event],
            found: `TcpIndicateDisconnect while ${missing} bytes before the FIN had not been handed over`,
            expected: 'every byte before the FIN handed over first',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('EVT-007', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const held = facts.of(chimneyConnections);
    /** Decides a connection that ends, or a run that does, at a time. */
    const decide = (known: ChimneyConnection, until: VirtualTime, last: EventId | undefined): void => {
      const arrived = wire.of(known.connection)?.peer.arrived;
      const { taken, abortEvent, mandatoryRetrieve, disconnectEvent } = known;
      if (arrived?.finEnd === undefined || taken === undefined || !facts.historyComplete) return;
      if (abortEvent !== undefined) return;
      const rcvNxt = stateNumber(facts, known.object, 'RcvNxt');
      // Not taken in by the target: it arrived elsewhere, or too late.
      if (rcvNxt === undefined || ((rcvNxt - arrived.finEnd) | 0) < 0 || arrived.fin!.time < taken.time)
        return;
      if (held.undelivered(known, (arrived.finEnd - 1) >>> 0) !== 0) return;
      const since = Math.max(arrived.lastAt, known.lastDeliveryAt);
      if (disconnectEvent === undefined && since + settling > until) return;
      if (disconnectEvent === undefined && mandatoryRetrieve !== undefined && mandatoryRetrieve.time < since)
        return;
      expect(disconnectEvent !== undefined, () => ({
        events: [arrived.fin!.event, last],
        found: 'the FIN arrived, all data before it was handed over, and TcpIndicateDisconnect never came',
        expected: 'TcpIndicateDisconnect',
        component: known.target,
        connection: known.connection,
      }));
    };
    return {
      call: {
        MiniportTerminateOffload: (call) => {
          for (const block of treeOf(call)) {
            const known = held.ofBlock(call.callee, block);
            if (known !== undefined) decide(known, call.time, call.event);
          }
        },
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const known of held.all()) if (known.terminate === undefined) decide(known, time, undefined);
      },
    };
  }),

  rule('EVT-008', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const known = held.at(call.caller, call.connection);
          if (!isDisconnect(call) || known === undefined) return;
          const { disconnectEvent } = known;
          expect(disconnectEvent === undefined, () => ({
            events: [disconnectEvent?.event, call.event],
            found: 'TcpIndicateDisconnect a second time',
            expected: 'one TcpIndicateDisconnect for the one FIN',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('EVT-009', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const wire = facts.of(flows);
    /** Statuses that follow from something else than the FIN. */
    const excused = (known: ChimneyConnection, posted: Call): boolean =>
      known.terminate !== undefined ||
      known.mandatoryRetrieve !== undefined ||
      known.abortEvent !== undefined ||
      (known.disconnectRequest !== undefined &&
        (known.disconnectRequest.event < posted.event ||
          known.disconnectRequest.number('Flags') !== gracefulClose));
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          const known = held.at(call.caller, call.connection);
          const event = known?.disconnectEvent;
          if (known === undefined || event === undefined) return;
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'send' || lent.call.event < event.event) continue;
            if (list.status !== NDIS_STATUS.SUCCESS && excused(known, lent.call)) continue;
            // The target may want everything back: it says so by status indications.
            if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS) continue;
            expect(list.status === NDIS_STATUS.SUCCESS, () => ({
              events: [event.event, lent.call.event, call.event],
              found: `a send that was posted after TcpIndicateDisconnect was completed with ${statusName(list.status)}`,
              expected: 'sent and completed like any other: the peer has closed only its own half',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
        MiniportTerminateOffload: (call) => {
          for (const block of treeOf(call)) {
            const known = held.ofBlock(call.callee, block);
            const event = known?.disconnectEvent;
            const flow = wire.of(known?.connection);
            if (known === undefined || event === undefined || flow === undefined) continue;
            for (const lent of facts.lists.open('miniport', known.target, known.connection, 'send')) {
              if (excused(known, lent.call)) continue;
              const window = flow.peer.arrived.window ?? 0;
              if (lent.call.event < event.event || lent.call.time + 1e9 > call.time || window === 0) continue;
              const sent = (flow.lastByTarget?.time ?? 0) >= lent.call.time;
              expect(sent, () => ({
                events: [event.event, lent.call.event, call.event],
                found: `a send that was posted after TcpIndicateDisconnect was not transmitted in ${Math.round((call.time - lent.call.time) / 1e6)} ms`,
                expected: 'data on the wire: the peer has closed only its own half',
                component: known.target,
                connection: known.connection,
              }));
            }
          }
        },
      },
    };
  }),

  rule('EVT-031', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const wire = facts.of(flows);
    /** When connections entered TIME-WAIT in the target, and the record that told. */
    const entered = new Map<number, { event: EventId; time: VirtualTime }>();
    const breach = (known: ChimneyConnection, since: EventId, last: EventId | undefined): Breach => ({
      events: [since, last],
      found: 'the connection entered TIME-WAIT, and the target did not ask for its upload',
      expected: 'TcpIndicateRetrieve',
      component: known.target,
      connection: known.connection,
    });
    const decide = (known: ChimneyConnection, until: VirtualTime, last: EventId | undefined): void => {
      const since = entered.get(known.connection);
      if (since === undefined || known.taken === undefined || since.time < known.taken.time) return;
      if (known.abortEvent !== undefined) return;
      const asked = known.mandatoryRetrieve !== undefined || known.optionalRetrieve !== undefined;
      // The target keeps what the application has not read: until then it has something to do.
      const finEnd = wire.of(known.connection)?.peer.arrived.finEnd;
      const left = finEnd === undefined ? undefined : held.undelivered(known, (finEnd - 1) >>> 0);
      const free = Math.max(since.time, known.lastDeliveryAt);
      if (!asked && (left !== 0 || free + shortSettling > until)) return;
      expect(asked, () => breach(known, since.event, last));
    };
    return {
      stateChange: ({ object, changes }, event, time) => {
        for (const { variable, value } of changes) {
          if (variable !== stateVariable) continue;
          const connection = facts.objects.find(object)?.connection;
          if (connection === undefined) continue;
          if (value === timeWait) entered.set(connection, { event, time });
          else entered.delete(connection);
        }
      },
      call: {
        MiniportTerminateOffload: (call) => {
          for (const block of treeOf(call)) {
            const known = held.ofBlock(call.callee, block);
            if (known !== undefined) decide(known, call.time, call.event);
          }
        },
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const known of held.all()) if (known.terminate === undefined) decide(known, time, undefined);
      },
    };
  }),
];
