/** TcpIndicateRetrieve: what a target may ask for, why, and what follows (EVT-020 to EVT-030). */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { adapterFacts } from '../../facts/adapters';
import { chimneyConnections, mandatoryReasons, stateNumber, tcpEvents } from '../../facts/chimneyConnections';
import { flows } from '../../facts/flows';
import { reasonName } from './eventCalls';
import { WaitingMap } from '../../engine/gate';

/** What was begun before an event may still show after it, virtual ns: frames in the transmit ring, deliveries on another processor. */
const settling = 1_000_000;

/** What a host stack may take until it terminates. */
const patience = 1_000_000_000;

/** What it may take until it stops posting requests. */
const shortPatience = 10_000_000;

const reasons = {
  lowActivity: constantValue('LowActivity'),
  highDropRate: constantValue('HighDropRate'),
  smallIo: constantValue('SmallIO'),
  noBuffer: constantValue('NoBufferProposting'),
  urgent: constantValue('ReceivedUrgentData'),
  fragmentation: constantValue('HighFragmentation'),
  outOfOrder: constantValue('HighOutOfOrderPackets'),
  timeout: constantValue('TimeoutExpiration'),
  uploadRequested: constantValue('UploadRequested'),
} as const;

const halfClosed: ReadonlyMap<number | undefined, string> = new Map([
  [constantValue('TcpConnectionFinWait1'), 'FIN_WAIT1'],
  [constantValue('TcpConnectionFinWait2'), 'FIN_WAIT2'],
  [constantValue('TcpConnectionCloseWait'), 'CLOSE_WAIT'],
]);

const finWait2 = constantValue('TcpConnectionFinWait2');

/** TCP_UPLOAD_REASON of a TcpIndicateRetrieve; undefined for other events. */
function reasonOf(call: Call): number | undefined {
  return call.number('EventType') === tcpEvents.retrieve
    ? call.number('EventSpecificInformation')
    : undefined;
}

const dataRequests = [
  'NdisOffloadTcpSend',
  'NdisOffloadTcpReceive',
  'NdisOffloadTcpDisconnect',
  'NdisOffloadTcpForward',
] as const;

/** See the file's head. */
export const uploadRequestRules: readonly Rule[] = [
  rule('EVT-020', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        const reason = reasonOf(call);
        if (reason === undefined || facts.machine.role(call.caller) !== 'offload-target') return;
        if (mandatoryReasons.has(reason) && reason !== reasons.uploadRequested) return;
        const object = facts.objects.tcpOf(call.connection);
        const known = facts.objects.find(object);
        if (known?.owner !== 'target') return;
        const state = stateNumber(facts, object, 'State');
        if (state === undefined) return;
        expect(!halfClosed.has(state), () => ({
          events: [known.ownedSince, call.event],
          found: `TcpIndicateRetrieve(${reasonName(reason)}) for a connection in ${halfClosed.get(state)}`,
          expected: 'no request for the upload of a half-closed connection without need',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('EVT-021', ({ expect, facts }) => {
    /** Mandatory requests that the host stack has heard and not answered, by connection. */
    const pending = new Map<number, { event: Call; warned: boolean }>();
    const request = (call: Call): void => {
      const asked = call.connection === undefined ? undefined : pending.get(call.connection);
      if (asked === undefined || asked.warned || facts.machine.role(call.caller) !== 'host-stack') return;
      const late = call.time - asked.event.time > shortPatience;
      asked.warned ||= late;
      expect(!late, () => ({
        events: [asked.event.event, call.event],
        found: `${call.functionName} ${Math.round((call.time - asked.event.time) / 1e6)} ms after TcpIndicateRetrieve(${reasonName(reasonOf(asked.event))}), and no terminate yet`,
        expected: 'NdisTerminateOffload as soon as possible',
        component: call.caller,
        connection: call.connection,
        severity: 'warning',
      }));
    };
    return {
      call: {
        ProtocolTcpOffloadEvent: (call) => {
          const reason = reasonOf(call);
          if (reason === undefined || !mandatoryReasons.has(reason) || call.connection === undefined) return;
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          const place = facts.objects.connectionAt('protocol', call.callee, call.connection)?.place;
          // What is being terminated already needs no answer.
          if (place === 'terminating' || pending.has(call.connection)) return;
          pending.set(call.connection, { event: call, warned: false });
        },
        ...Object.fromEntries(dataRequests.map((name) => [name, request])),
        NdisTerminateOffload: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const asked = connection === undefined ? undefined : pending.get(connection);
            if (connection === undefined || asked === undefined) continue;
            pending.delete(connection);
            const late = call.time - asked.event.time > patience;
            expect(!late, () => ({
              events: [asked.event.event, call.event],
              found: `the terminate came ${Math.round((call.time - asked.event.time) / 1e6)} ms after TcpIndicateRetrieve(${reasonName(reasonOf(asked.event))})`,
              expected: 'NdisTerminateOffload as soon as possible',
              component: call.caller,
              connection,
              severity: 'warning',
            }));
          }
        },
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const [connection, { event }] of pending) {
          const held = facts.objects.connectionAt('protocol', event.callee, connection);
          // While a request about it is under way, it must not be terminated (TRM-004).
          if (held?.place !== 'held' || held.requests.length > 0 || event.time + settling > time) continue;
          expect(false, () => ({
            events: [event.event],
            found: `TcpIndicateRetrieve(${reasonName(reasonOf(event))}), and the connection stayed offloaded`,
            expected: 'NdisTerminateOffload for the connection',
            component: event.callee,
            connection,
          }));
        }
      },
    };
  }),

  rule('EVT-023', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const wire = facts.of(flows);
    /** The mandatory request behind which something new happens at a time; undefined if there is none, or it may have been under way. */
    const askedBefore = (connection: number | undefined, time: VirtualTime): Call | undefined => {
      const event = held.of(connection)?.mandatoryRetrieve;
      return event !== undefined && event.time + settling < time ? event : undefined;
    };
    return {
      chimneyFrame: (frame) => {
        if (frame.payloadLength === 0) return;
        const event = askedBefore(frame.connection, frame.time);
        if (event === undefined) return;
        const { end } = wire.of(frame.connection)?.machine.sent ?? {};
        if (end === undefined) return;
        expect(((frame.sequenceEnd - end) | 0) <= 0, () => ({
          events: [event.event, frame.event],
          found: `new payload left ${Math.round((frame.time - event.time) / 1e3)} µs after TcpIndicateRetrieve(${reasonName(reasonOf(event))})`,
          expected: 'no further processing of the connection',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const event = askedBefore(call.connection, call.time);
          if (event === undefined || event.caller !== call.caller) return;
          expect(false, () => ({
            events: [event.event, call.event],
            found: `data was indicated after TcpIndicateRetrieve(${reasonName(reasonOf(event))})`,
            expected: 'no further delivery on the connection',
            component: call.caller,
            connection: call.connection,
          }));
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          const event = askedBefore(call.connection, call.time);
          if (event === undefined || event.caller !== call.caller) return;
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent === undefined || lent.call.event < event.event) continue;
            expect(list.bytesTransferred === 0 || list.status !== NDIS_STATUS.SUCCESS, () => ({
              events: [event.event, lent.call.event, call.event],
              found: `a receive that was posted after TcpIndicateRetrieve(${reasonName(reasonOf(event))}) was filled with ${list.bytesTransferred} bytes`,
              expected: statusName(NDIS_STATUS.UPLOAD_IN_PROGRESS),
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),

  rule('EVT-024', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const adapters = facts.of(adapterFacts);
    const completed = (call: Call): void => {
      const known = held.at(call.caller, call.connection);
      const event = known?.optionalRetrieve;
      if (known === undefined || event === undefined) return;
      if (known.mandatoryRetrieve !== undefined || known.terminate !== undefined) return;
      const adapter = adapters.of(call);
      if (adapter?.uploadAll !== undefined || adapter?.asleep !== undefined) return;
      for (const list of call.lists)
        expect(list.status !== NDIS_STATUS.UPLOAD_IN_PROGRESS, () => ({
          events: [event.event, call.event],
          found: `after TcpIndicateRetrieve(${reasonName(reasonOf(event))}) ${call.functionName} gave a request back with NDIS_STATUS_UPLOAD_IN_PROGRESS, and nobody has terminated`,
          expected: 'a connection that goes on working: the reason leaves it to the host stack',
          component: call.caller,
          connection: call.connection,
        }));
    };
    return { call: { NdisTcpOffloadSendComplete: completed, NdisTcpOffloadReceiveComplete: completed } };
  }),

  rule('EVT-025', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const completed = (call: Call): void => {
      const known = held.at(call.caller, call.connection);
      const event = known?.mandatoryRetrieve;
      if (known === undefined || event === undefined) return;
      if (reasonOf(event) !== reasons.uploadRequested || known.abortEvent !== undefined) return;
      for (const { list, lent } of facts.lists.givenBack(call)) {
        if (lent === undefined || lent.call.event < event.event) continue;
        // A request for nothing is done at once.
        if (list.status === NDIS_STATUS.SUCCESS && lent.snapshot.dataLength === 0) continue;
        if (list.status === NDIS_STATUS.INVALID_STATE || list.status === NDIS_STATUS.REQUEST_ABORTED)
          continue;
        expect(list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS, () => ({
          events: [event.event, lent.call.event, call.event],
          found: `a ${lent.purpose} that was posted after TcpIndicateRetrieve(UploadRequested) was completed with ${statusName(list.status)}`,
          expected: statusName(NDIS_STATUS.UPLOAD_IN_PROGRESS),
          component: call.caller,
          connection: call.connection,
        }));
      }
    };
    return {
      call: {
        NdisTcpOffloadSendComplete: completed,
        NdisTcpOffloadReceiveComplete: completed,
        NdisTcpOffloadDisconnectComplete: completed,
        NdisTcpOffloadForwardComplete: completed,
      },
    };
  }),

  rule('EVT-027', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const wire = facts.of(flows);
    const urgent = new WaitingMap<number, WireFrame>();
    return {
      peerFate: ({ fate }, frame) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        if (!frame.has(tcpFlags.URG) || frame.has(tcpFlags.RST) || !fateDelivers(fate)) return;
        const { contiguousEnd } = wire.of(frame.connection)?.peer.arrived ?? {};
        if (contiguousEnd === undefined || ((frame.sequenceEnd - contiguousEnd) | 0) < 0) return;
        if (!urgent.has(frame.connection)) urgent.set(frame.connection, frame);
      },
      guarded: [
        {
          gate: urgent.gate,
          chimneyFrame: (frame) => {
            if (!frame.isSegment) return;
            const known = held.of(frame.connection);
            const segment = urgent.get(frame.connection ?? -1);
            const event = known?.mandatoryRetrieve;
            if (segment === undefined || event === undefined || reasonOf(event) !== reasons.urgent) return;
            if (segment.payloadLength === 0 || segment.event > event.event) return;
            expect(((frame.acknowledgment - segment.sequence) | 0) <= 0, () => ({
              events: [segment.event, event.event, frame.event],
              found: 'the target acknowledged the segment with urgent data',
              expected: 'the segment left to the host stack, unacknowledged',
              component: frame.sender,
              connection: frame.connection,
            }));
          },
        },
      ],
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          if (reasonOf(call) !== reasons.urgent || !facts.historyComplete) return;
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const last = wire.of(call.connection)?.peer.arrived.last;
          expect(urgent.has(call.connection ?? -1), () => ({
            events: [last?.event, call.event],
            found: 'TcpIndicateRetrieve(ReceivedUrgentData), and no segment with URG has arrived',
            expected: 'this reason only after a valid segment with URG',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('EVT-028', ({ expect, facts }) => {
    const wire = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          if (reasonOf(call) !== reasons.timeout || !facts.historyComplete) return;
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const flow = wire.of(call.connection);
          const state = stateNumber(facts, facts.objects.tcpOf(call.connection), 'State');
          if (flow?.lastByTarget === undefined || state === finWait2) return;
          const { last, lastAt, acknowledgment } = flow.peer.arrived;
          const answered = lastAt >= flow.lastByTarget.time && acknowledgment === flow.machine.sent.end;
          // A limit is a matter of seconds; an answer of this moment leaves nothing that could have expired.
          const fresh = call.time - lastAt < 100_000_000;
          expect(!(answered && fresh), () => ({
            events: [last?.event, call.event],
            found: `TcpIndicateRetrieve(TimeoutExpiration) ${Math.round((call.time - lastAt) / 1e3)} µs after the peer had acknowledged everything`,
            expected:
              'this reason only after the limit of a retransmission, persist, keepalive or FIN_WAIT_2 timer',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('EVT-029', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    /** Sizes of the last receives that were posted. */
    const sizes = new Map<number, number[]>();
    return {
      call: {
        MiniportTcpOffloadReceive: (call) => {
          if (call.connection === undefined || held.at(call.callee, call.connection) === undefined) return;
          let last = sizes.get(call.connection);
          if (last === undefined) sizes.set(call.connection, (last = []));
          for (const { dataLength } of call.lists) last.push(dataLength);
          if (last.length > mostSizes) last.splice(0, last.length - mostSizes);
        },
        NdisTcpOffloadEventHandler: (call) => {
          const reason = reasonOf(call);
          const known = held.at(call.caller, call.connection);
          if (known === undefined) return;
          if (reason === reasons.noBuffer) {
            const posted = [...facts.lists.open('miniport', call.caller, call.connection, 'receive')];
            const earlier = posted.filter((one) => one.call.time + settling < call.time);
            expect(earlier.length === 0, () => ({
              events: [earlier[0]?.call.event, call.event],
              found: `TcpIndicateRetrieve(NoBufferProposting) with ${posted.length} receives posted`,
              expected: 'this reason only when no receive is posted',
              component: call.caller,
              connection: call.connection,
            }));
          }
          if (reason === reasons.smallIo) {
            const last = sizes.get(known.connection) ?? [];
            const small = last.length === 0 || last.some((size) => size < largeReceive);
            expect(small, () => ({
              events: [known.taken?.event, call.event],
              found: `TcpIndicateRetrieve(SmallIO), and the last receives posted had ${Math.min(...last)} bytes and more`,
              expected: 'this reason only when posted receives are small',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),

  rule('EVT-030', ({ expect, facts }) => {
    const seen = new Map<number, Evidence>();
    let fragments = 0;
    const evidenceOf = (connection: number): Evidence => {
      let evidence = seen.get(connection);
      if (evidence === undefined)
        seen.set(connection, (evidence = { resent: 0, disordered: 0, payloadAt: 0, payload: undefined }));
      return evidence;
    };
    const wire = facts.of(flows);
    return {
      frame: (frame) => {
        if (frame.isFragment) fragments++;
        if (frame.connection === undefined || frame.path === 'peer' || frame.payloadLength === 0) return;
        const evidence = evidenceOf(frame.connection);
        if (frame.record.retransmission) evidence.resent++;
        evidence.payloadAt = frame.time;
        evidence.payload = frame.event;
      },
      peerFate: ({ fate }, frame, time) => {
        if (frame.connection === undefined || frame.payloadLength === 0) return;
        if (!fateDelivers(fate)) return;
        const evidence = evidenceOf(frame.connection);
        evidence.payloadAt = time;
        evidence.payload = frame.event;
        const { contiguousEnd } = wire.of(frame.connection)?.peer.arrived ?? {};
        if (contiguousEnd !== undefined && frame.sequence !== contiguousEnd) evidence.disordered++;
      },
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const reason = reasonOf(call);
          if (reason === undefined || call.connection === undefined || !facts.historyComplete) return;
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const { resent, disordered, payloadAt, payload } = evidenceOf(call.connection);
          const judge = (holds: boolean, traffic: string): void => {
            expect(holds, () => ({
              events: [payload, call.event],
              found: `TcpIndicateRetrieve(${reasonName(reason)}), ${traffic}`,
              expected: 'a reason that the traffic bears out',
              component: call.caller,
              connection: call.connection,
            }));
          };
          if (reason === reasons.highDropRate)
            judge(resent > 0, 'and the connection has not retransmitted anything');
          if (reason === reasons.outOfOrder) judge(disordered > 0, 'and everything has arrived in order');
          if (reason === reasons.fragmentation) judge(fragments > 0, 'and not one fragment has arrived');
          if (reason === reasons.lowActivity)
            judge(
              payloadAt === 0 || call.time - payloadAt > settling,
              `${Math.round((call.time - payloadAt) / 1e3)} µs after the last payload`,
            );
        },
      },
    };
  }),
];

/** What a connection's traffic has shown. */
interface Evidence {
  resent: number;
  disordered: number;
  payloadAt: VirtualTime;
  payload: EventId | undefined;
}

/** Receives whose sizes are remembered, and the size from which nobody can call them small, bytes. */
const mostSizes = 8;
const largeReceive = 65_536;
