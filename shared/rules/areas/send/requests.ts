/** Rules about posting sends: how they go down, what the handlers return, what the host stack may ask for. */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import { expectStatus, overlappingCalls } from '../../engine/commonChecks';
import { carriesDown } from '../../engine/carrying';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';

const backlogChange = constantValue('TcpIndicateSendBacklogChange');

/** SendBacklogSize where the feature is not supported. */
const notSupported = 0xffff_ffff;

/** See the file's head. */
export const sendRequestRules: readonly Rule[] = [
  rule('SND-001', (context) => carriesDown(context, 'NdisOffloadTcpSend', 'MiniportTcpOffloadSend')),

  rule('SND-002', ({ expect }) => ({
    returned: {
      MiniportTcpOffloadSend: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('SND-003', ({ expect }) => ({
    returned: {
      NdisOffloadTcpSend: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('SND-004', (context) => overlappingCalls(context, ['NdisOffloadTcpSend', 'MiniportTcpOffloadSend'])),

  rule('SND-013', ({ expect, facts }) => {
    /** What each connection's target wants, and the record that says so; by caller and connection. */
    const wanted = new Map<number, { readonly bytes: number; readonly event: number }>();
    const keyOf = (driver: number, connection: number): number => connection * 256 + driver;
    const want = (driver: number, connection: number | undefined, bytes: number, event: number): void => {
      if (connection === undefined) return;
      if (bytes === notSupported) wanted.delete(keyOf(driver, connection));
      else wanted.set(keyOf(driver, connection), { bytes, event });
    };
    return {
      returned: {
        ProtocolTcpOffloadEvent: (call) => {
          if (call.number('EventType') === backlogChange)
            want(call.callee, call.connection, call.number('EventSpecificInformation') ?? 0, call.event);
        },
        ProtocolQueryOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const size = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SendBacklogSize');
            const connection = facts.objects.find(block.object)?.connection;
            if (size !== undefined) want(call.callee, connection, size, call.event);
          }
        },
      },
      call: {
        // More may be posted as soon as the driver hears of it, from inside the event.
        ProtocolTcpOffloadEvent: (call) => {
          const { connection, callee } = call;
          if (call.number('EventType') !== backlogChange || connection === undefined) return;
          const bytes = call.number('EventSpecificInformation') ?? 0;
          const before = wanted.get(keyOf(callee, connection));
          if (before !== undefined && bytes > before.bytes) want(callee, connection, bytes, call.event);
        },
        NdisTerminateOffload: (call) => {
          for (const { object } of call.blocks) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) wanted.delete(keyOf(call.caller, connection));
          }
        },
        NdisOffloadTcpSend: (call) => {
          const { connection, caller } = call;
          const wish = connection === undefined ? undefined : wanted.get(keyOf(caller, connection));
          if (wish === undefined) return;
          let outstanding = 0;
          let oldest: number | undefined;
          for (const { snapshot, call: post } of facts.lists.open('protocol', caller, connection, 'send')) {
            outstanding += snapshot.dataLength;
            oldest ??= post.event;
          }
          // "About": twice as much is not about as much any more.
          expect(outstanding < 2 * wish.bytes, () => ({
            events: [wish.event, oldest, call.event],
            found: `a send was posted while ${outstanding} bytes were outstanding`,
            expected: `about the ${wish.bytes} bytes that the target wants outstanding (SendBacklogSize)`,
            component: caller,
            connection,
          }));
        },
      },
    };
  }),
];
