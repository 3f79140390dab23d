/** Rules of the area "send" (SND): MiniportTcpOffloadSend and its completion. */
import { NDIS_STATUS, statusName } from '../../ddi/status';
import type { RuleId } from '../catalogue';
import { expectStatus, overlappingCalls } from '../engine/commonChecks';
import { rule, type Rule } from '../engine/rule';

/** See the file's head. */
export const sendRules: readonly Rule[] = [
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

  rule('SND-021', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadSendComplete: (call) => {
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== 'send' || list.status !== NDIS_STATUS.SUCCESS) continue;
          expect(list.bytesTransferred === lent.snapshot.dataLength, () => ({
            events: [lent.call.event, call.event],
            found: `a send of ${lent.snapshot.dataLength} bytes was completed with ${statusName(list.status)} and ${list.bytesTransferred} bytes transferred`,
            expected: `TcpOffloadBytesTransferred of ${lent.snapshot.dataLength}`,
            component: call.caller,
            connection: call.connection,
          }));
        }
      },
    },
  })),
];

/** Rules of the area that records can't decide, each with the reason. */
export const sendUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
