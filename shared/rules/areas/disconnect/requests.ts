/** Rules of the area "disconnect" about what the host stack asks for. */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { expectStatus } from '../../engine/commonChecks';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';

/** Values of Flags. */
export const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
export const abortiveClose = constantValue('TCP_DISCONNECT_ABORTIVE_CLOSE');

const disconnectEvent = constantValue('TcpIndicateDisconnect');
const abortEvent = constantValue('TcpIndicateAbort');

/** One number for a driver and a connection. */
export function keyOf(driver: number, connection: number): number {
  return connection * 1024 + driver;
}

/** See the file's head. */
export const disconnectRequestRules: readonly Rule[] = [
  rule('DSC-001', ({ expect }) => ({
    returned: {
      MiniportTcpOffloadDisconnect: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('DSC-002', ({ expect }) => ({
    returned: {
      NdisOffloadTcpDisconnect: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('DSC-003', ({ expect }) => ({
    call: {
      NdisOffloadTcpDisconnect: (call) => {
        const flags = call.number('Flags');
        expect(flags === gracefulClose || flags === abortiveClose, () => ({
          events: [call.parent?.event, call.event],
          found: `NdisOffloadTcpDisconnect with Flags 0x${(flags ?? 0).toString(16)}`,
          expected: 'TCP_DISCONNECT_GRACEFUL_CLOSE or TCP_DISCONNECT_ABORTIVE_CLOSE',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('DSC-004', ({ expect }) => ({
    call: {
      NdisOffloadTcpDisconnect: (call) => {
        const { lists } = call;
        const [list] = lists;
        expect(lists.length === 1 && list?.netBufferCount === 1, () => ({
          events: [call.parent?.event, call.event],
          found:
            list === undefined
              ? 'a disconnect without a NET_BUFFER_LIST'
              : `a disconnect with ${lists.length} NET_BUFFER_LISTs, the first of which has ${list.netBufferCount} NET_BUFFERs`,
          expected: 'one NET_BUFFER_LIST with one NET_BUFFER',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('DSC-005', ({ expect }) => ({
    call: {
      NdisOffloadTcpDisconnect: (call) => {
        if (call.number('Flags') !== abortiveClose) return;
        const bytes = call.lists.reduce((sum, list) => sum + list.dataLength, 0);
        expect(bytes === 0, () => ({
          events: [call.parent?.event, call.event],
          found: `an abortive disconnect with ${bytes} bytes of data`,
          expected: 'a DataLength of 0',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('DSC-006', ({ expect, facts }) => {
    const disconnects = new Map<number, Call>();
    return {
      call: {
        NdisInitiateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) disconnects.delete(keyOf(call.caller, connection));
          }
        },
        NdisOffloadTcpDisconnect: (call) => {
          if (call.connection === undefined || call.number('Flags') !== gracefulClose) return;
          disconnects.set(keyOf(call.caller, call.connection), call);
        },
        ProtocolTcpOffloadDisconnectComplete: (call) => {
          // The host stack finishes a failed close itself, and is free to do it in its own way.
          if (call.connection !== undefined && call.lists[0]?.status !== NDIS_STATUS.SUCCESS)
            disconnects.delete(keyOf(call.callee, call.connection));
        },
        NdisOffloadTcpSend: (call) => {
          if (call.connection === undefined) return;
          const before = disconnects.get(keyOf(call.caller, call.connection));
          expect(before === undefined, () => ({
            events: [before?.event, call.event],
            found: 'a send is posted behind a graceful disconnect',
            expected: 'no further send on the connection',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('DSC-021', ({ expect, facts }) => {
    const failed = new Map<number, { readonly flags: number | undefined; readonly completion: Call }[]>();
    return {
      call: {
        NdisInitiateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) failed.delete(keyOf(call.caller, connection));
          }
        },
        ProtocolTcpOffloadDisconnectComplete: (call) => {
          const { connection } = call;
          if (connection === undefined) return;
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent === undefined || list.status === NDIS_STATUS.SUCCESS) continue;
            const key = keyOf(call.callee, connection);
            const entry = { flags: lent.call.number('Flags'), completion: call };
            const others = failed.get(key);
            if (others === undefined) failed.set(key, [entry]);
            else others.push(entry);
          }
        },
        NdisOffloadTcpDisconnect: (call) => {
          const { connection } = call;
          if (connection === undefined) return;
          const flags = call.number('Flags');
          const before = failed.get(keyOf(call.caller, connection))?.find((one) => one.flags === flags);
          expect(before === undefined, () => ({
            events: [before?.completion.event, call.event],
            found: `a disconnect that had been completed with ${statusName(before?.completion.lists[0]?.status ?? 0)} is posted again`,
            expected: 'the host stack closes the connection itself after the upload',
            component: call.caller,
            connection,
          }));
        },
      },
    };
  }),

  rule('DSC-032', ({ expect, facts }) => {
    interface Close {
      readonly completion: Call;
      readonly abortive: boolean;
    }
    const closes = new Map<number, Close>();
    /** Connections whose peer has closed or reset, as the driver has been told. */
    const peerEnded = new Set<number>();
    return {
      call: {
        NdisInitiateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection === undefined) continue;
            closes.delete(keyOf(call.caller, connection));
            peerEnded.delete(keyOf(call.caller, connection));
          }
        },
        ProtocolTcpOffloadEvent: (call) => {
          const type = call.number('EventType');
          if (call.connection !== undefined && (type === disconnectEvent || type === abortEvent))
            peerEnded.add(keyOf(call.callee, call.connection));
        },
        ProtocolTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.connection === undefined || list.status !== NDIS_STATUS.SUCCESS) continue;
            const abortive = lent.call.number('Flags') === abortiveClose;
            closes.set(keyOf(call.callee, lent.connection), { completion: call, abortive });
          }
        },
        NdisTerminateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection === undefined) continue;
            const key = keyOf(call.caller, connection);
            if (!closes.delete(key)) continue;
            expect(true, () => ({ events: [], found: '', expected: '' }));
          }
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const [key, { completion, abortive }] of closes) {
          const { connection, callee } = completion;
          // Half a connection is still open until the peer has closed as well.
          if (!abortive && !peerEnded.has(key)) continue;
          const held = facts.objects.connectionAt('protocol', callee, connection);
          // While a request about it is under way, it must not be terminated (TRM-004).
          if (held?.place !== 'held' || held.requests.length > 0) continue;
          expect(false, () => ({
            events: [completion.event],
            found: 'a connection that is closed stays offloaded to the end of the trace',
            expected: 'NdisTerminateOffload of the connection',
            component: callee,
            connection,
          }));
        }
      },
    };
  }),
];
