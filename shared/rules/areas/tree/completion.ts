/** Rules of the area "tree" about how a tree comes back: once, by the right function, with a status on every block. */
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import { unwrittenStatus } from '../../../trace/unwrittenStatus';
import type { Call } from '../../engine/call';
import { RecentMap } from '../../engine/recentMap';
import { rule, type Rule } from '../../engine/rule';
import { blockName } from '../../engine/stateTypes';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { forCompletions, forRequests } from '../../engine/treeHandlers';
import { treePairs, type TreeVerb } from '../../facts/edges';
import { isTaken } from '../../facts/objectFacts';

const completionNames = new Map(
  treePairs.filter(({ edge }) => edge === 'miniport').map(({ verb, completion }) => [verb, completion]),
);

/** Trees that a driver has at its miniport edge, whatever it completes them with. */
class HeldTrees {
  private readonly drivers = new Map<number, Map<number, Call>>();

  begin(call: Call): void {
    const root = call.blocks[0];
    if (root !== undefined) this.of(call.callee).set(root.address, call);
  }

  /** The request for the tree with this root, which is over now. */
  end(driver: number, root: number): Call | undefined {
    const trees = this.of(driver);
    const call = trees.get(root);
    trees.delete(root);
    return call;
  }

  find(driver: number, root: number): Call | undefined {
    return this.of(driver).get(root);
  }

  /** A tree in which a block is not the root. */
  around(driver: number, block: number): Call | undefined {
    for (const call of this.of(driver).values())
      if (call.blocks.some(({ address }, at) => at > 0 && address === block)) return call;
    return undefined;
  }

  *all(): Generator<Call> {
    for (const trees of this.drivers.values()) yield* trees.values();
  }

  private of(driver: number): Map<number, Call> {
    let trees = this.drivers.get(driver);
    if (trees === undefined) this.drivers.set(driver, (trees = new Map<number, Call>()));
    return trees;
  }
}

/** How an initiate's dependents came out. */
function summary(dependents: readonly TreeBlock[]): NdisStatus {
  const taken = dependents.filter(isTaken).length;
  if (taken === dependents.length) return NDIS_STATUS.SUCCESS;
  return taken === 0 ? NDIS_STATUS.FAILURE : NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}

/** See the file's head. */
export const completionRules: readonly Rule[] = [
  rule('TRE-017', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      for (const block of treeOf(completion)) {
        if (block.role !== 'placeholder' || block.dependents.length > 0) continue;
        expect(block.status === NDIS_STATUS.SUCCESS, () => ({
          events: [request?.event, completion.event],
          found: `a placeholder without dependents comes back with ${statusName(block.status)}`,
          expected: 'NDIS_STATUS_SUCCESS: there is nothing in it that can fail',
          component: completion.caller,
          connection: completion.connection,
        }));
      }
    }),
  })),

  rule('TRE-018', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      for (const block of treeOf(completion)) {
        if (block.role !== 'placeholder') continue;
        expect(block.status === NDIS_STATUS.SUCCESS, () => ({
          events: [request?.event, completion.event],
          found: `a placeholder comes back with ${statusName(block.status)}`,
          expected: 'NDIS_STATUS_SUCCESS, whatever became of its dependents',
          component: completion.caller,
          connection: completion.connection,
        }));
      }
    }),
  })),

  rule('TRE-028', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        for (const block of treeOf(completion)) {
          const dependents = block.dependents.filter(({ role }) => role !== 'placeholder');
          if (block.role !== 'linker' || dependents.length === 0) continue;
          if (dependents.length < block.dependents.length) continue;
          const due = summary(dependents);
          expect(block.status === due, () => ({
            events: [request?.event, completion.event],
            found: `${blockName(block)} comes back with ${statusName(block.status)} when ${dependents.filter(isTaken).length} of its ${dependents.length} dependents were offloaded`,
            expected: statusName(due),
            component: completion.caller,
            connection: completion.connection,
            object: block.object,
          }));
        }
      },
      ['initiate'],
    ),
  })),

  rule('TRE-037', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      if (request === undefined) return;
      expect(completion.enclosing((call) => call === request) === undefined, () => ({
        events: [request.event, completion.event],
        found: `${completion.functionName} was called inside ${request.functionName}`,
        expected: 'the handler returns first, and the completion comes later',
        component: completion.caller,
        connection: completion.connection,
      }));
    }),
  })),

  rule('TRE-040', ({ expect, facts }) => {
    const trees = new HeldTrees();
    /** Completions by driver and root. */
    const completed = new Map<number, RecentMap<number, EventId>>();
    return {
      call: {
        ...forRequests('miniport', (call) => {
          trees.begin(call);
        }),
        ...forCompletions('miniport', facts.objects, (completion) => {
          const root = completion.blocks[0];
          if (root === undefined) return;
          const { caller } = completion;
          const request = trees.end(caller, root.address);
          // Another pointer into a tree that is open is the matter of TRE-042.
          if (request === undefined && trees.around(caller, root.address) !== undefined) return;
          if (request === undefined && !facts.historyComplete) return;
          expect(request !== undefined, () => ({
            events: [completed.get(caller)?.get(root.address), completion.event],
            found: `${completion.functionName} was called for a tree that is not under way`,
            expected: 'one completion for each request',
            component: caller,
            connection: completion.connection,
          }));
          let done = completed.get(caller);
          if (done === undefined) completed.set(caller, (done = new RecentMap(mostCompleted)));
          done.set(root.address, completion.event);
        }),
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const request of trees.all())
          expect(false, () => ({
            events: [request.event],
            found: `the tree of ${request.functionName} was never completed`,
            expected: completionNames.get(verbOf(request)) ?? 'a completion',
            component: request.callee,
            connection: request.connection,
          }));
      },
    };
  }),

  rule('TRE-041', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, verb) => {
      const root = completion.blocks[0];
      if (root === undefined) return;
      const tree = facts.objects.treeAt('miniport', completion.caller, root.address);
      if (tree === undefined) return;
      expect(tree.verb === verb, () => ({
        events: [tree.call.event, completion.event],
        found: `the tree of ${tree.call.functionName} was completed with ${completion.functionName}`,
        expected: completionNames.get(tree.verb) ?? 'the completion of the same kind',
        component: completion.caller,
        connection: completion.connection,
      }));
    }),
  })),

  rule('TRE-042', ({ expect, facts }) => {
    const trees = new HeldTrees();
    return {
      call: {
        ...forRequests('miniport', (call) => {
          trees.begin(call);
        }),
        ...forCompletions('miniport', facts.objects, (completion) => {
          const root = completion.blocks[0];
          if (root === undefined) return;
          const { caller } = completion;
          const whole =
            trees.end(caller, root.address) === undefined ? trees.around(caller, root.address) : undefined;
          expect(whole === undefined, () => ({
            events: [whole!.event, completion.event],
            found: `${completion.functionName} got a block from inside the tree of ${whole!.functionName}`,
            expected: 'the root with which the request came',
            component: caller,
            connection: completion.connection,
          }));
        }),
      },
    };
  }),

  rule('TRE-043', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      const unwritten = treeOf(completion).find(
        ({ status }) => status === unwrittenStatus || status === NDIS_STATUS.PENDING,
      );
      expect(unwritten === undefined, () => ({
        events: [request?.event, completion.event],
        found: `Status of ${blockName(unwritten!)} has not been written when the tree comes back`,
        expected: 'a status on every block',
        component: completion.caller,
        connection: completion.connection,
        object: unwritten!.object,
      }));
    }),
  })),

  rule('TRE-044', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        for (const block of treeOf(completion)) {
          const { status } = block;
          // What was not written at all is told by TRE-043.
          if (status === unwrittenStatus || status === NDIS_STATUS.PENDING) continue;
          expect(status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.FAILURE, () => ({
            events: [request?.event, completion.event],
            found: `${blockName(block)} comes back from ${completion.functionName} with ${statusName(status)}`,
            expected: 'NDIS_STATUS_SUCCESS or NDIS_STATUS_FAILURE',
            component: completion.caller,
            connection: completion.connection,
            object: block.object,
          }));
        }
      },
      ['terminate', 'update', 'query', 'invalidate'],
    ),
  })),
];

/** Roots that are remembered of each driver: a tree's memory is used again soon, or never. */
const mostCompleted = 512;

const verbsByRequest = new Map<string, TreeVerb>(treePairs.map(({ request, verb }) => [request, verb]));

function verbOf(request: Call): TreeVerb {
  return verbsByRequest.get(request.functionName) ?? 'initiate';
}
