/** Rules of the area "context" about the PVOID that a driver below gives to an object, and about the cell that holds it. */
import { formatAddress } from '../../../base/address';
import { statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Rule } from '../../engine/rule';
import { blockName, layerName, stateType } from '../../engine/stateTypes';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { blockPairs, forCompletions, forOfferedBlocks } from '../../engine/treeHandlers';
import type { TreeVerb } from '../../facts/edges';
import { isTaken, type HeldObject, type ObjectFacts } from '../../facts/objectFacts';

/** Operations that name what is offloaded. */
const naming: readonly TreeVerb[] = ['terminate', 'update', 'query', 'invalidate'];

/** The object with a context among those that a driver holds. */
function holderOf(objects: ObjectFacts, driver: number, context: number): HeldObject | undefined {
  for (const held of objects.allAt('miniport', driver)) if (held.context === context) return held;
  return undefined;
}

/** What was offered, beside how it comes back; only blocks that were new when they came. */
function* answers(
  request: Call,
  completion: Call,
): Generator<readonly [before: TreeBlock, after: TreeBlock]> {
  for (const pair of blockPairs(request, completion))
    if (pair[0].role === 'new' && pair[0].context === 0) yield pair;
}

function blamed(
  [block, request, completion]: readonly [TreeBlock, Call | undefined, Call],
  found: string,
  expected: string,
): Breach {
  return {
    events: [request?.event, completion.event],
    found,
    expected,
    component: completion.caller,
    connection: completion.connection,
    object: block.object,
  };
}

/** See the file's head. */
export const cellRules: readonly Rule[] = [
  rule('CTX-001', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        if (request === undefined) return;
        for (const [, block] of answers(request, completion)) {
          if (!isTaken(block)) continue;
          expect(block.context !== 0, () =>
            blamed(
              [block, request, completion],
              `${blockName(block)} comes back with ${statusName(block.status)}, and its context cell holds NULL`,
              'a PVOID in the cell of every object that was taken',
            ),
          );
        }
      },
      ['initiate'],
    ),
  })),

  rule('CTX-002', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        if (request === undefined) return;
        for (const [, block] of answers(request, completion)) {
          if (isTaken(block)) continue;
          expect(block.context === 0, () =>
            blamed(
              [block, request, completion],
              `${blockName(block)} comes back with ${statusName(block.status)}, and its context cell has been written`,
              'NULL in the cell, as it came',
            ),
          );
        }
      },
      ['initiate'],
    ),
  })),

  rule('CTX-003', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        if (request === undefined) return;
        const used = new Map<number, HeldObject | TreeBlock>();
        for (const held of facts.objects.allAt('miniport', completion.caller))
          if (held.context !== undefined) used.set(held.context, held);
        for (const [, block] of answers(request, completion)) {
          const { context } = block;
          if (!isTaken(block) || context === undefined || context === 0) continue;
          const other = used.get(context);
          // An object that is offered once more keeps its area.
          expect(other === undefined || other.object === block.object, () => ({
            ...blamed(
              [block, request, completion],
              `the context of ${blockName(block)} is that of a ${facts.objects.find(other!.object)?.layer ?? 'second'} object which is offloaded as well`,
              'a context of its own for each object',
            ),
            events: ['since' in other! ? other.since.event : request.event, completion.event],
          }));
          used.set(context, block);
        }
      },
      ['initiate'],
    ),
  })),

  rule('CTX-006', ({ expect, facts }) => ({
    call: forCompletions(
      'miniport',
      facts.objects,
      (completion, _verb, request) => {
        if (request === undefined) return;
        for (const [, block] of answers(request, completion)) {
          const { context } = block;
          if (!isTaken(block) || context === undefined || context === 0) continue;
          const older = holderOf(facts.objects, completion.caller, context);
          // Only what came with an earlier request can have been freed since.
          expect(older === undefined || older.object === block.object, () => ({
            ...blamed(
              [block, request, completion],
              'the context area of an object that has not been terminated is in use for another one',
              'the area stays with its object until NdisMTerminateOffloadComplete',
            ),
            events: [older!.since.event, completion.event],
            object: older!.object,
          }));
        }
      },
      ['initiate'],
    ),
  })),

  rule('CTX-007', ({ expect, facts }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      const { context } = block;
      if (block.role === 'placeholder' || context === undefined || context === 0) return;
      const own = facts.objects.at('miniport', call.callee, block.object);
      const held = own?.context === context ? own : holderOf(facts.objects, call.callee, context);
      if (held === undefined && !facts.historyComplete) return;
      expect(held !== undefined, () => ({
        events: [own?.since.event ?? call.parent?.event, call.event],
        found: `${blockName(block)} of ${call.functionName} names a context that no offloaded object has`,
        expected: 'the PVOID that the target returned for the object',
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }, naming),
  ),

  rule('CTX-008', ({ expect }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      if (block.role === 'placeholder' || block.context === undefined) return;
      expect(block.context !== 0, () => ({
        events: [call.parent?.event, call.event],
        found: `the context cell of ${blockName(block)} of ${call.functionName} holds NULL`,
        expected: 'the PVOID of the object; only placeholders name none',
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }, naming),
  ),

  rule('CTX-009', ({ expect, facts }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      const { context } = block;
      const type = block.role === 'placeholder' ? undefined : stateType(block.type);
      if (type === undefined || context === undefined || context === 0) return;
      const own = facts.objects.at('miniport', call.callee, block.object);
      const held = own?.context === context ? own : holderOf(facts.objects, call.callee, context);
      const object = facts.objects.find(held?.object);
      if (held === undefined || object === undefined) return;
      expect(object.layer === type.layer, () => ({
        events: [held.initiate.event, call.event],
        found: `${blockName(block)} of ${call.functionName} names a ${layerName(object.layer)} object`,
        expected: `an object of the layer that the type says: ${layerName(type.layer)}`,
        component: sender,
        connection: call.connection,
        object: object.id,
      }));
    }, naming),
  ),

  rule('CTX-010', ({ expect, facts }) => {
    /** Where the cell of an object was when it was last seen, by driver and object. */
    const places = new WeakMap<HeldObject, number>();
    return forOfferedBlocks((block, call, _verb, sender) => {
      const held = facts.objects.at('miniport', call.callee, block.object);
      const { context } = block;
      if (block.role === 'placeholder' || held?.context === undefined || context === undefined) return;
      const cell = block.structure.pointer('MiniportOffloadContext') ?? 0;
      const place = places.get(held) ?? cellIn(held) ?? cell;
      places.set(held, place);
      expect(place === cell && held.context === context, () => ({
        events: [held.initiate.event, call.event],
        found:
          place === cell
            ? `the context cell of ${blockName(block)} holds ${formatAddress(context)} in ${call.functionName}`
            : `the context cell of ${blockName(block)} is at ${formatAddress(cell)} in ${call.functionName}`,
        expected:
          place === cell
            ? `${formatAddress(held.context!)}, which the target wrote when it took the object`
            : `the place that it had when the object was offered: ${formatAddress(place)}`,
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }, naming);
  }),

  rule('CTX-011', ({ expect, facts }) => {
    const offered = (call: Call): void => {
      for (const block of treeOf(call)) {
        if (block.role !== 'new' || block.context === undefined) continue;
        expect(block.context === 0, () => ({
          events: [call.event],
          found: `the context cell of ${blockName(block)} holds ${formatAddress(block.context!)} on entry of ${call.functionName}`,
          expected: 'NULL: the driver below writes it when it takes the object',
          component: call.caller,
          connection: call.connection,
          object: block.object,
        }));
      }
    };
    return {
      call: {
        NdisInitiateOffload: offered,
        ...forCompletions(
          'protocol',
          facts.objects,
          (completion, _verb, request) => {
            if (request === undefined) return;
            for (const [before, block] of blockPairs(request, completion)) {
              // A target that writes no context at all is told by CTX-001.
              if (before.role !== 'new' || !isTaken(block) || block.context === 0) continue;
              expect(before.handle === block.handle, () => ({
                events: [request.event, completion.event],
                found: `${blockName(block)} comes back with another handle than it went down with`,
                expected: `the handle that leads to the object's cell`,
                component: completion.callee,
                connection: completion.connection,
                object: block.object,
              }));
            }
          },
          ['initiate'],
        ),
      },
    };
  }),
];

/** Where the cell of an object was in the initiate with which it came. */
function cellIn(held: HeldObject): number | undefined {
  const block = treeOf(held.initiate).find(({ object, role }) => object === held.object && role === 'new');
  return block?.structure.pointer('MiniportOffloadContext');
}
