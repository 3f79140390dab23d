/** Rules about the return of indicated lists. */
import { NDIS_STATUS } from '../../../ddi/status';
import type { FunctionName } from '../../../ddi/catalogue';
import type { Call } from '../../engine/call';
import { carries } from '../../engine/carrying';
import { expectStatus } from '../../engine/commonChecks';
import { rule, type Rule } from '../../engine/rule';
import { adapterFacts } from '../../facts/adapters';
import { edgeOf } from '../../facts/edges';

function named(address: number): string {
  return `list 0x${address.toString(16)}`;
}

const completions: readonly FunctionName[] = [
  'NdisTcpOffloadReceiveComplete',
  'NdisTcpOffloadSendComplete',
  'NdisTcpOffloadDisconnectComplete',
  'NdisTcpOffloadForwardComplete',
];

function nothing(): { events: []; found: string; expected: string } {
  return { events: [], found: '', expected: '' };
}

/** See the file's head. */
export const returnRules: readonly Rule[] = [
  rule('IND-014', ({ expect, facts }) => ({
    call: {
      NdisOffloadTcpReceiveReturn: (call) => {
        for (const { address } of call.lists) {
          const refused = facts.lists.refused('protocol', call.caller, address);
          expect(refused === undefined, () => ({
            events: [refused!.event, refused!.returned?.event, call.event],
            found: `${named(address)} was returned, whose indication had not been accepted in full`,
            expected: 'the target owns it again since the indication returned',
            component: call.caller,
            connection: refused!.connection,
          }));
        }
      },
    },
  })),

  rule('IND-022', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisOffloadTcpReceiveReturn: (call) => {
          for (const { address } of call.lists) {
            const lent = facts.lists.find('protocol', call.caller, address);
            if (lent?.purpose === 'indication') expect(true, nothing);
            const past = lent === undefined ? facts.lists.past('protocol', call.caller, address) : undefined;
            if (past?.purpose !== 'indication') continue;
            expect(false, () => ({
              events: [past.call.event, past.end.event, call.event],
              found: `${named(address)} was returned twice`,
              expected: 'each accepted list is returned once',
              component: call.caller,
              connection: past.call.connection,
            }));
          }
        },
        NdisCloseAdapterEx: (call) => {
          // Lists of a driver with several adapters may be those of another one.
          const bindings = [...adapters.allBindings()].filter(({ component }) => component === call.caller);
          if (bindings.length > 1) return;
          for (const { address, purpose, call: indication } of facts.lists.allAt('protocol', call.caller)) {
            if (purpose !== 'indication') continue;
            expect(false, () => ({
              events: [indication.event, call.event],
              found: `${named(address)} had not been returned when the adapter was closed`,
              expected: 'each accepted list is returned before',
              component: call.caller,
              connection: indication.connection,
            }));
          }
        },
      },
    };
  }),

  rule('IND-023', ({ expect, facts }) => ({
    call: {
      NdisOffloadTcpReceiveReturn: (call) => {
        for (const { address } of call.lists) {
          const lent = facts.lists.find('protocol', call.caller, address);
          const past = lent === undefined ? facts.lists.past('protocol', call.caller, address) : undefined;
          // Twice, and after a refusal, are other matters (IND-022, IND-014); so is the other road (IND-029).
          const isOther =
            past?.purpose === 'indication' ||
            lent?.purpose === 'packet-indication' ||
            facts.lists.refused('protocol', call.caller, address) !== undefined;
          if (isOther || (lent === undefined && !facts.historyComplete)) continue;
          expect(lent?.purpose === 'indication', () => ({
            events: [(lent ?? past)?.call.event, call.event],
            found: `${named(address)} was returned, and no target had lent it`,
            expected: 'only what was indicated with success, or handed up by a terminate, is returned',
            component: call.caller,
            connection: lent?.connection,
          }));
        }
      },
    },
  })),

  rule('IND-024', ({ expect, facts }) => {
    /** Open bindings of each driver, with the call that opened them. */
    const open = new Map<number, Map<number, number>>();
    return {
      returned: {
        NdisOpenAdapterEx: (call) => {
          const handle = call.numberOut('NdisBindingHandle');
          if (handle === undefined) return;
          let known = open.get(call.caller);
          if (known === undefined) open.set(call.caller, (known = new Map<number, number>()));
          known.set(handle, call.event);
        },
        NdisCloseAdapterEx: (call) => {
          open.get(call.caller)?.delete(call.number('NdisBindingHandle') ?? 0);
        },
      },
      call: {
        NdisOffloadTcpReceiveReturn: (call) => {
          const handle = call.number('NdisBindingHandle');
          if (handle === undefined || !facts.historyComplete) return;
          const known = open.get(call.caller);
          expect(known?.has(handle) === true, () => ({
            events: [known?.values().next().value, call.event],
            found: `NdisOffloadTcpReceiveReturn named 0x${handle.toString(16)}, which is no open binding of the driver`,
            expected: 'the NdisBindingHandle of NdisOpenAdapterEx',
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('IND-026', ({ expect }) => ({
    returned: {
      MiniportTcpOffloadReceiveReturn: (call) => {
        expectStatus(expect, call, NDIS_STATUS.SUCCESS);
      },
    },
  })),

  rule('IND-027', ({ expect, facts }) => {
    const judge = (call: Call): void => {
      for (const { address } of call.lists) {
        const lent = facts.lists.find('miniport', call.caller, address);
        const past = lent === undefined ? facts.lists.past('miniport', call.caller, address) : undefined;
        const indicated =
          lent?.purpose === 'indication' ? lent : past?.purpose === 'indication' ? past : undefined;
        expect(indicated === undefined, () => ({
          events: [indicated!.call.event, past?.end.event, call.event],
          found: `${named(address)} was named by ${call.functionName}, and had been indicated`,
          expected: 'no completion: a return ends when the call does',
          component: call.caller,
          connection: indicated!.call.connection,
        }));
      }
    };
    return { call: Object.fromEntries(completions.map((name) => [name, judge])) };
  }),

  rule('IND-028', (context) =>
    carries(context, 'NdisOffloadTcpReceiveReturn', 'MiniportTcpOffloadReceiveReturn'),
  ),

  rule('IND-029', ({ expect, facts }) => {
    const judge =
      (road: 'indication' | 'packet-indication') =>
      (call: Call): void => {
        const edge = edgeOf(call.functionName);
        const driver = edge === 'protocol' ? call.caller : call.callee;
        for (const { address } of call.lists) {
          const lent = facts.lists.find(edge, driver, address);
          if (lent?.purpose !== 'indication' && lent?.purpose !== 'packet-indication') continue;
          expect(lent.purpose === road, () => ({
            events: [lent.call.event, call.event],
            found: `${named(address)} was handed up by ${lent.call.functionName} and came back by ${call.functionName}`,
            expected:
              'data of a connection returns by MiniportTcpOffloadReceiveReturn, packets by MiniportReturnNetBufferLists',
            component: call.caller,
            connection: lent.connection,
          }));
        }
      };
    return {
      call: {
        NdisOffloadTcpReceiveReturn: judge('indication'),
        NdisReturnNetBufferLists: judge('packet-indication'),
      },
    };
  }),

  rule('IND-030', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      returned: {
        MiniportHaltEx: (call) => {
          // Lists of a driver with several adapters may be those of another one.
          if (adapters.ofDriver(call.callee).length > 1) return;
          let outstanding = 0;
          let first: Call | undefined;
          for (const lent of facts.lists.allAt('miniport', call.callee)) {
            if (lent.purpose !== 'indication') continue;
            outstanding++;
            first ??= lent.call;
          }
          expect(outstanding === 0, () => ({
            events: [first!.event, call.event, call.returned?.event],
            found: `MiniportHaltEx returned with ${outstanding} indicated lists outstanding`,
            expected: 'every indicated list has come back',
            component: call.callee,
            connection: first!.connection,
          }));
        },
      },
    };
  }),
];
