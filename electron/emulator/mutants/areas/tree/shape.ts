/** Mutants for rules of the area "tree" about how blocks hang together. */
import { compositeStateTypes } from '../../../ndis/offloadBlockList';
import type { Mutant, Situation } from '../../mutant';
import {
  asStranger,
  blockNaming,
  blockWithState,
  blocksOf,
  offering,
  strangerHandlers,
  twinOf,
  type ProtocolBlock,
} from '../../treeTools';
import type { BadDriver } from '../../badDriver';
import type { MutantTools } from '../../mutantTools';
import { placeholder, querying } from './types';

/** Two connections of one path, the second offered when the first is offloaded. */
const twoConnections: Situation = {
  plan: { connections: 2, connectInterval: 300_000, halfway: 'nothing' },
  fileBytes: 200_000,
};

/** A host stack that sends a query of its own, whose blocks `make` makes of those of the first offer, when that has been taken. */
function askingOnce(
  make: (offered: readonly ProtocolBlock[], tools: MutantTools) => ProtocolBlock,
): BadDriver {
  return {
    functions: {
      NdisQueryOffloadState: (next, tools) => (binding, root) => {
        const offered = tools.memory.get('offered') as readonly ProtocolBlock[] | undefined;
        if (offered !== undefined && tools.once()) next(binding, asStranger(tools, make(offered, tools)));
        next(binding, root);
      },
      NdisInitiateOffload: (next, tools) => (binding, root) => {
        if (!tools.memory.has('offered')) tools.memory.set('offered', blocksOf(root));
        next(binding, root);
      },
    },
    handlers: strangerHandlers,
  };
}

/** A block that asks for nothing but the delegated state of an object that was offered. */
function asking(
  tools: MutantTools,
  offered: readonly ProtocolBlock[],
  layer: 'neighbor' | 'path' | 'tcp',
): ProtocolBlock {
  const known = offered.find((block) => block.layer === layer)!;
  return twinOf(tools, known);
}

/** See the file's head. */
export const shapeMutants: readonly Mutant[] = [
  {
    breaks: 'TRE-006',
    how: 'The host stack queries a path, and a connection beside it.',
    in: 'host-stack',
    driver: askingOnce((offered, tools) => {
      const root = asking(tools, offered, 'path');
      root.NextBlock = asking(tools, offered, 'tcp');
      return root;
    }),
  },
  {
    breaks: 'TRE-007',
    how: 'The host stack hangs a connection directly on a neighbor in a query.',
    in: 'host-stack',
    driver: askingOnce((offered, tools) => {
      const root = asking(tools, offered, 'neighbor');
      root.DependentBlockList = asking(tools, offered, 'tcp');
      return root;
    }),
  },
  {
    breaks: 'TRE-008',
    how: 'The host stack hangs a path on a path in a query.',
    in: 'host-stack',
    driver: askingOnce((offered, tools) => {
      const root = asking(tools, offered, 'path');
      root.DependentBlockList = asking(tools, offered, 'path');
      return root;
    }),
  },
  {
    breaks: 'TRE-009',
    how: 'The host stack hangs a placeholder on a connection in a query.',
    entails: { 'TRE-010': 'What depends on a connection is on a fourth level.' },
    in: 'host-stack',
    driver: querying((root, tools) => {
      root.DependentBlockList = placeholder(tools, 'tcp');
    }),
  },
  {
    breaks: 'TRE-010',
    how: 'The host stack puts two placeholders below the path in a query, so that the connection is on a fourth level.',
    in: 'host-stack',
    driver: askingOnce((offered, tools) => {
      const root = asking(tools, offered, 'neighbor');
      const levels = [placeholder(tools, 'path'), placeholder(tools, 'path'), placeholder(tools, 'tcp')];
      root.DependentBlockList = levels[0]!;
      levels[0]!.DependentBlockList = levels[1]!;
      levels[1]!.DependentBlockList = levels[2]!;
      return root;
    }),
  },
  {
    breaks: 'TRE-011',
    how: 'The host stack links the same block twice into the list of a path.',
    in: 'host-stack',
    driver: askingOnce((offered, tools) => {
      const root = placeholder(tools, 'path');
      const second = placeholder(tools, 'path');
      const connection = asking(tools, offered, 'tcp');
      root.NextBlock = second;
      root.DependentBlockList = connection;
      second.DependentBlockList = connection;
      return root;
    }),
  },
  {
    breaks: 'TRE-019',
    how: 'The host stack puts a linker into an initiate on which nothing hangs.',
    situation: twoConnections,
    in: 'host-stack',
    driver: offering((root, tools) => {
      if (root.state !== undefined) return;
      root.NextBlock = blockNaming(tools, 'neighbor', compositeStateTypes.neighbor, root.OffloadHandle);
    }),
  },
  {
    breaks: 'TRE-020',
    how: 'The host stack links a connection to a path whose context it has overwritten.',
    situation: twoConnections,
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next, tools) => (binding, root) => {
          const linker = blocksOf(root, 'path').find(({ state }) => state === undefined);
          const cell = linker?.OffloadHandle?.MiniportOffloadContext;
          if (cell !== undefined && tools.once()) {
            tools.memory.set('right', () => {
              cell.value = right;
            });
            const right = cell.value;
            cell.value = { address: 0x66_6000 };
          }
          next(binding, root);
        },
      },
      handlers: {
        InitiateOffloadCompleteHandler: (next, tools) => (context, root) => {
          (tools.memory.get('right') as (() => void) | undefined)?.();
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-022',
    how: 'The host stack hangs a new connection on a placeholder beside its path.',
    in: 'host-stack',
    driver: offering((root, tools) => {
      const connection = blockWithState(root, 'tcp');
      const [path] = blocksOf(root, 'path');
      if (connection === undefined || path === undefined) return;
      path.NextBlock = placeholder(tools, 'path');
      path.NextBlock.DependentBlockList = path.DependentBlockList;
      path.DependentBlockList = null;
    }),
  },
  {
    breaks: 'TRE-025',
    how: 'The host stack offers a connection on another port than its path.',
    entails: { 'TRE-029': 'No miniport has allocated that port.' },
    in: 'host-stack',
    driver: offering((root) => {
      const connection = blockWithState(root, 'tcp');
      if (connection !== undefined) connection.PortNumber = 3;
    }),
  },
  {
    breaks: 'TRE-029',
    how: 'The host stack names a port in a query that no miniport has allocated.',
    in: 'host-stack',
    driver: querying((root) => {
      root.PortNumber = 3;
    }),
  },
];
