/** TcpIndicateAbort: when the peer has reset the connection (EVT-010, EVT-013 to EVT-016). */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import {
  chimneyConnections,
  stateNumber,
  tcpEvents,
  type ChimneyConnection,
} from '../../facts/chimneyConnections';
import { stays } from '../../facts/stays';
import { flows } from '../../facts/flows';
import type { ListPurpose } from '../../facts/edges';
import type { LentList } from '../../facts/listLedger';

/** What a target may take from a segment to its event, virtual ns. */
const settling = 1_000_000;

/** What a host stack may take until it terminates. */
const patience = 1_000_000;

const hardwareFailure = constantValue('HardwareFailure');

/** States in which an acceptable RST is an abort for sure. */
const openStates: ReadonlySet<number | undefined> = new Set([
  constantValue('TcpConnectionEstablished'),
  constantValue('TcpConnectionFinWait1'),
  constantValue('TcpConnectionFinWait2'),
  constantValue('TcpConnectionCloseWait'),
]);

function isAbort(call: Call): boolean {
  return call.number('EventType') === tcpEvents.abort;
}

/** The requests that were open at a TcpIndicateAbort, and how each must end. */
function abortedRequests(
  { expect, facts }: RuleContext,
  purposes: readonly ListPurpose[],
  judge: (status: NdisStatus, bytes: number, lent: LentList) => 'right' | 'wrong' | 'milder',
): Handlers {
  const held = facts.of(chimneyConnections);
  const open = new Map<LentList, Call>();
  const completed = (call: Call): void => {
    if (open.size === 0) return;
    for (const { list, lent } of facts.lists.givenBack(call)) {
      const event = lent === undefined ? undefined : open.get(lent);
      if (lent === undefined || event === undefined) continue;
      open.delete(lent);
      const verdict = judge(list.status, list.bytesTransferred, lent);
      expect(verdict === 'right', () => ({
        events: [event.event, call.event],
        found: `after TcpIndicateAbort a ${lent.purpose} was completed with ${statusName(list.status)} and ${list.bytesTransferred} bytes`,
        expected: statusName(NDIS_STATUS.REQUEST_ABORTED),
        component: call.caller,
        connection: lent.connection,
        ...(verdict === 'milder' ? { severity: 'warning' } : {}),
      }));
    }
  };
  return {
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        const known = held.at(call.caller, call.connection);
        if (known === undefined || !isAbort(call)) return;
        for (const purpose of purposes)
          for (const lent of facts.lists.open('miniport', known.target, known.connection, purpose))
            open.set(lent, call);
      },
      NdisTcpOffloadSendComplete: completed,
      NdisTcpOffloadReceiveComplete: completed,
      NdisTcpOffloadDisconnectComplete: completed,
      NdisMTerminateOffloadComplete: (call) => {
        if (open.size === 0) return;
        const ended = new Set(treeOf(call).map((block) => held.ofBlock(call.caller, block)?.connection));
        for (const [lent, event] of [...open]) {
          if (lent.driver !== call.caller || !ended.has(lent.connection)) continue;
          open.delete(lent);
          expect(false, () => ({
            events: [event.event, lent.call.event, call.event],
            found: `the terminate was completed with a ${lent.purpose} still pending that was open at TcpIndicateAbort`,
            expected: `the ${lent.purpose} completed first, with ${statusName(NDIS_STATUS.REQUEST_ABORTED)}`,
            component: call.caller,
            connection: lent.connection,
          }));
        }
      },
    },
  };
}

/** An RST that has arrived for a connection in a target's hands. */
interface ArrivedReset {
  readonly frame: WireFrame;
  readonly time: VirtualTime;
  /** Its number is RcvNxt, whichever way one reckons, and nothing stands against taking it. */
  readonly isExact: boolean;
}

/** See the file's head. */
export const peerResetRules: readonly Rule[] = [
  rule('EVT-010', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const wire = facts.of(flows);
    const resets = new Map<number, ArrivedReset>();
    /** An exact RST must have been followed by the event, unless the connection was going already. */
    const decide = (known: ChimneyConnection, until: VirtualTime, last: EventId | undefined): void => {
      const reset = resets.get(known.connection);
      if (reset === undefined || !reset.isExact || known.taken === undefined) return;
      if (reset.time < known.taken.time || known.abortEvent !== undefined) return;
      const { mandatoryRetrieve } = known;
      if (reset.time + settling > until || mandatoryRetrieve !== undefined) return;
      expect(false, () => ({
        events: [reset.frame.event, last],
        found: `an RST with SEQ ${reset.frame.sequence} = RcvNxt arrived, and TcpIndicateAbort never came`,
        expected: 'TcpIndicateAbort',
        component: known.target,
        connection: known.connection,
      }));
    };
    return {
      peerControlFate: ({ fate, receiver }, frame, time) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        if (!frame.has(tcpFlags.RST) || !fateDelivers(fate) || fate === 'corrupted') return;
        if (facts.machine.role(receiver) === 'wire') return;
        const flow = wire.of(frame.connection);
        const { contiguousEnd } = flow?.peer.arrived ?? {};
        const { acknowledgment } = flow?.machine.sent ?? {};
        const known = held.of(frame.connection);
        const before = resets.get(frame.connection);
        if (before?.isExact === true) return;
        const isExact =
          known?.terminate === undefined &&
          known?.mandatoryRetrieve === undefined &&
          frame.sequence === contiguousEnd &&
          frame.sequence === acknowledgment &&
          openStates.has(stateNumber(facts, known?.object, 'State')) &&
          frame.sequence === stateNumber(facts, known?.object, 'RcvNxt');
        resets.set(frame.connection, { frame, time, isExact });
      },
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const known = held.at(call.caller, call.connection);
          if (known === undefined || !isAbort(call) || !facts.historyComplete) return;
          const reset = resets.get(known.connection);
          const failed = known.mandatoryRetrieve?.number('EventSpecificInformation') === hardwareFailure;
          const last = wire.of(known.connection)?.peer.arrived.last;
          expect(reset !== undefined || failed, () => ({
            events: [last?.event, call.event],
            found: 'TcpIndicateAbort, and neither an RST of the peer nor a hardware failure came before it',
            expected: 'TcpIndicateAbort only after an RST with SEQ equal to RcvNxt',
            component: call.caller,
            connection: call.connection,
          }));
        },
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

  rule('EVT-013', (context) => {
    const wire = context.facts.of(flows);
    const connections = context.facts.of(stays);
    return abortedRequests(context, ['send', 'disconnect'], (status, _bytes, lent) => {
      if (status === NDIS_STATUS.REQUEST_ABORTED) return 'right';
      // What the peer had acknowledged by then has been done.
      const acknowledged = (wire.of(lent.connection)?.peer.arrived.acknowledgmentAt ?? 0) > lent.call.time;
      // It may have come by way of the host stack.
      const isForwarded = connections.of(lent.driver, lent.connection)?.forwarded === true;
      return status === NDIS_STATUS.SUCCESS && (acknowledged || isForwarded) ? 'right' : 'wrong';
    });
  }),

  rule('EVT-014', (context) =>
    abortedRequests(context, ['receive'], (status, bytes) => {
      if (status === NDIS_STATUS.REQUEST_ABORTED || bytes > 0) return 'right';
      // A target may follow the page of the event, which speaks of sends and disconnects only (A102).
      return status === NDIS_STATUS.UPLOAD_IN_PROGRESS ? 'milder' : 'wrong';
    }),
  ),

  rule('EVT-015', ({ expect, facts }) => {
    /** TcpIndicateAbort by connection, as the host stack has heard it. */
    const aborted = new Map<number, Call>();
    return {
      call: {
        ProtocolTcpOffloadEvent: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack' || call.connection === undefined) return;
          if (isAbort(call) && !aborted.has(call.connection)) aborted.set(call.connection, call);
        },
        NdisTerminateOffload: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection !== undefined && aborted.delete(connection)) expect(true, neverAsked);
          }
        },
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const [connection, event] of aborted) {
          const held = facts.objects.connectionAt('protocol', event.callee, connection);
          // While a request about it is under way, it must not be terminated (TRM-004).
          if (held?.place !== 'held' || held.requests.length > 0 || event.time + patience > time) continue;
          expect(false, () => ({
            events: [event.event],
            found: 'TcpIndicateAbort, and the connection stayed offloaded',
            expected: 'NdisTerminateOffload for the connection',
            component: event.callee,
            connection,
          }));
        }
      },
    };
  }),

  rule('EVT-016', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    /** Segments that came for connections that were closed by then, and have not shown up in the host. */
    const waiting = new Map<number, { frame: WireFrame; time: VirtualTime }>();
    return {
      peerFate: ({ fate, receiver }, frame, time) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        const known = held.of(frame.connection);
        if (known?.abortEvent === undefined) return;
        if (!fateDelivers(fate) || fate === 'corrupted') return;
        if (facts.machine.role(receiver) === 'offload-target') waiting.set(frame.connection, { frame, time });
      },
      call: {
        NdisMIndicateReceiveNetBufferLists: (call) => {
          if (call.connection !== undefined && waiting.delete(call.connection)) expect(true, neverAsked);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const known = held.ofBlock(call.caller, block);
            const segment = known === undefined ? undefined : waiting.get(known.connection);
            if (known === undefined || segment === undefined) continue;
            waiting.delete(known.connection);
            if (segment.time + settling > call.time) continue;
            expect(false, () => ({
              events: [known.abortEvent?.event, segment.frame.event, call.event],
              found: 'a segment that came after TcpIndicateAbort was not given to the host stack',
              expected: 'NdisMIndicateReceiveNetBufferLists with the segment: the connection is CLOSED',
              component: known.target,
              connection: known.connection,
            }));
          }
        },
      },
    };
  }),
];

/** For cases that hold. */
function neverAsked(): never {
  throw new Error('a case that holds is no breach');
}
