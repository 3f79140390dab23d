/** Rules about the two modes of receive requests: what ends one that is not full. */
import { NDIS_STATUS } from '../../../ddi/status';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { NetBufferListSnapshot } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { flows, type Flow } from '../../facts/flows';
import { protocolTimers } from '../../facts/protocolTimers';
import type { LentList } from '../../facts/listLedger';
import { stays, type Stay } from '../../facts/stays';
import { isNonpush, isOutOfOrder, roomOf } from './posts';

/** What a target that has much to do may need for a pass of the delivery algorithm, virtual ns. */
const pass = 30_000_000;

interface Partial {
  readonly call: Call;
  readonly list: NetBufferListSnapshot;
  readonly lent: LentList;
  readonly stay: Stay;
  readonly flow: Flow;
  /** Sequence number behind the last byte that was placed in it. */
  readonly end: number;
}

/** Calls `judge` for every receive that is completed with success while nothing ends the connection, with where its data ends. */
function forEachSuccess({ facts }: RuleContext, judge: (completed: Partial) => void): Handlers {
  const connections = facts.of(stays);
  const segments = facts.of(flows);
  /** Stays in which receives have overtaken each other: where their data stands is not known any more. */
  const lost = new WeakSet<Stay>();
  return {
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        const stay = connections.ofCompletion(call);
        const flow = segments.of(stay?.connection);
        if (stay === undefined || flow === undefined) return;
        if (isOutOfOrder(facts, call)) lost.add(stay);
        if (lost.has(stay)) return;
        let end = stay.delivered;
        const isEnding =
          stay.upload !== undefined || stay.abort !== undefined || stay.abortiveClose !== undefined;
        for (const { list, lent } of facts.lists.givenBack(call)) {
          end = (end + list.bytesTransferred) >>> 0;
          if (lent?.purpose !== 'receive' || list.status !== NDIS_STATUS.SUCCESS || isEnding) continue;
          if (flow.peer.arrived.fin === undefined) judge({ call, list, lent, stay, flow, end });
        }
      },
    },
  };
}

/** The last segment of the peer's that has arrived, if it ends where a request's data ends. */
function lastSegment({ flow, end }: Partial): WireFrame | undefined {
  const last = flow.peer.arrived.lastWithData;
  return last !== undefined && last.sequenceEnd === end ? last : undefined;
}

/** See the file's head. */
export const receiveModeRules: readonly Rule[] = [
  rule('RCV-007', (context) =>
    forEachSuccess(context, (completed) => {
      const { call, list, lent } = completed;
      if (!isNonpush(lent) || list.bytesTransferred === 0) return;
      const cause = lastSegment(completed);
      const isPushed = list.bytesTransferred < roomOf(lent) && cause?.has(tcpFlags.PSH) === true;
      context.expect(!isPushed, () => ({
        events: [lent.call.event, cause?.event, call.event],
        found: `a request with TcpReceiveNoPush was completed behind a segment with PSH, with ${list.bytesTransferred} of ${roomOf(lent)} bytes`,
        expected: 'TcpReceiveNoPush makes a request wait until it is full',
        component: call.caller,
        connection: lent.connection,
      }));
    }),
  ),

  rule('RCV-017', (context) =>
    forEachSuccess(context, ({ call, list, lent }) => {
      // Given back empty: RCV-006.
      if (!isNonpush(lent) || list.bytesTransferred === 0) return;
      const room = roomOf(lent);
      context.expect(list.bytesTransferred >= room, () => ({
        events: [lent.call.event, call.event],
        found: `a nonpush receive was completed with NDIS_STATUS_SUCCESS and ${list.bytesTransferred} of ${room} bytes`,
        expected: 'it is completed when it is full',
        component: call.caller,
        connection: lent.connection,
      }));
    }),
  ),

  rule('RCV-018', (context) => {
    const timers = context.facts.of(protocolTimers);
    return forEachSuccess(context, (completed) => {
      const { call, list, lent, flow, end } = completed;
      const { bytesTransferred } = list;
      if (isNonpush(lent) || bytesTransferred === 0 || bytesTransferred >= roomOf(lent)) return;
      const timer =
        lent.connection === undefined ? undefined : timers.of('push timer', lent.connection, call.caller);
      // A trace without timers leaves room for one.
      if (timer === undefined && call.time - flow.peer.arrived.lastAt > pass) return;
      if (timer?.to === 'expired' && call.time - timer.at <= pass) return;
      // Only a segment that leads to the completion at once, and behind which nothing more has come in order, speaks against a timer.
      const cause = flow.peer.arrived.lastWithData;
      if (cause === undefined || call.record.cause !== cause.event) return;
      const isLast = flow.peer.arrived.contiguousEnd === cause.sequenceEnd;
      if (!isLast || sequenceDistance(end, cause.sequenceEnd) < 0) return;
      const isPushed = cause.has(tcpFlags.PSH) && end === cause.sequenceEnd;
      context.expect(isPushed, () => ({
        events: [lent.call.event, cause.event, call.event],
        found: `a receive was completed with ${bytesTransferred} of ${roomOf(lent)} bytes when a segment came that ends elsewhere or has no PSH`,
        expected: 'a partly filled receive waits for PSH or for the push timer',
        component: call.caller,
        connection: lent.connection,
      }));
    });
  }),
];
