/** Rules of the area "tree" about when a tree may be passed, and what travels in its chains. */
import { chainOf } from '../../engine/attachedLists';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { blockName, layerOf } from '../../engine/stateTypes';
import { treeOf } from '../../engine/tree';
import { forCompletions, forRequests, senderOf } from '../../engine/treeHandlers';

/** See the file's head. */
export const requestRules: readonly Rule[] = [
  rule('TRE-030', ({ expect, facts }) => {
    const check = (call: Call, carries: boolean, component: number | undefined, request?: Call): void => {
      for (const block of treeOf(call)) {
        const first = block.structure.pointer('NetBufferListChain') ?? 0;
        if (first === 0) continue;
        const isConnection = block.role !== 'placeholder' && layerOf(block) === 'tcp';
        const odd = chainOf(call, block).find(({ netBufferCount }) => netBufferCount !== 1);
        expect(carries && isConnection && odd === undefined, () => ({
          events: [request?.event ?? call.parent?.event, call.event],
          found:
            carries && isConnection
              ? `a NET_BUFFER_LIST in the chain of ${blockName(block)} has ${odd!.netBufferCount} NET_BUFFERs`
              : `${blockName(block)} has a NetBufferListChain in ${call.functionName}`,
          expected:
            carries && isConnection
              ? 'one NET_BUFFER in each NET_BUFFER_LIST'
              : 'send data of a TCP connection, on entry of an initiate or at the completion of a terminate',
          component,
          connection: call.connection,
          object: block.object,
        }));
      }
    };
    return {
      call: {
        ...forRequests('miniport', (call, verb) => {
          check(call, verb === 'initiate', senderOf(call));
        }),
        ...forCompletions('miniport', facts.objects, (completion, verb, request) => {
          // What came with an initiate, or an IM left in a block, is still in it.
          if (verb === 'terminate') check(completion, true, completion.caller, request);
        }),
      },
    };
  }),

  rule('TRE-034', ({ expect, facts }) => {
    /** Blocks of trees that are under way, by the driver that passed them. */
    const open = new Map<number, Map<number, Call>>();
    return {
      call: {
        ...forRequests('protocol', (call) => {
          let blocks = open.get(call.caller);
          if (blocks === undefined) open.set(call.caller, (blocks = new Map<number, Call>()));
          let before: Call | undefined;
          for (const { address } of call.blocks) before ??= blocks.get(address);
          expect(before === undefined, () => ({
            events: [before!.event, call.event],
            found: `${call.functionName} passes a block whose tree is under way with ${before!.functionName}`,
            expected: 'a tree of other blocks, or the same after its completion',
            component: call.caller,
            connection: call.connection,
          }));
          for (const { address } of call.blocks) blocks.set(address, call);
        }),
        ...forCompletions('protocol', facts.objects, (completion, _verb, request) => {
          const blocks = open.get(completion.callee);
          for (const { address } of [...completion.blocks, ...(request?.blocks ?? [])])
            blocks?.delete(address);
        }),
      },
    };
  }),

  rule('TRE-058', ({ expect, facts }) => {
    const check = (call: Call, edge: 'protocol' | 'miniport', driver: number, component: number): void => {
      let held: Call | undefined;
      let what = '';
      for (const one of facts.objects.allAt(edge, driver)) {
        if (held !== undefined) break;
        held = one.since;
        what = `the ${facts.objects.find(one.object)?.layer ?? ''} object is still offloaded`;
      }
      for (const tree of facts.objects.treesAt(edge, driver)) {
        if (held !== undefined) break;
        held = tree.call;
        what = `${tree.call.functionName} has not been completed`;
      }
      expect(held === undefined, () => ({
        events: [held!.event, call.event],
        found: `${call.functionName} was called while ${what}`,
        expected: 'nothing offloaded, and no operation under way',
        component,
      }));
    };
    return {
      call: {
        NdisCloseAdapterEx: (call) => {
          check(call, 'protocol', call.caller, call.caller);
        },
        MiniportHaltEx: (call) => {
          check(call, 'miniport', call.callee, call.callee);
        },
      },
    };
  }),
];
