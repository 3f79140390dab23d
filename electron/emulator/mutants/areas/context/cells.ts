/** Mutants for rules of the area "context" about PVOIDs and the cells that hold them. */
import { isTaken, type ContextCell, type PVOID } from '../../../ndis/offloadBlockList';
import type { BadDriver } from '../../badDriver';
import type { Mutant } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import { answering, blockWithState, blocksOf, offering } from '../../treeTools';

/** Something that no target has given to anybody. */
const stranger: PVOID = { address: 0x66_6000 };

/** A host stack in whose cell there is something else while it queries a connection. */
function queryingWith(value: (cell: ContextCell, tools: MutantTools) => PVOID | null): BadDriver {
  return {
    functions: {
      NdisInitiateOffload: (next, tools) => (binding, root) => {
        const [path] = blocksOf(root, 'path');
        tools.memory.set('path', path?.OffloadHandle?.MiniportOffloadContext);
        next(binding, root);
      },
      NdisQueryOffloadState: (next, tools) => (binding, root) => {
        const cell = root.OffloadHandle!.MiniportOffloadContext;
        const right = cell.value;
        tools.memory.set('restore', () => {
          cell.value = right;
        });
        cell.value = value(cell, tools);
        next(binding, root);
      },
    },
    handlers: {
      QueryOffloadCompleteHandler: (next, tools) => (context, root) => {
        (tools.memory.get('restore') as () => void)();
        next(context, root);
      },
    },
  };
}

/** See the file's head. */
export const cellMutants: readonly Mutant[] = [
  {
    breaks: 'CTX-001',
    how: 'The target takes a connection and writes no context.',
    in: 'offload-target',
    driver: answering((root) => {
      const cell = blockWithState(root, 'tcp')?.MiniportOffloadContext;
      if (cell) cell.value = null;
    }),
  },
  {
    breaks: 'CTX-002',
    how: 'The target refuses a connection and writes its context all the same.',
    situation: { scenario: 'no-tcp-entries' },
    in: 'offload-target',
    driver: answering((root) => {
      const block = blockWithState(root, 'tcp');
      if (block?.MiniportOffloadContext && !isTaken(block.Status))
        block.MiniportOffloadContext.value = stranger;
    }),
  },
  {
    breaks: 'CTX-003',
    how: 'The target gives a connection the context of its path.',
    in: 'offload-target',
    driver: answering((root) => {
      const cell = blockWithState(root, 'tcp')?.MiniportOffloadContext;
      const path = blocksOf(root, 'path')[0]?.MiniportOffloadContext;
      if (cell && path) cell.value = path.value;
    }),
  },
  {
    breaks: 'CTX-006',
    how: 'The target uses the context area of a connection for the next one while the first is offloaded.',
    entails: { 'CTX-003': 'Two objects have one context.' },
    situation: {
      plan: { connections: 2, connectInterval: 300_000, halfway: 'nothing' },
      fileBytes: 200_000,
    },
    in: 'offload-target',
    driver: answering((root, tools) => {
      const context = blockWithState(root, 'tcp')?.MiniportOffloadContext?.value;
      if (!context) return;
      const first = tools.memory.get('first') as PVOID | undefined;
      // The driver tells them apart all the same: what it does with each connection stays right.
      if (first === undefined) tools.memory.set('first', context);
      else Object.defineProperty(context, 'address', { value: first.address });
    }),
  },
  {
    breaks: 'CTX-007',
    how: 'The host stack queries a connection by a context that no target has given to it.',
    entails: { 'CTX-010': 'The cell holds something else than what the target wrote.' },
    in: 'host-stack',
    driver: queryingWith(() => stranger),
  },
  {
    breaks: 'CTX-008',
    how: 'The host stack clears the cell of a connection that is offloaded, and queries it.',
    entails: { 'CTX-010': 'The cell holds something else than what the target wrote.' },
    in: 'host-stack',
    driver: queryingWith(() => null),
  },
  {
    breaks: 'CTX-009',
    how: 'The host stack names a neighbor in a query of a path.',
    situation: { scenario: 'query-everything', fileBytes: 1_500_000 },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next, tools) => (binding, root) => {
          tools.memory.set('neighbor', root.OffloadHandle);
          next(binding, root);
        },
        NdisQueryOffloadState: (next, tools) => (binding, root) => {
          if (root.layer === 'path')
            root.OffloadHandle = tools.memory.get('neighbor') as typeof root.OffloadHandle;
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'CTX-010',
    how: 'The host stack overwrites the cell of a connection with the context of its path.',
    entails: { 'CTX-009': 'The block is of a connection, and the context of a path.' },
    in: 'host-stack',
    driver: queryingWith((_cell, tools) => (tools.memory.get('path') as ContextCell).value),
  },
  {
    breaks: 'CTX-011',
    how: 'The host stack offers a connection whose cell has not been cleared.',
    entails: {
      'TRE-019':
        'Where the cell holds something the block is a linker to those below, and nothing hangs on this one.',
      'TRE-020':
        'Where the cell holds something the block is a linker to those below, and the target does not have what it names.',
    },
    in: 'host-stack',
    driver: offering((root) => {
      const cell = blockWithState(root, 'tcp')?.OffloadHandle?.MiniportOffloadContext;
      if (cell) cell.value = stranger;
    }),
  },
];
