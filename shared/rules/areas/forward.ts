/** Rules of the area "forward" (FWD): segments handed down by the host stack. */
import { sequenceDistance } from '../../analysis/tcpSegment';
import { NDIS_STATUS, statusName } from '../../ddi/status';
import type { NetBufferListSnapshot } from '../../trace/records';
import type { RuleId } from '../catalogue';
import type { EventId } from '../../trace/records';
import type { Call } from '../engine/call';
import { expectStatus } from '../engine/commonChecks';
import { tcpFlags } from '../engine/frame';
import { passedUpUnchanged } from '../engine/passedUp';
import { RecentMap } from '../engine/recentMap';
import { rule, type Rule } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { busyAdapters } from '../facts/busyAdapters';
import type { LentList } from '../facts/listLedger';
import { uploads } from '../facts/uploads';
import { handedRules } from './forward/handed';
import { segmentsOf, type ForwardedSegment } from './forward/segments';
import { WaitingMap } from '../engine/gate';

const completionStatuses: readonly number[] = [
  NDIS_STATUS.SUCCESS,
  NDIS_STATUS.UPLOAD_IN_PROGRESS,
  NDIS_STATUS.REQUEST_ABORTED,
];

/** Requests whose failure tells that the hardware has lost its connections. */
const failing: ReadonlySet<string> = new Set(['query', 'invalidate', 'terminate']);

function keyOf(driver: number, item: number): number {
  return item * 1024 + driver;
}

function portOf(end: string | undefined): number | undefined {
  return end === undefined ? undefined : Number(end.slice(end.lastIndexOf(':') + 1));
}

/** Segments of a connection whose arrivals are remembered. */
const mostArrivals = 256;

/** See the file's head. */
export const forwardRules: readonly Rule[] = [
  rule('FWD-001', ({ expect }) => ({
    returned: {
      MiniportTcpOffloadForward: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('FWD-002', ({ expect }) => ({
    returned: {
      NdisOffloadTcpForward: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('FWD-003', ({ expect }) => ({
    call: {
      NdisOffloadTcpForward: (call) => {
        for (const { netBufferCount } of call.lists)
          expect(netBufferCount === 1, () => ({
            events: [call.parent?.event, call.event],
            found: `a forwarded NET_BUFFER_LIST has ${netBufferCount} NET_BUFFERs`,
            expected: 'one NET_BUFFER with one TCP segment',
            component: call.caller,
            connection: call.connection,
          }));
      },
    },
  })),

  rule('FWD-004', ({ expect, facts }) => ({
    call: {
      NdisOffloadTcpForward: (call) => {
        const ends = call.connection === undefined ? undefined : facts.machine.ends(call.connection);
        const local = portOf(ends?.local);
        const remote = portOf(ends?.remote);
        for (const { bytes, list, headerLength } of segmentsOf(call)) {
          if (local === undefined || remote === undefined) continue;
          const from = bytes[0]! * 256 + bytes[1]!;
          const to = bytes[2]! * 256 + bytes[3]!;
          const isHeader = from === remote && to === local;
          const fits = headerLength >= 20 && headerLength <= list.dataLength;
          expect(isHeader && fits, () => ({
            events: [call.parent?.event, call.event],
            found: isHeader
              ? `a forwarded segment of ${list.dataLength} bytes has a TCP header of ${headerLength}`
              : 'a forwarded NET_BUFFER does not begin with the TCP header of the connection',
            expected: `the TCP header first: source port ${remote}, destination port ${local}`,
            component: call.caller,
            connection: call.connection,
          }));
        }
      },
    },
  })),

  rule('FWD-005', ({ expect, facts }) => {
    /** The highest acknowledgment that the host stack itself has sent, by connection. */
    const acknowledged = new Map<number, { readonly number: number; readonly event: number }>();
    /** When segments last came, by connection and sequence number: one that comes again is not the one that was acknowledged. */
    const arrivals = new Map<number, RecentMap<number, EventId>>();
    return {
      peerFrame: (frame) => {
        if (!frame.isSegment || frame.payloadLength === 0) return;
        if (frame.connection === undefined || !acknowledged.has(frame.connection)) return;
        let known = arrivals.get(frame.connection);
        if (known === undefined) arrivals.set(frame.connection, (known = new RecentMap(mostArrivals)));
        known.set(frame.sequence, frame.event);
      },
      hostFrame: (frame) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        if (!frame.has(tcpFlags.ACK)) return;
        const before = acknowledged.get(frame.connection);
        if (before === undefined || sequenceDistance(before.number, frame.acknowledgment) > 0)
          acknowledged.set(frame.connection, { number: frame.acknowledgment, event: frame.event });
      },
      call: {
        NdisOffloadTcpForward: (call) => {
          if (call.connection === undefined || facts.machine.role(call.caller) !== 'host-stack') return;
          const highest = acknowledged.get(call.connection);
          for (const { sequence, end } of segmentsOf(call)) {
            if (sequence === end || highest === undefined) continue;
            const came = arrivals.get(call.connection)?.get(sequence) ?? -1;
            if (came > highest.event) continue;
            expect(sequenceDistance(highest.number, end) > 0, () => ({
              events: [highest.event, call.event],
              found: 'a segment was forwarded that the host stack had acknowledged',
              expected: 'only segments that nobody has acknowledged',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),

  rule('FWD-011', ({ expect, facts }) => {
    const judge = (call: Call): void => {
      for (const { address } of call.lists) {
        const lent = facts.lists.find('protocol', call.caller, address);
        if (lent?.purpose !== 'forward') continue;
        expect(false, () => ({
          events: [lent.call.event, call.event],
          found: `${call.functionName} passes a NET_BUFFER_LIST whose forward has not been completed`,
          expected: "NdisTcpOffloadForwardComplete first: until then the list is the target's",
          component: call.caller,
          connection: call.connection,
        }));
      }
    };
    const judgeBelow = (call: Call): void => {
      for (const { list, lent } of facts.lists.givenBack(call)) {
        if (lent?.purpose !== 'forward') continue;
        expect(list.dataLength === lent.snapshot.dataLength, () => ({
          events: [lent.call.event, call.event],
          found: `a forwarded segment of ${lent.snapshot.dataLength} bytes came back with ${list.dataLength}`,
          expected: 'the structures as they were forwarded',
          component: call.caller,
          connection: lent.connection,
        }));
      }
    };
    return {
      call: {
        NdisOffloadTcpForward: judge,
        NdisOffloadTcpSend: judge,
        NdisOffloadTcpReceive: judge,
        NdisSendNetBufferLists: judge,
        NdisTcpOffloadForwardComplete: judgeBelow,
      },
    };
  }),

  rule('FWD-012', ({ expect, facts }) => {
    const adapters = facts.of(busyAdapters);
    /** Segments that count as processed, until an acknowledgment has covered them. */
    const processed = new WaitingMap<
      number,
      { readonly segment: ForwardedSegment; readonly completion: Call }
    >();
    const pending = new Map<Call, ForwardedSegment[]>();
    /** What an upload takes along is acknowledged by the host stack, or comes again. */
    const forget = (target: number, call: Call): void => {
      for (const { object } of treeOf(call)) {
        const connection = facts.objects.find(object)?.connection;
        if (connection !== undefined) processed.delete(keyOf(target, connection));
      }
    };
    return {
      call: {
        MiniportTcpOffloadForward: (call) => {
          pending.set(call, segmentsOf(call));
        },
        NdisTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'forward' || lent.connection === undefined) continue;
            const segments = pending.get(lent.call);
            const segment = segments?.find((one) => one.list.address === list.address);
            if (segments?.at(-1) === segment) pending.delete(lent.call);
            if (segment === undefined || segment.sequence === segment.end) continue;
            if (list.status === NDIS_STATUS.SUCCESS)
              processed.set(keyOf(call.caller, lent.connection), { segment, completion: call });
          }
        },
        MiniportTerminateOffload: (call) => {
          forget(call.callee, call);
        },
        // It may have been completed during the terminate.
        NdisMTerminateOffloadComplete: (call) => {
          forget(call.caller, call);
        },
      },
      guarded: [
        {
          gate: processed.gate,
          chimneyFrame: (frame) => {
            if (frame.connection === undefined || !frame.isSegment) return;
            const key = keyOf(frame.sender, frame.connection);
            const one = processed.get(key);
            // What was queued before leaves within a moment, from a busy adapter a little later.
            if (one === undefined) return;
            if (frame.time - one.completion.time < adapters.longestWait(frame, 10_000_000)) return;
            processed.delete(key);
            const { segment, completion } = one;
            const fromStart = sequenceDistance(segment.sequence, frame.acknowledgment);
            const toEnd = sequenceDistance(frame.acknowledgment, segment.end);
            expect(fromStart < 0 || toEnd <= 0, () => ({
              events: [segment.call.event, completion.event, frame.event],
              found: `a forward was completed with NDIS_STATUS_SUCCESS, and the target still waits for ${toEnd} bytes of the segment`,
              expected: 'the segment processed as if it had come from the wire',
              component: frame.sender,
              connection: frame.connection,
            }));
          },
        },
      ],
    };
  }),

  rule('FWD-013', ({ expect, facts }) => {
    const done = new Map<number, Call>();
    return {
      call: {
        MiniportTcpOffloadForward: (call) => {
          for (const { address } of call.lists) done.delete(keyOf(call.callee, address));
        },
        NdisTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const key = keyOf(call.caller, list.address);
            const before = lent === undefined ? done.get(key) : undefined;
            if (lent?.purpose === 'forward') done.set(key, call);
            if (lent?.purpose !== 'forward' && before === undefined) continue;
            expect(before === undefined, () => ({
              events: [before?.event, call.event],
              found: 'a forward was completed a second time',
              expected: 'one NdisTcpOffloadForwardComplete for each list',
              component: call.caller,
              connection: call.connection ?? before?.connection,
            }));
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { object, status } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection === undefined || status !== NDIS_STATUS.SUCCESS) continue;
            const [open] = facts.lists.open('miniport', call.caller, connection, 'forward');
            if (open === undefined) continue;
            expect(false, () => ({
              events: [open.call.event, call.event],
              found: 'a terminate was completed while a forward of the connection was outstanding',
              expected: 'NdisTcpOffloadForwardComplete first',
              component: call.caller,
              connection,
              object,
            }));
          }
        },
      },
    };
  }),

  rule('FWD-014', ({ expect, facts }) => {
    const forwarded = new Set<number>();
    return {
      call: {
        MiniportTcpOffloadForward: (call) => {
          for (const { address } of call.lists) forwarded.add(keyOf(call.callee, address));
        },
        NdisTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const isForward =
              lent === undefined
                ? forwarded.has(keyOf(call.caller, list.address)) || !facts.historyComplete
                : lent.purpose === 'forward';
            expect(isForward, () => ({
              events: [lent?.call.event, call.event],
              found:
                lent === undefined
                  ? 'a NET_BUFFER_LIST that was never forwarded was completed as a forward'
                  : `a NET_BUFFER_LIST that was lent for a ${lent.purpose} was completed as a forward`,
              expected: 'lists that came through MiniportTcpOffloadForward',
              component: call.caller,
              connection: call.connection ?? lent?.connection,
            }));
          }
        },
      },
    };
  }),

  rule('FWD-015', ({ expect, facts }) => {
    const known = facts.of(uploads);
    interface Completed {
      readonly list: NetBufferListSnapshot;
      readonly lent: LentList;
      readonly call: Call;
    }
    /** Aborted while a request is under way whose failure would explain it. */
    const unexplained: Completed[] = [];
    const decide = (holds: boolean, { list, lent, call }: Completed): void => {
      expect(holds, () => ({
        events: [lent.call.event, call.event],
        found:
          list.status === NDIS_STATUS.REQUEST_ABORTED
            ? 'a forward was completed with NDIS_STATUS_REQUEST_ABORTED, and the connection has not been aborted'
            : `a forward was completed with ${statusName(list.status)}`,
        expected:
          'NDIS_STATUS_SUCCESS, NDIS_STATUS_UPLOAD_IN_PROGRESS during an upload, NDIS_STATUS_REQUEST_ABORTED after a RST',
        component: call.caller,
        connection: lent.connection,
      }));
    };
    const explain = (completion: Call): void => {
      if (unexplained.length === 0) return;
      const hasFailed = treeOf(completion).some(({ status }) => status === NDIS_STATUS.FAILURE);
      for (const one of unexplained.filter(({ call }) => call.caller === completion.caller)) {
        unexplained.splice(unexplained.indexOf(one), 1);
        decide(hasFailed, one);
      }
    };
    return {
      call: {
        NdisTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'forward') continue;
            const { status } = list;
            const isExplained =
              status !== NDIS_STATUS.REQUEST_ABORTED ||
              known.abortOf(call.caller, lent.connection) !== undefined ||
              !facts.historyComplete;
            const isUnderWay = [...facts.objects.treesAt('miniport', call.caller)].some(({ verb }) =>
              failing.has(verb),
            );
            if (!isExplained && isUnderWay) unexplained.push({ list, lent, call });
            else decide(completionStatuses.includes(status) && isExplained, { list, lent, call });
          }
        },
        NdisMQueryOffloadStateComplete: explain,
        NdisMInvalidateOffloadComplete: explain,
        NdisMTerminateOffloadComplete: explain,
      },
    };
  }),

  rule('FWD-016', ({ expect, facts }) => {
    /** Segments that came back for an upload, by connection. */
    const back = new Map<number, { readonly segment: ForwardedSegment; readonly completion: Call }[]>();
    /** When the host stack got the connection. */
    const uploaded = new WaitingMap<number, Call>();
    const pending = new Map<Call, ForwardedSegment[]>();
    return {
      call: {
        NdisOffloadTcpForward: (call) => {
          if (facts.machine.role(call.caller) === 'host-stack') pending.set(call, segmentsOf(call));
        },
        ProtocolTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'forward' || lent.connection === undefined) continue;
            const segment = pending.get(lent.call)?.find((one) => one.list.address === list.address);
            pending.delete(lent.call);
            if (segment === undefined || list.status !== NDIS_STATUS.UPLOAD_IN_PROGRESS) continue;
            if (segment.sequence === segment.end) continue;
            const others = back.get(lent.connection);
            if (others === undefined) back.set(lent.connection, [{ segment, completion: call }]);
            else others.push({ segment, completion: call });
          }
        },
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined && back.has(connection)) uploaded.set(connection, call);
          }
        },
      },
      guarded: [
        {
          gate: uploaded.gate,
          hostFrame: (frame) => {
            const { connection } = frame;
            if (connection === undefined) return;
            const upload = uploaded.get(connection);
            // What the host stack had queued before leaves within a moment.
            if (upload === undefined || !frame.isSegment || frame.time - upload.time < 200_000) return;
            uploaded.delete(connection);
            const segments = back.get(connection) ?? [];
            back.delete(connection);
            for (const { segment, completion } of segments) {
              const isMissing =
                sequenceDistance(segment.sequence, frame.acknowledgment) >= 0 &&
                sequenceDistance(frame.acknowledgment, segment.end) > 0;
              expect(!isMissing, () => ({
                events: [completion.event, upload.event, frame.event],
                found:
                  'a forward came back for an upload, and after it the host stack still waits for the segment',
                expected: 'the host stack keeps the segment and processes it itself after the upload',
                component: upload.callee,
                connection,
              }));
            }
          },
        },
      ],
    };
  }),

  rule('FWD-017', ({ expect, facts }) => {
    /** Segments that came back aborted. */
    const aborted = new Map<string, Call>();
    const pending = new Map<Call, ForwardedSegment[]>();
    return {
      call: {
        NdisOffloadTcpForward: (call) => {
          const segments = segmentsOf(call);
          pending.set(call, segments);
          for (const { digits } of segments) {
            const before = aborted.get(`${call.caller} ${call.connection} ${digits}`);
            if (aborted.size === 0) continue;
            expect(before === undefined, () => ({
              events: [before?.event, call.event],
              found: 'a segment was forwarded again whose forward had been aborted',
              expected: 'the host stack discards it',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
        ProtocolTcpOffloadForwardComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'forward') continue;
            const segment = pending.get(lent.call)?.find((one) => one.list.address === list.address);
            pending.delete(lent.call);
            if (segment === undefined || list.status !== NDIS_STATUS.REQUEST_ABORTED) continue;
            aborted.set(`${call.callee} ${lent.connection} ${segment.digits}`, call);
            expect(true, () => ({ events: [], found: '', expected: '' }));
          }
        },
      },
    };
  }),

  rule('FWD-019', (context) =>
    passedUpUnchanged(context, 'NdisTcpOffloadForwardComplete', 'ProtocolTcpOffloadForwardComplete'),
  ),

  ...handedRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const forwardUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
