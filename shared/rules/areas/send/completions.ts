/** Rules about the completion of sends, as calls tell. */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { NetBufferListSnapshot } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { listName, onlyPosted } from '../../engine/completedLists';
import { carriesUp } from '../../engine/carrying';
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows } from '../../facts/flows';
import type { LentList } from '../../facts/listLedger';
import { stays } from '../../facts/stays';
import { uploads } from '../../facts/uploads';
import { uploadFollows } from '../uploadFollows';

/** Calls `judge` for each posted send that a target completes. */
function forEachCompletion(
  { facts }: RuleContext,
  call: Call,
  judge: (list: NetBufferListSnapshot, lent: LentList) => void,
): void {
  for (const { list, lent } of facts.lists.givenBack(call)) if (lent?.purpose === 'send') judge(list, lent);
}

/** A chain of sends: one for each connection that a call hands them over for. Connections of a trace are fewer than 2^24. */
function chainOf({ call, connection }: LentList): number {
  return call.event * 2 ** 24 + (connection ?? 2 ** 24 - 1);
}

const legalStatuses = new Set<number>([
  NDIS_STATUS.SUCCESS,
  NDIS_STATUS.REQUEST_ABORTED,
  NDIS_STATUS.UPLOAD_IN_PROGRESS,
]);

/** What an intermediate driver says besides when it has no memory to pass a send on (IMD-025). */
const intermediateStatuses = new Set<number>([NDIS_STATUS.REQUEST_UPLOAD, NDIS_STATUS.UPLOAD_REQUESTED]);

/** See the file's head. */
export const sendCompletionRules: readonly Rule[] = [
  rule('SND-006', (context) => {
    const { facts, expect } = context;
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          const known = connections.ofCompletion(call);
          if (known === undefined || known.upload !== undefined || known.abort !== undefined) return;
          const isIntermediate = facts.machine.role(call.caller) === 'intermediate-driver';
          forEachCompletion(context, call, (list, lent) => {
            const isLegal =
              legalStatuses.has(list.status) || (isIntermediate && intermediateStatuses.has(list.status));
            expect(isLegal, () => ({
              events: [lent.call.event, call.event],
              found: `a send was refused with ${statusName(list.status)} on a connection in good order`,
              expected: 'a send is queued until it can be completed with NDIS_STATUS_SUCCESS',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('SND-018', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadSendComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose === 'send') expect(true, () => ({ events: [], found: '', expected: '' }));
          const past =
            lent === undefined ? facts.lists.past('miniport', call.caller, list.address) : undefined;
          if (past?.purpose !== 'send') continue;
          expect(false, () => ({
            events: [past.call.event, past.end.event, call.event],
            found: `send ${listName(list)} was completed, and had been given back before`,
            expected: 'each send is given back once',
            component: call.caller,
            connection: past.call.connection,
          }));
        }
      },
      NdisMTerminateOffloadComplete: (call) => {
        for (const block of treeOf(call)) {
          const connection = facts.objects.find(block.object)?.connection;
          if (connection === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
          const given = new Set(
            call.record.arguments.flatMap((argument) =>
              argument.kind === 'net-buffer-lists' ? argument.lists.map(({ address }) => address) : [],
            ),
          );
          for (const lent of facts.lists.open('miniport', call.caller, connection, 'send')) {
            const ended = given.has(lent.address) || call.record.completes.includes(lent.call.event);
            expect(ended, () => ({
              events: [lent.call.event, call.event],
              found: `send ${listName(lent)} was still outstanding when the terminate was completed`,
              expected: 'every send is completed, or handed up in NetBufferListChain',
              component: call.caller,
              connection,
              object: block.object,
            }));
          }
        }
      },
    },
  })),

  rule('SND-019', (context) => ({
    call: {
      NdisTcpOffloadSendComplete: (call) => {
        onlyPosted(context, call, 'send', 'only what came in as a send is completed as one');
      },
    },
  })),

  rule('SND-021', (context) => ({
    call: {
      NdisTcpOffloadSendComplete: (call) => {
        forEachCompletion(context, call, (list, lent) => {
          if (list.status !== NDIS_STATUS.SUCCESS) return;
          context.expect(list.bytesTransferred === lent.snapshot.dataLength, () => ({
            events: [lent.call.event, call.event],
            found: `a send of ${lent.snapshot.dataLength} bytes was completed with ${statusName(list.status)} and ${list.bytesTransferred} bytes transferred`,
            expected: `TcpOffloadBytesTransferred of ${lent.snapshot.dataLength}`,
            component: call.caller,
            connection: call.connection,
          }));
        });
      },
    },
  })),

  rule('SND-023', (context) => ({
    call: {
      NdisTcpOffloadSendComplete: (call) => {
        // An intermediate driver passes on what the target below has advanced.
        forEachCompletion(context, call, (list, lent) => {
          const advanced = lent.snapshot.dataLength - list.dataLength;
          context.expect(advanced === list.bytesTransferred, () => ({
            events: [lent.call.event, call.event],
            found: `the NET_BUFFERs of a send were advanced by ${advanced} bytes, and ${list.bytesTransferred} were reported`,
            expected: 'NdisAdvanceNetBufferDataStart by the bytes that the peer has acknowledged',
            component: call.caller,
            connection: lent.connection,
          }));
        });
      },
    },
  })),

  rule('SND-024', (context) => {
    /** Chains of which a list has failed: the position of the first one, and the call that said so. */
    const failed = new Map<number, { readonly position: number; readonly event: number }>();
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          forEachCompletion(context, call, (list, lent) => {
            const post = lent.call.event;
            const chain = chainOf(lent);
            const before = failed.get(chain);
            if (list.status !== NDIS_STATUS.SUCCESS) {
              if (before === undefined || before.position > lent.position)
                failed.set(chain, { position: lent.position, event: call.event });
              return;
            }
            if (lent.call.lists.length < 2) return;
            context.expect(before === undefined || before.position > lent.position, () => ({
              events: [post, before!.event, call.event],
              found: `list ${lent.position + 1} of a chain of sends was completed with NDIS_STATUS_SUCCESS after list ${before!.position + 1} had failed`,
              expected: 'what stands behind a failed list fails too',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
        NdisMTerminateOffloadComplete: () => {
          if (failed.size > 4096) failed.clear();
        },
      },
    };
  }),

  rule('SND-025', (context) => {
    /** Chains of which a list was sent in part, and the call that said so. */
    const parts = new Map<number, number>();
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          forEachCompletion(context, call, (list, lent) => {
            const total = lent.snapshot.dataLength;
            if (list.bytesTransferred === 0 || list.bytesTransferred >= total) {
              if (list.status === NDIS_STATUS.SUCCESS)
                context.expect(true, () => ({ events: [], found: '', expected: '' }));
              return;
            }
            const post = lent.call.event;
            const chain = chainOf(lent);
            const before = parts.get(chain);
            const isSuccess = list.status === NDIS_STATUS.SUCCESS;
            context.expect(before === undefined && !isSuccess, () => ({
              events: [post, before, call.event],
              found: isSuccess
                ? `a send of which ${list.bytesTransferred} of ${total} bytes went out was completed with NDIS_STATUS_SUCCESS`
                : 'a second list of a chain was sent in part',
              expected: 'one list of a chain at most is sent in part, and that one fails',
              component: call.caller,
              connection: lent.connection,
            }));
            parts.set(chain, call.event);
          });
        },
        NdisMTerminateOffloadComplete: () => {
          if (parts.size > 4096) parts.clear();
        },
      },
    };
  }),

  rule('SND-026', (context) => {
    /** The send posted last that has succeeded, for each connection at each driver. */
    const last = new Map<number, { readonly lent: LentList; readonly event: number }>();
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          forEachCompletion(context, call, (list, lent) => {
            if (list.status !== NDIS_STATUS.SUCCESS || lent.connection === undefined) return;
            const key = lent.connection * 256 + call.caller;
            const before = last.get(key);
            context.expect(before === undefined || before.lent.order < lent.order, () => ({
              events: [lent.call.event, before!.lent.call.event, before!.event, call.event],
              found: 'a send was completed with NDIS_STATUS_SUCCESS behind one that was posted later',
              expected: 'successful sends are completed in the order in which they were posted',
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

  rule('SND-027', (context) =>
    uploadFollows(context, {
      purpose: 'send',
      completion: 'NdisTcpOffloadSendComplete',
      what: 'a send',
    }),
  ),

  rule('SND-028', (context) => {
    const { facts, expect } = context;
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    const losses = facts.of(uploads);
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          const known = connections.ofCompletion(call);
          if (known === undefined) return;
          forEachCompletion(context, call, (list, lent) => {
            if (list.status !== NDIS_STATUS.REQUEST_ABORTED) return;
            const flow = segments.of(lent.connection);
            const isAborted =
              known.abort !== undefined ||
              known.abortiveClose !== undefined ||
              flow?.peer.arrived.reset !== undefined ||
              losses.of(call.caller, lent.connection).failure !== undefined;
            expect(isAborted || !facts.historyComplete, () => ({
              events: [lent.call.event, call.event],
              found:
                'a send was completed with NDIS_STATUS_REQUEST_ABORTED, and nothing had aborted the connection',
              expected:
                'a RST of the peer, an abortive disconnect, TcpIndicateAbort or a failed state request before',
              component: call.caller,
              connection: lent.connection,
            }));
          });
        },
      },
    };
  }),

  rule('SND-032', (context) =>
    carriesUp(context, 'NdisTcpOffloadSendComplete', 'ProtocolTcpOffloadSendComplete'),
  ),
];
