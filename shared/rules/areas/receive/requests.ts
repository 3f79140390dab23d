/** Rules about posting receives. */
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { expectStatus } from '../../engine/commonChecks';
import { rule, type Rule } from '../../engine/rule';
import { prefilledBytes } from './posts';

const posts = ['NdisOffloadTcpReceive', 'MiniportTcpOffloadReceive'] as const;

/** See the file's head. */
export const receiveRequestRules: readonly Rule[] = [
  rule('RCV-001', ({ expect }) => ({
    returned: {
      MiniportTcpOffloadReceive: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('RCV-002', ({ expect }) => ({
    returned: {
      NdisOffloadTcpReceive: (call) => {
        expectStatus(expect, call, NDIS_STATUS.PENDING);
      },
    },
  })),

  rule('RCV-003', ({ expect }) => ({
    call: {
      NdisOffloadTcpReceive: (call) => {
        for (const { netBufferCount, address } of call.lists)
          expect(netBufferCount === 1, () => ({
            events: [call.event],
            found: `list 0x${address.toString(16)} was posted as a receive with ${netBufferCount} NET_BUFFERs`,
            expected: 'one NET_BUFFER',
            component: call.caller,
            connection: call.connection,
          }));
      },
    },
  })),

  rule('RCV-004', ({ expect }) => {
    const running = new Map<string, Call>();
    const keyOf = ({ functionName, caller, callee, connection }: Call): string =>
      `${functionName} ${caller} ${callee} ${connection ?? ''}`;
    const begin = (call: Call): void => {
      if (call.connection === undefined) return;
      const before = running.get(keyOf(call));
      // From inside a completion that the target makes while it is called, a post is welcome.
      const isNested = before !== undefined && call.enclosing((outer) => outer === before) !== undefined;
      expect(before === undefined || isNested, () => ({
        events: [before?.event, call.event],
        found: `${call.functionName} was entered while another call on the same connection had not returned`,
        expected: 'one call at a time on a connection',
        component: call.caller,
        connection: call.connection,
      }));
      if (before === undefined) running.set(keyOf(call), call);
    };
    const end = (call: Call): void => {
      if (running.get(keyOf(call)) === call) running.delete(keyOf(call));
    };
    return {
      call: Object.fromEntries(posts.map((name) => [name, begin])),
      returned: Object.fromEntries(posts.map((name) => [name, end])),
    };
  }),

  rule('RCV-008', ({ expect }) => ({
    call: {
      NdisOffloadTcpReceive: (call) => {
        call.lists.forEach((_list, position) => {
          const prefilled = prefilledBytes({ call, position });
          const modes = call.record.arguments.filter(({ name }) => name === 'TcpReceiveNoPush');
          const mode = modes[position];
          const isPush = mode?.kind !== 'number' || mode.value === 0;
          expect(!isPush || prefilled === 0, () => ({
            events: [call.event],
            found: `a receive in push mode was posted with ${prefilled} bytes in it`,
            expected: 'only nonpush requests come partly filled',
            component: call.caller,
            connection: call.connection,
          }));
        });
      },
    },
  })),
];
