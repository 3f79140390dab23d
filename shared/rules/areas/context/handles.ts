/** Rules of the area "context" about the handles by which drivers and NDIS name objects, bindings and adapters to each other. */
import { formatAddress } from '../../../base/address';
import { structureLayout, type FunctionName } from '../../../ddi/catalogue';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule } from '../../engine/rule';
import { blockName } from '../../engine/stateTypes';
import { treeOf } from '../../engine/tree';
import { forCompletions, forRequests } from '../../engine/treeHandlers';

const dataRequests = [
  'NdisOffloadTcpSend',
  'NdisOffloadTcpReceive',
  'NdisOffloadTcpDisconnect',
  'NdisOffloadTcpForward',
] as const satisfies readonly FunctionName[];

const dataHandlers = [
  'MiniportTcpOffloadSend',
  'MiniportTcpOffloadReceive',
  'MiniportTcpOffloadDisconnect',
  'MiniportTcpOffloadForward',
] as const satisfies readonly FunctionName[];

const driverCompletions = [
  'NdisMInitiateOffloadComplete',
  'NdisMTerminateOffloadComplete',
  'NdisMUpdateOffloadComplete',
  'NdisMQueryOffloadStateComplete',
  'NdisMInvalidateOffloadComplete',
  'NdisTcpOffloadSendComplete',
  'NdisTcpOffloadReceiveComplete',
  'NdisTcpOffloadDisconnectComplete',
  'NdisTcpOffloadForwardComplete',
  'NdisMOffloadEventIndicate',
  'NdisMGetOffloadHandlers',
] as const satisfies readonly FunctionName[];

/** The same for several functions. */
function forEach(names: readonly FunctionName[], take: (call: Call) => void): NonNullable<Handlers['call']> {
  return Object.fromEntries(names.map((name) => [name, take]));
}

const cellOffset = structureLayout('NDIS_OFFLOAD_HANDLE').fields.find(
  ({ name }) => name === 'MiniportOffloadContext',
)!.offset;

/** See the file's head. */
export const handleRules: readonly Rule[] = [
  rule('CTX-013', ({ expect, facts }) => ({
    call: {
      ...forRequests(
        'protocol',
        (call) => {
          for (const block of treeOf(call)) {
            const held = facts.objects.at('protocol', call.caller, block.object);
            if (held === undefined || block.role === 'placeholder') continue;
            expect(held.handle === block.handle, () => ({
              events: [held.initiate.event, call.event],
              found: `${blockName(block)} of ${call.functionName} names its object by a handle at ${formatAddress(block.handle)}`,
              expected: `the handle with which the object was offered: ${formatAddress(held.handle)}`,
              component: call.caller,
              connection: call.connection,
              object: block.object,
            }));
          }
        },
        ['terminate', 'update', 'query', 'invalidate'],
      ),
      ...forEach(dataRequests, (call) => {
        const held = facts.objects.connectionAt('protocol', call.caller, call.connection);
        const handle = call.number('NdisOffloadHandle');
        if (held === undefined || handle === undefined) return;
        expect(held.handle === handle, () => ({
          events: [held.initiate.event, call.event],
          found: `${call.functionName} names its connection by a handle at ${formatAddress(handle)}`,
          expected: `the handle with which the connection was offered: ${formatAddress(held.handle)}`,
          component: call.caller,
          connection: call.connection,
        }));
      }),
    },
  })),

  rule('CTX-014', ({ expect }) => ({
    call: forRequests('miniport', (call) => {
      const { parent } = call;
      if (parent === undefined) return;
      const above = treeOf(parent);
      for (const [at, block] of treeOf(call).entries()) {
        const source = above[at];
        if (source === undefined) return;
        expect(block.handle === source.handle, () => ({
          events: [parent.event, call.event],
          found: `NdisOffloadHandle of ${blockName(block)} is ${formatAddress(block.handle)}`,
          expected: `OffloadHandle of the sender's block: ${formatAddress(source.handle)}`,
          component: call.caller,
          connection: call.connection,
          object: block.object,
        }));
      }
    }),
  })),

  rule('CTX-015', ({ expect }) => ({
    call: forRequests('miniport', (call) => {
      const { parent } = call;
      if (parent === undefined) return;
      const above = treeOf(parent);
      for (const [at, block] of treeOf(call).entries()) {
        const source = above[at];
        if (source === undefined) return;
        const due = source.handle === 0 ? 0 : source.handle + cellOffset;
        const cell = block.structure.pointer('MiniportOffloadContext') ?? 0;
        expect(cell === due, () => ({
          events: [parent.event, call.event],
          found: `MiniportOffloadContext of a block of ${call.functionName} is ${formatAddress(cell)}`,
          expected: `${formatAddress(due)}: the cell in the sender's handle, or NULL for a placeholder`,
          component: call.caller,
          connection: call.connection,
          object: block.object,
        }));
      }
    }),
  })),

  rule('CTX-016', ({ expect, facts }) => ({
    call: forEach(dataHandlers, (call) => {
      const held = facts.objects.connectionAt('miniport', call.callee, call.connection);
      const context = call.number('MiniportOffloadContext');
      if (held?.context === undefined || context === undefined) return;
      expect(held.context === context, () => ({
        events: [held.initiate.event, call.event],
        found: `${call.functionName} carries the context ${formatAddress(context)}`,
        expected: `the PVOID that the driver gave to the connection: ${formatAddress(held.context!)}`,
        component: call.caller,
        connection: call.connection,
        // The pages of the handlers describe the argument as the address of the cell.
        ...(context === held.handle + cellOffset ? { severity: 'info' as const } : {}),
      }));
    }),
  })),

  rule('CTX-017', ({ expect, facts }) => ({
    call: forEach(['NdisTcpOffloadEventHandler', 'NdisTcpOffloadReceiveHandler'], (call) => {
      const held = facts.objects.connectionAt('miniport', call.caller, call.connection);
      const handle = call.number('NdisOffloadHandle');
      if (handle === undefined || (held === undefined && !facts.historyComplete)) return;
      // An intermediate driver that passes an indication on may not have heard of the rest of the tree yet; who made it has been judged.
      const isPassedOn = call.parent?.functionName.startsWith('ProtocolTcpOffload') ?? false;
      const isLive =
        held !== undefined && (held.place !== 'offloading' || isPassedOn) && held.handle === handle;
      const known = facts.objects.find(facts.objects.tcpOf(call.connection));
      expect(isLive, () => ({
        events: [held?.since.event ?? known?.ownedSince, call.event],
        found:
          call.connection === undefined
            ? `${call.functionName} was called with a handle of no connection`
            : held === undefined
              ? `${call.functionName} was called for a connection that is not offloaded`
              : held.handle === handle
                ? `${call.functionName} was called for a connection whose initiate has not been completed`
                : `${call.functionName} was called with another handle than that of the connection`,
        expected: 'NdisOffloadHandle of a connection that is offloaded now, as its block carried it',
        component: call.caller,
        connection: call.connection,
      }));
    }),
  })),

  rule('CTX-019', ({ expect, facts }) => ({
    call: forEach(['ProtocolTcpOffloadEvent', 'ProtocolTcpOffloadReceiveIndicate'], (call) => {
      const held = facts.objects.connectionAt('protocol', call.callee, call.connection);
      const handle = call.number('OffloadContext');
      if (held === undefined || handle === undefined) return;
      expect(held.handle === handle, () => ({
        events: [held.initiate.event, call.event],
        found: `${call.functionName} came with OffloadContext ${formatAddress(handle)}`,
        expected: `the handle with which the connection was offered: ${formatAddress(held.handle)}`,
        component: call.caller,
        connection: call.connection,
      }));
    }),
  })),

  rule('CTX-020', ({ expect, facts }) => {
    const opens = new Map<number, Call>();
    return {
      call: forCompletions('protocol', facts.objects, (completion, _verb, request) => {
        const open = opens.get(request?.number('NdisBindingHandle') ?? 0);
        const context = completion.number('ProtocolBindingContext');
        if (open === undefined || request === undefined || context === undefined) return;
        expect(context === open.number('ProtocolBindingContext'), () => ({
          events: [open.event, request.event, completion.event],
          found: `${completion.functionName} came with the binding context ${formatAddress(context)}`,
          expected: `that of the binding on which the request was made: ${formatAddress(open.number('ProtocolBindingContext') ?? 0)}`,
          component: completion.caller,
          connection: completion.connection,
        }));
      }),
      returned: {
        NdisOpenAdapterEx: (call) => {
          const handle = call.numberOut('NdisBindingHandle');
          if (handle !== undefined && handle !== 0) opens.set(handle, call);
        },
      },
    };
  }),

  rule('CTX-021', ({ expect, facts }) => {
    /** Bindings by handle, with the driver that opened them; and what closed those that are gone. */
    const open = new Map<number, number>();
    const closed = new Map<number, Call>();
    return {
      call: {
        ...forRequests('protocol', (call) => {
          const handle = call.number('NdisBindingHandle');
          if (handle === undefined) return;
          const close = closed.get(handle);
          if (!open.has(handle) && close === undefined && !facts.historyComplete) return;
          expect(open.get(handle) === call.caller, () => ({
            events: [close?.event, call.event],
            found:
              close === undefined
                ? `${call.functionName} was called with what is no handle of a binding of the driver`
                : `${call.functionName} was called with the handle of a binding that has been closed`,
            expected: 'NdisBindingHandle of an open binding',
            component: call.caller,
            connection: call.connection,
          }));
        }),
        NdisCloseAdapterEx: (call) => {
          const handle = call.number('NdisBindingHandle');
          if (handle === undefined) return;
          open.delete(handle);
          closed.set(handle, call);
        },
      },
      returned: {
        NdisOpenAdapterEx: (call) => {
          const handle = call.numberOut('NdisBindingHandle');
          if (handle === undefined || handle === 0) return;
          open.set(handle, call.caller);
          closed.delete(handle);
        },
      },
    };
  }),

  rule('CTX-022', ({ expect, facts }) => {
    /** Handles that a driver got from NDIS, and adapter contexts that it gave, by driver. */
    const given = new Map<number, Set<number>>();
    const contexts = new Map<number, Set<number>>();
    const note = (sets: Map<number, Set<number>>, driver: number, value: number | undefined): void => {
      if (value === undefined) return;
      const set = sets.get(driver);
      if (set === undefined) sets.set(driver, new Set([value]));
      else set.add(value);
    };
    return {
      call: {
        MiniportInitializeEx: (call) => {
          note(given, call.callee, call.number('NdisMiniportHandle'));
        },
        MiniportSetOptions: (call) => {
          note(given, call.callee, call.number('NdisDriverHandle'));
        },
        ...forEach(driverCompletions, (call) => {
          const handle = call.number('NdisMiniportHandle');
          const known = given.get(call.caller);
          if (handle === undefined || (known === undefined && !facts.historyComplete)) return;
          const isContext = contexts.get(call.caller)?.has(handle) ?? false;
          const isRight =
            known?.has(handle) === true || (isContext && call.functionName === 'NdisMGetOffloadHandlers');
          expect(isRight, () => ({
            events: [...call.record.completes.slice(0, 1), call.event],
            found: `${call.functionName} was called with ${isContext ? 'the MiniportAdapterContext' : 'a handle that NDIS never gave to the driver'}`,
            expected: 'the handle from MiniportInitializeEx, or from NdisMRegisterMiniportDriver',
            component: call.caller,
            connection: call.connection,
          }));
        }),
        ...forRequests('miniport', (call) => {
          note(contexts, call.callee, call.number('MiniportAdapterContext'));
        }),
        ...forEach(dataHandlers, (call) => {
          note(contexts, call.callee, call.number('MiniportAdapterContext'));
        }),
      },
    };
  }),
];
