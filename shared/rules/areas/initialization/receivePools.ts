/** Pools of NET_BUFFER_LISTs for what is received (INZ-017): the same list never serves both paths. */
import type { Call } from '../../engine/call';
import { RecentMap } from '../../engine/recentMap';
import { rule, type Rule } from '../../engine/rule';

/** Lists that are remembered at least of each driver and path. */
const mostLists = 2048;

/** See the file's head. */
export const receivePoolRules: readonly Rule[] = [
  rule('INZ-017', ({ expect }) => {
    /** By driver: the addresses of the lists that it has indicated, with the last call, on the one path and on the other. */
    const seen = {
      chimney: new Map<number, RecentMap<number, Call>>(),
      ordinary: new Map<number, RecentMap<number, Call>>(),
    };
    const take = (call: Call, path: keyof typeof seen, other: keyof typeof seen): void => {
      let own = seen[path].get(call.caller);
      if (own === undefined) seen[path].set(call.caller, (own = new RecentMap(mostLists)));
      for (const { address } of call.lists) {
        const before = seen[other].get(call.caller)?.get(address);
        expect(before === undefined, () => ({
          events: [before?.event, call.event],
          found: `a NET_BUFFER_LIST that had been passed to ${before?.functionName} was passed to ${call.functionName}`,
          expected: 'lists of another pool',
          component: call.caller,
          connection: call.connection,
        }));
        own.set(address, call);
      }
    };
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          take(call, 'chimney', 'ordinary');
        },
        NdisMIndicateReceiveNetBufferLists: (call) => {
          take(call, 'ordinary', 'chimney');
        },
      },
    };
  }),
];
