/** Rules about completed receives. */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { NetBufferListSnapshot } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { listName, onlyPosted } from '../../engine/completedLists';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { adapterFacts } from '../../facts/adapters';
import { flows } from '../../facts/flows';
import type { LentList } from '../../facts/listLedger';
import { stays } from '../../facts/stays';
import { uploadFollows } from '../uploadFollows';
import { isNonpush, prefilledBytes, roomOf } from './posts';

/** Calls `judge` for each posted receive that a target completes. */
function forEachReceive(
  { facts }: RuleContext,
  call: Call,
  judge: (list: NetBufferListSnapshot, lent: LentList) => void,
): void {
  for (const { list, lent } of facts.lists.givenBack(call))
    if (lent?.purpose === 'receive') judge(list, lent);
}

const legalStatuses = new Set<number>([
  NDIS_STATUS.SUCCESS,
  NDIS_STATUS.REQUEST_ABORTED,
  NDIS_STATUS.UPLOAD_IN_PROGRESS,
  NDIS_STATUS.INVALID_STATE,
]);

const serialized = ['NdisTcpOffloadReceiveComplete', 'NdisTcpOffloadReceiveHandler'] as const;

function nothing(): { events: []; found: string; expected: string } {
  return { events: [], found: '', expected: '' };
}

/** See the file's head. */
export const receiveCompletionRules: readonly Rule[] = [
  rule('RCV-006', (context) => {
    const connections = context.facts.of(stays);
    const segments = context.facts.of(flows);
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          const isEnding =
            stay === undefined ||
            stay.upload !== undefined ||
            stay.invalidate !== undefined ||
            segments.of(stay.connection)?.peer.arrived.reset !== undefined ||
            stay.abort !== undefined ||
            stay.abortiveClose !== undefined ||
            stay.disconnect !== undefined ||
            segments.of(stay.connection)?.peer.arrived.fin !== undefined;
          if (isEnding) return;
          forEachReceive(context, call, (list, lent) => {
            // What was there before it was posted may go up as it is (TMR-048).
            if (roomOf(lent) === 0 || prefilledBytes(lent) > 0) return;
            const mode = isNonpush(lent) ? 'nonpush' : 'push';
            context.expect(list.bytesTransferred > 0, () => ({
              events: [lent.call.event, call.event],
              found: `a receive in ${mode} mode was given back empty with ${statusName(list.status)} on a connection in good order`,
              expected: 'requests of both modes are filled and completed',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('RCV-009', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        let index = 0;
        forEachReceive(context, call, (list, lent) => {
          const isFirst = index++ === 0;
          const prefilled = prefilledBytes(lent);
          if (prefilled === 0) return;
          const { dataLength } = lent.snapshot;
          context.expect(list.bytesTransferred + prefilled <= dataLength, () => ({
            events: [lent.call.event, call.event],
            found: `${list.bytesTransferred} bytes were placed in a request of ${dataLength} bytes that came with ${prefilled} bytes in it`,
            expected: `new data behind the first ${prefilled} bytes`,
            component: call.caller,
            connection: lent.connection,
          }));
          const before = lent.position === 0 && isFirst ? lent.call.number('FirstBytes') : undefined;
          const after = call.number('FirstBytes');
          if (before === undefined || after === undefined || prefilled < 6) return;
          context.expect(before === after, () => ({
            events: [lent.call.event, call.event],
            found: 'the bytes that a request came with are others when it is completed',
            expected: `new data behind the first ${prefilled} bytes`,
            component: call.caller,
            connection: lent.connection,
          }));
        });
      },
    },
  })),

  rule('RCV-019', (context) => {
    const last = new Map<number, { readonly lent: LentList; readonly event: number }>();
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          forEachReceive(context, call, (_list, lent) => {
            if (lent.connection === undefined) return;
            const key = lent.connection * 256 + call.caller;
            const before = last.get(key);
            const returned = lent.call.returned?.event ?? Infinity;
            // Posts that overlap on two processors have no order.
            const isInOrder =
              before === undefined ||
              before.lent.order < lent.order ||
              (returned > before.lent.call.event && lent.call !== before.lent.call);
            context.expect(isInOrder, () => ({
              events: [lent.call.event, before!.lent.call.event, before!.event, call.event],
              found: 'a receive was completed behind one that was posted later',
              expected: 'receives are handed back in the order in which they were posted',
              component: call.caller,
              connection: lent.connection,
            }));
            if (before === undefined || before.lent.order < lent.order)
              last.set(key, { lent, event: call.event });
          });
        },
      },
    };
  }),

  rule('RCV-020', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose === 'receive') expect(true, nothing);
            const past =
              lent === undefined ? facts.lists.past('miniport', call.caller, list.address) : undefined;
            if (past?.purpose !== 'receive') continue;
            expect(false, () => ({
              events: [past.call.event, past.end.event, call.event],
              found: `receive ${listName(list)} was completed, and had been completed before`,
              expected: 'each receive is completed once',
              component: call.caller,
              connection: past.call.connection,
            }));
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
            const open = facts.lists.open('miniport', call.caller, connection, 'receive');
            if (open.size === 0) expect(true, nothing);
            for (const lent of open) {
              expect(false, () => ({
                events: [lent.call.event, call.event],
                found: `receive ${listName(lent)} was still outstanding when the terminate was completed`,
                expected: 'every receive is completed before',
                component: call.caller,
                connection,
                object: block.object,
              }));
            }
          }
        },
      },
      returned: {
        MiniportHaltEx: (call) => {
          // Lists of a driver with several adapters may be those of another one.
          if (adapters.ofDriver(call.callee).length > 1) return;
          for (const lent of facts.lists.allAt('miniport', call.callee)) {
            if (lent.purpose !== 'receive') continue;
            expect(false, () => ({
              events: [lent.call.event, call.event],
              found: `receive ${listName(lent)} was still outstanding when the adapter was halted`,
              expected: 'every receive is completed before',
              component: call.callee,
              connection: lent.connection,
            }));
          }
        },
      },
    };
  }),

  rule('RCV-021', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        onlyPosted(context, call, 'receive', 'only what was posted as a receive is completed as one');
      },
    },
  })),

  rule('RCV-022', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        forEachReceive(context, call, (list, lent) => {
          context.expect(list.bytesTransferred <= lent.snapshot.dataLength, () => ({
            events: [lent.call.event, call.event],
            found: `a receive of ${lent.snapshot.dataLength} bytes reports ${list.bytesTransferred} bytes`,
            expected: 'no more bytes than were posted',
            component: call.caller,
            connection: lent.connection,
          }));
        });
      },
    },
  })),

  rule('RCV-023', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        forEachReceive(context, call, (list, lent) => {
          const advanced = lent.snapshot.dataLength - list.dataLength;
          context.expect(advanced === list.bytesTransferred, () => ({
            events: [lent.call.event, call.event],
            found: `the NET_BUFFER of a receive was advanced by ${advanced} bytes, and ${list.bytesTransferred} were reported`,
            expected: 'NdisAdvanceNetBufferDataStart by the bytes that were placed',
            component: call.caller,
            connection: lent.connection,
          }));
        });
      },
    },
  })),

  rule('RCV-024', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        forEachReceive(context, call, (list, lent) => {
          context.expect(legalStatuses.has(list.status), () => ({
            events: [lent.call.event, call.event],
            found: `a receive was completed with ${statusName(list.status)}`,
            expected: [...legalStatuses].map((status) => statusName(status)).join(', '),
            component: call.caller,
            connection: lent.connection,
          }));
        });
      },
    },
  })),

  rule('RCV-026', (context) => {
    const connections = context.facts.of(stays);
    const segments = context.facts.of(flows);
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          const flow = segments.of(stay?.connection);
          const acknowledged = flow?.machine.sent.acknowledgment;
          if (stay === undefined || stay.refusal !== undefined || acknowledged === undefined) return;
          // What has been acknowledged and not handed over is in the requests, oldest first.
          const hasFin = flow?.peer.arrived.finEnd === acknowledged;
          let left = sequenceDistance(stay.delivered, acknowledged) - (hasFin ? 1 : 0);
          forEachReceive(context, call, (list, lent) => {
            const placed = Math.max(0, Math.min(left, roomOf(lent)));
            left -= placed;
            if (list.status !== NDIS_STATUS.REQUEST_ABORTED) return;
            context.expect(list.bytesTransferred >= placed, () => ({
              events: [lent.call.event, flow?.machine.sent.acknowledgmentBy?.event, call.event],
              found: `an aborted receive reports ${list.bytesTransferred} bytes; ${placed} had been acknowledged and belong into it`,
              expected: 'the valid bytes are reported whatever the status',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('RCV-027', (context) =>
    uploadFollows(context, {
      purpose: 'receive',
      completion: 'NdisTcpOffloadReceiveComplete',
      what: 'a receive',
    }),
  ),

  rule('RCV-028', (context) => {
    const connections = context.facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          if (stay === undefined) return;
          forEachReceive(context, call, (list, lent) => {
            if (list.status !== NDIS_STATUS.INVALID_STATE) return;
            const told = stay.disconnect ?? stay.abort;
            const returned = lent.call.returned?.event;
            // A post and the event may overlap on two processors.
            const isLate = told !== undefined && (returned === undefined || returned > told.event);
            context.expect(isLate, () => ({
              events: [lent.call.event, told?.event, call.event],
              found:
                'a receive was completed with NDIS_STATUS_INVALID_STATE, and the target had told of no disconnect before it was posted',
              expected: 'TcpIndicateDisconnect before the request',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('RCV-029', (context) => {
    const connections = context.facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          const told = stay?.disconnect;
          if (stay === undefined || told?.returned === undefined) return;
          const { event } = told.returned;
          forEachReceive(context, call, (list, lent) => {
            if (lent.call.event < event) return;
            const { status } = list;
            const isRefused =
              status === NDIS_STATUS.INVALID_STATE ||
              status === NDIS_STATUS.REQUEST_ABORTED ||
              (status === NDIS_STATUS.UPLOAD_IN_PROGRESS && stay.upload !== undefined);
            context.expect(isRefused, () => ({
              events: [told.event, lent.call.event, call.event],
              found: `a receive that was posted after TcpIndicateDisconnect was completed with ${statusName(status)}`,
              expected: 'NDIS_STATUS_INVALID_STATE',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('RCV-031', (context) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        let partial: LentList | undefined;
        forEachReceive(context, call, (list, lent) => {
          if (list.status !== NDIS_STATUS.SUCCESS || list.bytesTransferred === 0) return;
          const before = partial;
          context.expect(before === undefined, () => ({
            events: [before!.call.event, lent.call.event, call.event],
            found: 'in one completion a partly filled receive stands before another that carries data',
            expected: 'filled receives, and one that is partly filled at the end',
            component: call.caller,
            connection: lent.connection,
          }));
          if (list.bytesTransferred < roomOf(lent)) partial = lent;
        });
      },
    },
  })),

  rule('RCV-032', ({ expect }) => ({
    call: {
      NdisTcpOffloadReceiveComplete: (call) => {
        const outer = call.enclosing(
          ({ functionName, caller, connection }) =>
            functionName === 'NdisTcpOffloadReceiveComplete' &&
            caller === call.caller &&
            connection === call.connection,
        );
        expect(outer === undefined, () => ({
          events: [outer!.event, call.event],
          found: 'NdisTcpOffloadReceiveComplete was called inside another call of it on the same connection',
          expected: 'the target waits until the outer call has returned',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('RCV-033', ({ expect }): Handlers => {
    const running = new Map<number, Call>();
    const keyOf = ({ caller, connection }: Call): number | undefined =>
      connection === undefined ? undefined : connection * 256 + caller;
    const begin = (call: Call): void => {
      const key = keyOf(call);
      if (key === undefined) return;
      const before = running.get(key);
      expect(before === undefined, () => ({
        events: [before!.event, call.event],
        found: `${call.functionName} was called while ${before!.functionName} on the same connection had not returned`,
        expected: 'completions and indications of a connection one after the other, on whatever processor',
        component: call.caller,
        connection: call.connection,
      }));
      if (before === undefined) running.set(key, call);
    };
    const end = (call: Call): void => {
      const key = keyOf(call);
      if (key !== undefined && running.get(key) === call) running.delete(key);
    };
    return {
      call: Object.fromEntries(serialized.map((name) => [name, begin])),
      returned: Object.fromEntries(serialized.map((name) => [name, end])),
    };
  }),
];
