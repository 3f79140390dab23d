/** Checks that NDIS carries a call on to the driver on the other side, once and unchanged. */
import type { FunctionName } from '../../ddi/catalogue';
import type { Call } from './call';
import type { Breach, Handlers, RuleContext } from './rule';

/** Addresses of the lists that a call passes. */
export function addressesOf(call: Call): string {
  return call.lists.map(({ address }) => `0x${address.toString(16)}`).join(', ');
}

/** Whether two calls pass the same lists in the same order. */
export function sameLists(one: Call, other: Call): boolean {
  const { lists } = one;
  const others = other.lists;
  return (
    lists.length === others.length && lists.every(({ address }, index) => address === others[index]!.address)
  );
}

interface Carrying {
  /** What is wrong with the inner call besides its lists; undefined if nothing is. */
  readonly inner?: (outer: Call, inner: Call) => Omit<Breach, 'events'> | undefined;
}

/** Each call of `outer` has one call of `inner` inside, with the same lists; and no `inner` is without. */
export function carries(
  { expect }: RuleContext,
  outer: FunctionName,
  inner: FunctionName,
  { inner: judge }: Carrying = {},
): Handlers {
  /** Calls of `inner` inside a call of `outer` that runs. */
  const inside = new Map<Call, Call[]>();
  return {
    call: {
      [outer]: (call: Call) => {
        inside.set(call, []);
      },
      [inner]: (call: Call) => {
        const { parent } = call;
        // What it was made inside may have been lost.
        if (parent === undefined && call.record.parent !== undefined) return;
        const known = parent === undefined ? undefined : inside.get(parent);
        if (parent === undefined || known === undefined) {
          expect(false, () => ({
            events: [call.event],
            found: `${inner} was called outside of ${outer}`,
            expected: `${inner} inside ${outer}`,
            component: call.caller,
            connection: call.connection,
          }));
          return;
        }
        known.push(call);
        expect(sameLists(parent, call), () => ({
          events: [parent.event, call.event],
          found: `${outer} got the lists ${addressesOf(parent)}, and ${inner} the lists ${addressesOf(call)}`,
          expected: 'the same lists in the same order',
          component: call.caller,
          connection: call.connection,
        }));
        const wrong = judge?.(parent, call);
        expect(wrong === undefined, () => ({ events: [parent.event, call.event], ...wrong! }));
      },
    },
    returned: {
      [outer]: (call: Call) => {
        const known = inside.get(call);
        inside.delete(call);
        if (known === undefined) return;
        expect(known.length === 1, () => ({
          events: [call.event, ...known.map(({ event }) => event), call.returned?.event],
          found: `${outer} led to ${known.length} calls of ${inner}`,
          expected: `one call of ${inner}`,
          component: call.callee,
          connection: call.connection,
        }));
      },
    },
  };
}

/** A data request reaches the driver below with the same lists, and with the context that belongs to its handle. */
export function carriesDown(context: RuleContext, outer: FunctionName, inner: FunctionName): Handlers {
  /** The context that came with each handle, and the call that told it; an offload gives a handle a new one. */
  const contexts = new Map<
    number,
    { readonly context: number; readonly event: number; readonly initiate: number }
  >();
  return carries(context, outer, inner, {
    inner: (parent, call) => {
      const handle = parent.number('NdisOffloadHandle');
      const found = call.number('MiniportOffloadContext');
      const held = context.facts.objects.connectionAt('miniport', call.callee, call.connection);
      if (handle === undefined || found === undefined || held === undefined) return undefined;
      const known = contexts.get(handle);
      if (known === undefined || known.initiate !== held.initiate.event) {
        contexts.set(handle, { context: found, event: call.event, initiate: held.initiate.event });
        return undefined;
      }
      if (known.context === found) return undefined;
      return {
        found: `${inner} got another MiniportOffloadContext than before for the same NDIS_OFFLOAD_HANDLE`,
        expected: 'the context that the target gave for the handle',
        component: call.caller,
        connection: call.connection,
      };
    },
  });
}

/** The binding context with which a driver opened an adapter, as its handlers must get it: learned from NdisOpenAdapterEx. */
export function carriesUp(context: RuleContext, outer: FunctionName, inner: FunctionName): Handlers {
  const contexts = new Map<number, Set<number>>();
  const handlers = carries(context, outer, inner, {
    inner: (_parent, call) => {
      const found = call.number('ProtocolBindingContext');
      const known = contexts.get(call.callee);
      if (known === undefined || found === undefined || known.has(found)) return undefined;
      return {
        found: `${inner} got a ProtocolBindingContext that the driver never gave to NdisOpenAdapterEx`,
        expected: 'the context of the driver’s own binding',
        component: call.caller,
        connection: call.connection,
      };
    },
  });
  return {
    ...handlers,
    call: {
      ...handlers.call,
      NdisOpenAdapterEx: (call) => {
        const given = call.number('ProtocolBindingContext');
        if (given === undefined || !context.facts.historyComplete) return;
        const known = contexts.get(call.caller);
        if (known === undefined) contexts.set(call.caller, new Set([given]));
        else known.add(given);
      },
    },
  };
}
