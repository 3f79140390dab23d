/** NDIS hands what a driver below gives back to the driver above: the same lists, in the same call, with that driver's own context. */
import type { FunctionName } from '../../ddi/catalogue';
import type { Call } from './call';
import type { Handlers, RuleContext } from './rule';

function sameLists(one: Call, other: Call): boolean {
  const lists = other.lists;
  return (
    one.lists.length === lists.length && one.lists.every(({ address }, at) => address === lists[at]!.address)
  );
}

function described({ lists }: Call): string {
  return lists.length === 1 ? 'one list' : `${lists.length} lists`;
}

/** Every call of `below` leads to one of `above` inside it, with the same lists and the context of the binding. */
export function passedUpUnchanged(
  { expect }: RuleContext,
  below: FunctionName,
  above: FunctionName,
): Handlers {
  const passed = new Set<Call>();
  /** ProtocolBindingContexts that each driver has given to NdisOpenAdapterEx. */
  const contexts = new Map<number, Set<number>>();
  return {
    call: {
      NdisOpenAdapterEx: (call) => {
        const context = call.number('ProtocolBindingContext');
        if (context === undefined) return;
        const known = contexts.get(call.caller);
        if (known === undefined) contexts.set(call.caller, new Set([context]));
        else known.add(context);
      },
      [above]: (call: Call) => {
        const { parent } = call;
        if (parent?.functionName !== below) return;
        passed.add(parent);
        const context = call.number('ProtocolBindingContext') ?? 0;
        const isOwn = contexts.get(call.callee)?.has(context) ?? true;
        expect(sameLists(parent, call) && isOwn, () => ({
          events: [parent.event, call.event],
          found: isOwn
            ? `${below} gave ${described(parent)} back, and ${above} got ${described(call)} that differ`
            : `${above} got a ProtocolBindingContext that its driver has given to no binding`,
          expected: 'the same NET_BUFFER_LISTs in the same order, and the context of the binding',
          component: call.caller,
          connection: parent.connection,
        }));
      },
    },
    returned: {
      [below]: (call: Call) => {
        if (passed.delete(call)) return;
        expect(false, () => ({
          events: [call.event, call.returned?.event],
          found: `${below} returned, and ${above} has not been called`,
          expected: `${above} with the same lists`,
          component: call.callee,
          connection: call.connection,
        }));
      },
    },
  };
}
