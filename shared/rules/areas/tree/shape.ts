/** Rules of the area "tree" about how blocks hang together, and what a block stands for. */
import type { StateLayer } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Rule } from '../../engine/rule';
import { blockName, layerName, layerOf, layers, stateType } from '../../engine/stateTypes';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { forOfferedBlocks, forRequests, senderOf } from '../../engine/treeHandlers';

function told(call: Call, block: TreeBlock, found: string, expected: string): Breach {
  return {
    events: [call.parent?.event, call.event],
    found,
    expected,
    component: senderOf(call),
    connection: call.connection,
    object: block.object,
  };
}

/** What depends on a block of a layer must be of the one above. */
function dependentsOf(id: 'TRE-007' | 'TRE-008', layer: StateLayer, above: StateLayer): Rule {
  return rule(id, ({ expect }) =>
    forOfferedBlocks((block, call) => {
      if (layerOf(block) !== layer) return;
      for (const dependent of block.dependents) {
        const its = layerOf(dependent);
        if (its === undefined) continue;
        expect(its === above, () =>
          told(
            call,
            dependent,
            `${blockName(dependent)} depends on ${blockName(block)}`,
            `only blocks of ${layerName(above)}s depend on a ${layerName(layer)}`,
          ),
        );
      }
    }),
  );
}

/** See the file's head. */
export const shapeRules: readonly Rule[] = [
  rule('TRE-006', ({ expect }) => ({
    call: forRequests('miniport', (call) => {
      const blocks = treeOf(call);
      const check = (siblings: readonly TreeBlock[]): void => {
        for (let at = 1; at < siblings.length; at++) {
          const before = siblings[at - 1]!;
          const block = siblings[at]!;
          const [left, right] = [layerOf(before), layerOf(block)];
          if (left === undefined || right === undefined) continue;
          expect(left === right, () =>
            told(
              call,
              block,
              `NextBlock of ${blockName(before)} leads to ${blockName(block)}`,
              `a block of the same layer: ${layerName(left)}`,
            ),
          );
        }
      };
      check(blocks.filter(({ depth }) => depth === 0));
      for (const { dependents } of blocks) check(dependents);
    }),
  })),

  dependentsOf('TRE-007', 'neighbor', 'path'),
  dependentsOf('TRE-008', 'path', 'tcp'),

  rule('TRE-009', ({ expect }) =>
    forOfferedBlocks((block, call) => {
      if (layerOf(block) !== 'tcp') return;
      expect(block.structure.pointer('DependentBlockList') === 0, () =>
        told(
          call,
          block.dependents[0] ?? block,
          `DependentBlockList of ${blockName(block)} is not NULL`,
          'nothing depends on a TCP connection',
        ),
      );
    }),
  ),

  rule('TRE-010', ({ expect }) => ({
    call: forRequests('miniport', (call) => {
      const blocks = treeOf(call);
      const root = blocks[0];
      if (root === undefined) return;
      const rootLayer = layerOf(root);
      const lowest = rootLayer === undefined ? 0 : layers.indexOf(rootLayer);
      let deepest = root;
      for (const block of blocks) if (block.depth > deepest.depth) deepest = block;
      expect(lowest + deepest.depth < layers.length, () =>
        told(
          call,
          deepest,
          `the tree of ${call.functionName} has ${deepest.depth + 1} levels above ${rootLayer === undefined ? 'its root' : blockName(root)}`,
          'the levels neighbor, path and TCP, and no more',
        ),
      );
    }),
  })),

  rule('TRE-011', ({ expect }) => ({
    // In the sender's tree: NDIS makes a block of its own for each time that it comes by.
    call: forRequests('protocol', (call) => {
      const seen = new Set<number>();
      let twice: TreeBlock | undefined;
      for (const block of treeOf(call)) {
        if (seen.has(block.address)) twice ??= block;
        seen.add(block.address);
      }
      expect(twice === undefined, () => ({
        events: [call.event],
        found: `the links of the tree of ${call.functionName} lead to ${blockName(twice!)} twice`,
        expected: 'a tree in which each block occurs once',
        component: call.caller,
        connection: call.connection,
        object: twice!.object,
      }));
    }),
  })),

  rule('TRE-019', ({ expect }) =>
    forOfferedBlocks(
      (block, call) => {
        if (block.role === 'placeholder' || (block.context ?? 0) === 0) return;
        expect(block.structure.pointer('DependentBlockList') !== 0, () =>
          told(
            call,
            block,
            `a block of an initiate names a ${layerNameOf(block)} that the target has, and nothing depends on it`,
            'at least one dependent: a linker is there to hang new objects on',
          ),
        );
      },
      ['initiate'],
    ),
  ),

  rule('TRE-020', ({ expect, facts }) =>
    forOfferedBlocks(
      (block, call) => {
        const { context } = block;
        if (block.role === 'placeholder' || context === undefined || context === 0) return;
        const { objects } = facts;
        let held = objects.at('miniport', call.callee, block.object);
        if (held?.context !== context) {
          held = undefined;
          for (const one of objects.allAt('miniport', call.callee)) if (one.context === context) held = one;
        }
        if (held === undefined && !facts.historyComplete) return;
        const named = objects.find(held?.object)?.layer;
        const layer = layerOf(block);
        expect(
          held?.place === 'held' && (layer === undefined || named === undefined || named === layer),
          () => ({
            ...told(
              call,
              block,
              held === undefined
                ? `a linker names a ${layerNameOf(block)} that the target does not hold`
                : held.place === 'held'
                  ? `a linker of a ${layerNameOf(block)} names a ${named}`
                  : `a linker names a ${layerNameOf(block)} whose termination is under way`,
              `an object of the linker's layer that the target holds now`,
            ),
            events: [held?.since.event ?? facts.objects.find(block.object)?.ownedSince, call.event],
          }),
        );
      },
      ['initiate'],
    ),
  ),

  rule('TRE-022', ({ expect }) =>
    forOfferedBlocks(
      (block, call) => {
        const layer = layerOf(block);
        if (block.role === 'placeholder' || block.context !== 0) return;
        if (layer === undefined || layer === 'neighbor') return;
        const { parent } = block;
        const below = layers[layers.indexOf(layer) - 1];
        const isReal = parent !== undefined && parent.role !== 'placeholder' && layerOf(parent) === below;
        expect(isReal, () => ({
          ...told(
            call,
            block,
            `${blockName(block)} ${parent === undefined ? 'depends on nothing' : `depends on ${blockName(parent)}`}`,
            `a ${layerName(below!)} that the target has, or is offered with it`,
          ),
          ...(layer === 'path' ? { severity: 'warning' as const } : {}),
        }));
      },
      ['initiate'],
    ),
  ),

  rule('TRE-025', ({ expect, facts }) =>
    forOfferedBlocks(
      (block, call) => {
        const { parent } = block;
        if (block.role === 'placeholder' || parent === undefined || parent.role === 'placeholder') return;
        if (layerOf(block) !== 'tcp' || layerOf(parent) !== 'path') return;
        const path =
          parent.context === 0 ? undefined : facts.objects.at('miniport', call.callee, parent.object);
        if (parent.context !== 0 && path === undefined) return;
        const port = path?.port ?? parent.structure.number('PortNumber');
        expect(block.structure.number('PortNumber') === port, () => ({
          ...told(
            call,
            block,
            `a connection is offered on port ${block.structure.number('PortNumber')} with a path that is on port ${port}`,
            `port ${port} for every connection of the path`,
          ),
          events: [path?.initiate.event ?? call.parent?.event, call.event],
        }));
      },
      ['initiate'],
    ),
  ),

  rule('TRE-029', ({ expect, facts }) => {
    const allocated = new Set<number>();
    return {
      // A function of ndis.h that is not in the catalogue of chimney functions; a trace may hold it all the same.
      returned: Object.fromEntries([
        [
          'NdisMAllocatePort',
          (call: Call) => {
            const port = call.numberOut('PortNumber');
            if (port !== undefined) allocated.add(port);
          },
        ],
      ]),
      ...forOfferedBlocks((block, call) => {
        const port = block.structure.number('PortNumber') ?? 0;
        if (port !== 0 && !facts.historyComplete) return;
        expect(port === 0 || allocated.has(port), () =>
          told(
            call,
            block,
            `${blockName(block)} has PortNumber ${port}, which no miniport allocated`,
            '0, or a number from NdisMAllocatePort',
          ),
        );
      }),
    };
  }),
];

function layerNameOf(block: TreeBlock): string {
  const type = stateType(block.type);
  return type === undefined ? 'object' : layerName(type.layer);
}
