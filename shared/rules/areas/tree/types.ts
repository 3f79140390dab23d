/** Rules of the area "tree" about what a block says that it is, and what follows it in memory. */
import { structureLayout } from '../../../ddi/catalogue';
import { rule, type Rule } from '../../engine/rule';
import { blockName, reservedTypes, stateType, typeName } from '../../engine/stateTypes';
import type { TreeBlock } from '../../engine/tree';
import { blockPairs, forCompletions, forOfferedBlocks } from '../../engine/treeHandlers';
import type { StructureName } from '../../../ddi/generated/structures';

function isPlaceholder(block: TreeBlock): boolean {
  return block.role === 'placeholder';
}

function structureList(names: readonly StructureName[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/** Structures as they follow a block, by name. */
function attachedNames(block: TreeBlock): StructureName[] {
  return block.attached.map(({ name }) => name);
}

function areEqual(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((one, index) => one === right[index]);
}

/** A type that no sender may use. */
function reservedType(id: 'TRE-002' | 'TRE-003', type: number, who: string): Rule {
  return rule(id, ({ expect }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      if (isPlaceholder(block)) return;
      expect(block.type !== type, () => ({
        events: [call.parent?.event, call.event],
        found: `a block of ${call.functionName} has the type ${typeName(type)}`,
        expected: `a type of a neighbor, path or TCP connection: ${typeName(type)} is ${who}`,
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }),
  );
}

/** The state that follows the blocks of a type must be what the type says. */
function attachedAsNamed(
  id: 'TRE-012' | 'TRE-013',
  isOf: (structures: readonly StructureName[]) => boolean,
): Rule {
  return rule(id, ({ expect }) =>
    forOfferedBlocks((block, call, verb, sender) => {
      const type = isPlaceholder(block) ? undefined : stateType(block.type);
      // A block without state names an object only, and its type the layer.
      if (type === undefined || !isOf(type.structures) || block.attached.length === 0) return;
      if (verb === 'initiate' && block.context !== 0) return;
      const names = attachedNames(block);
      expect(areEqual(names, type.structures), () => ({
        events: [call.parent?.event, call.event],
        found: `a block of type ${typeName(block.type)} is followed by ${structureList(names)}`,
        expected: structureList(type.structures),
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }),
  );
}

/** See the file's head. */
export const typeRules: readonly Rule[] = [
  rule('TRE-001', ({ expect }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      const { type } = block;
      if (isPlaceholder(block) || type === reservedTypes.resource || type === reservedTypes.filter) return;
      expect(stateType(type) !== undefined, () => ({
        events: [call.parent?.event, call.event],
        found: `a block of ${call.functionName} has the type ${type}`,
        expected: 'a type of a neighbor, path or TCP connection',
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }),
  ),

  reservedType('TRE-002', reservedTypes.resource, 'reserved and unused'),
  reservedType('TRE-003', reservedTypes.filter, 'for filter drivers only'),

  rule('TRE-004', ({ expect }) =>
    forOfferedBlocks((block, call, _verb, sender) => {
      const { size } = structureLayout(block.structure.name);
      const stated = block.structure.number('Header.Size');
      const revision = block.structure.number('Header.Revision');
      expect(stated === size && (isPlaceholder(block) || revision === 1), () => ({
        events: [call.parent?.event, call.event],
        found: `${blockName(block)} has a header with Revision ${revision} and Size ${stated}`,
        expected: `Revision 1, that of the state structures, and Size ${size}, that of ${block.structure.name}`,
        component: sender,
        connection: call.connection,
        object: block.object,
      }));
    }),
  ),

  attachedAsNamed('TRE-012', ({ length }) => length > 1),
  attachedAsNamed('TRE-013', ({ length }) => length === 1),

  rule('TRE-014', ({ expect }) =>
    forOfferedBlocks((block, call) => {
      if (isPlaceholder(block)) return;
      for (const state of block.attached) {
        const { size } = structureLayout(state.name);
        const length = state.number('Header.Length');
        expect(length === size, () => ({
          events: [call.parent?.event, call.event],
          found: `${state.name} in the tree of ${call.functionName} has a header with Length ${length}`,
          expected: `${size}, the size of the structure`,
          component: call.caller,
          connection: call.connection,
          object: block.object,
        }));
      }
    }),
  ),

  rule('TRE-015', ({ expect, facts }) => {
    const offered = forOfferedBlocks((block, call, _verb, sender) => {
      for (const state of block.attached) {
        const options = state.number('Header.RecognizedOptions');
        expect(options === 0, () => ({
          events: [call.parent?.event, call.event],
          found: `RecognizedOptions of ${state.name} is ${options} on entry of ${call.functionName}`,
          expected: '0: the member is reserved',
          component: sender,
          connection: call.connection,
          object: block.object,
        }));
      }
    });
    const completed = forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      if (request === undefined) return;
      for (const [before, after] of blockPairs(request, completion))
        for (const [at, state] of after.attached.entries()) {
          const was = before.attached[at]?.number('Header.RecognizedOptions');
          const is = state.number('Header.RecognizedOptions');
          expect(was === undefined || was === is, () => ({
            events: [request.event, completion.event],
            found: `RecognizedOptions of ${state.name} was ${was} and is ${is} when the tree comes back`,
            expected: 'the value that came in',
            component: completion.caller,
            connection: completion.connection,
            object: after.object,
          }));
        }
    });
    return { call: { ...offered.call, ...completed } };
  }),

  rule('TRE-021', ({ expect }) =>
    forOfferedBlocks(
      (block, call, _verb, sender) => {
        if (isPlaceholder(block) || block.context !== 0) return;
        expect(block.attached.length > 0, () => ({
          events: [call.parent?.event, call.event],
          found: `a block of type ${typeName(block.type)} offers an object that the target does not have, without any state behind it`,
          expected: structureList(stateType(block.type)?.structures ?? []),
          component: sender,
          connection: call.connection,
          object: block.object,
        }));
      },
      ['initiate'],
    ),
  ),

  rule('TRE-032', ({ expect }) =>
    forOfferedBlocks(
      (block, call, _verb, sender) => {
        expect(block.attached.length === 0, () => ({
          events: [call.parent?.event, call.event],
          found: `${blockName(block)} of ${call.functionName} is followed by ${structureList(attachedNames(block))}`,
          expected: 'blocks without state structures',
          component: sender,
          connection: call.connection,
          object: block.object,
        }));
      },
      ['invalidate'],
    ),
  ),
];
