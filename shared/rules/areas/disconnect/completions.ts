/** Rules of the area "disconnect" about completions. */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { passedUpUnchanged } from '../../engine/passedUp';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { uploads } from '../../facts/uploads';
import { abortiveClose, gracefulClose, keyOf } from './requests';

const gracefulStatuses: readonly number[] = [
  NDIS_STATUS.SUCCESS,
  NDIS_STATUS.UPLOAD_IN_PROGRESS,
  NDIS_STATUS.REQUEST_ABORTED,
];

/** See the file's head. */
export const disconnectCompletionRules: readonly Rule[] = [
  rule('DSC-015', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadDisconnectComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
          // With an upload the sends in front of it may go back in the chain of the terminate instead.
          if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS) continue;
          const sends = facts.lists.open('miniport', call.caller, lent.connection, 'send');
          const [first] = [...sends].filter((send) => send.call.event < lent.call.event);
          expect(first === undefined, () => ({
            events: [first?.call.event, call.event],
            found: `a graceful disconnect was completed with ${statusName(list.status)} while a send posted before it was outstanding`,
            expected: 'NdisTcpOffloadSendComplete for every earlier send first',
            component: call.caller,
            connection: lent.connection,
          }));
        }
      },
    },
  })),

  rule('DSC-016', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadDisconnectComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
          const { dataLength } = lent.snapshot;
          const isSuccess = list.status === NDIS_STATUS.SUCCESS;
          const { bytesTransferred } = list;
          expect(isSuccess ? bytesTransferred === dataLength : bytesTransferred <= dataLength, () => ({
            events: [lent.call.event, call.event],
            found: `a disconnect with ${dataLength} bytes of data was completed with ${statusName(list.status)} and ${bytesTransferred} bytes transferred`,
            expected: `TcpOffloadBytesTransferred of ${isSuccess ? '' : 'at most '}${dataLength}`,
            component: call.caller,
            connection: lent.connection,
          }));
        }
      },
    },
  })),

  rule('DSC-017', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadDisconnectComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== 'disconnect' || lent.snapshot.dataLength === 0) continue;
          const { dataLength } = lent.snapshot;
          expect(list.dataLength === dataLength - list.bytesTransferred, () => ({
            events: [lent.call.event, call.event],
            found: `${list.bytesTransferred} of ${dataLength} bytes of a disconnect were acknowledged, and its NET_BUFFER still has ${list.dataLength} bytes`,
            expected: `NdisAdvanceNetBufferDataStart by ${list.bytesTransferred} bytes`,
            component: call.caller,
            connection: lent.connection,
          }));
        }
      },
    },
  })),

  rule('DSC-018', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadDisconnectComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
          expect(gracefulStatuses.includes(list.status), () => ({
            events: [lent.call.event, call.event],
            found: `a graceful disconnect was completed with ${statusName(list.status)}`,
            expected: 'NDIS_STATUS_SUCCESS, NDIS_STATUS_UPLOAD_IN_PROGRESS or NDIS_STATUS_REQUEST_ABORTED',
            component: call.caller,
            connection: lent.connection,
          }));
        }
      },
    },
  })),

  rule('DSC-019', ({ expect, facts }) => {
    const known = facts.of(uploads);
    /** Failed before anybody asked for the upload: legal if somebody does later (A38, A143). */
    const early: { readonly call: Call; readonly posted: EventId; readonly connection: number }[] = [];
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'disconnect' || lent.connection === undefined) continue;
            const { connection } = lent;
            if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS) {
              if (known.uploadOf(call.caller, connection) === undefined)
                early.push({ call, posted: lent.call.event, connection });
              else expect(true, () => ({ events: [], found: '', expected: '' }));
            }
            if (list.status !== NDIS_STATUS.REQUEST_ABORTED) continue;
            expect(known.abortOf(call.caller, connection) !== undefined || !facts.historyComplete, () => ({
              events: [lent.call.event, call.event],
              found:
                'a disconnect was completed with NDIS_STATUS_REQUEST_ABORTED, and the connection has not been aborted',
              expected: 'NDIS_STATUS_SUCCESS, once data and FIN are acknowledged',
              component: call.caller,
              connection,
            }));
          }
        },
        // Later stays with the target are another matter.
        MiniportTerminateOffload: (call) => {
          if (early.length === 0) return;
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            const at = early.findIndex(
              (one) => one.call.caller === call.callee && one.connection === connection,
            );
            if (at < 0) continue;
            early.splice(at, 1);
            expect(true, () => ({ events: [], found: '', expected: '' }));
          }
        },
      },
      end: ({ complete }) => {
        if (!complete || !facts.historyComplete) return;
        for (const { call, posted, connection } of early) {
          expect(known.uploadOf(call.caller, connection) !== undefined, () => ({
            events: [posted, call.event],
            found:
              'a disconnect was completed with NDIS_STATUS_UPLOAD_IN_PROGRESS, and no upload was asked for or made afterwards',
            expected: 'a disconnect fails only for an upload or an abort',
            component: call.caller,
            connection,
          }));
        }
      },
    };
  }),

  rule('DSC-026', ({ expect, facts }) => {
    const aborting = new Map<number, Call>();
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { lent } of facts.lists.givenBack(call)) {
            if (lent?.connection === undefined || lent.call.number('Flags') !== abortiveClose) continue;
            aborting.delete(keyOf(call.caller, lent.connection));
            const [send] = facts.lists.open('miniport', call.caller, lent.connection, 'send');
            expect(send === undefined, () => ({
              events: [send?.call.event, call.event],
              found: 'an abortive disconnect was completed while a send was outstanding',
              expected: 'NdisTcpOffloadSendComplete with NDIS_STATUS_REQUEST_ABORTED for every send first',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
        NdisTcpOffloadSendComplete: (call) => {
          const disconnect =
            call.connection === undefined ? undefined : aborting.get(keyOf(call.caller, call.connection));
          if (disconnect?.returned === undefined) return;
          for (const list of call.lists)
            // What was acknowledged in full before is a success still.
            expect(
              list.status === NDIS_STATUS.REQUEST_ABORTED || list.status === NDIS_STATUS.SUCCESS,
              () => ({
                events: [disconnect.event, call.event],
                found: `a send was completed with ${statusName(list.status)} after an abortive disconnect`,
                expected: 'NDIS_STATUS_REQUEST_ABORTED',
                component: call.caller,
                connection: call.connection,
              }),
            );
        },
        MiniportTerminateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) aborting.delete(keyOf(call.callee, connection));
          }
        },
      },
      returned: {
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection === undefined || call.number('Flags') !== abortiveClose) return;
          const open = facts.lists.open('miniport', call.callee, call.connection, 'disconnect');
          if ([...open].some((list) => list.call === call))
            aborting.set(keyOf(call.callee, call.connection), call);
        },
      },
    };
  }),

  rule('DSC-028', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadDisconnectComplete: (call) => {
        const back = facts.lists.givenBack(call);
        const other = back.find(({ lent }) => lent !== undefined && lent.purpose !== 'disconnect');
        expect(back.length === 1 && other === undefined, () => ({
          events: [other?.lent?.call.event ?? back[0]?.lent?.call.event, call.event],
          found:
            other === undefined
              ? `a disconnect was completed with ${back.length} NET_BUFFER_LISTs`
              : `a NET_BUFFER_LIST that was lent for a ${other.lent!.purpose} was completed as a disconnect`,
          expected: 'the one NET_BUFFER_LIST that the disconnect brought',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('DSC-029', ({ expect, facts }) => {
    /** Lists of disconnects that have been completed, with the completion. */
    const done = new Map<number, Call>();
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          const [back] = facts.lists.givenBack(call);
          if (back === undefined) return;
          const before = back.lent === undefined ? done.get(back.list.address) : undefined;
          if (back.lent !== undefined || before !== undefined)
            expect(before === undefined, () => ({
              events: [before?.event, call.event],
              found: 'a disconnect was completed a second time',
              expected: 'one NdisTcpOffloadDisconnectComplete for each disconnect',
              component: call.caller,
              connection: call.connection ?? before?.connection,
            }));
          if (back.lent?.purpose === 'disconnect') done.set(back.list.address, call);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { object, status } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection === undefined || status !== NDIS_STATUS.SUCCESS) continue;
            const [open] = facts.lists.open('miniport', call.caller, connection, 'disconnect');
            expect(open === undefined, () => ({
              events: [open?.call.event, call.event],
              found: 'a terminate was completed while a disconnect of the connection was outstanding',
              expected: 'NdisTcpOffloadDisconnectComplete first',
              component: call.caller,
              connection,
              object,
            }));
          }
        },
      },
    };
  }),

  rule('DSC-031', (context) =>
    passedUpUnchanged(context, 'NdisTcpOffloadDisconnectComplete', 'ProtocolTcpOffloadDisconnectComplete'),
  ),
];
