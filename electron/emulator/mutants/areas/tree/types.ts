/** Mutants for rules of the area "tree" about types of blocks and the state behind them. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { stateHeader } from '../../../../../shared/ddi/structureCodec';
import { cachedStateTypes, compositeStateTypes, delegatedStateTypes } from '../../../ndis/offloadBlockList';
import { calling } from '../../badRecords';
import { editedStates, withBlocks } from '../../badTrees';
import type { BadDriver } from '../../badDriver';
import type { Mutant } from '../../mutant';
import { blockNaming, blockWithState, offering, type ProtocolBlock } from '../../treeTools';
import type { MutantTools } from '../../mutantTools';

/** A host stack that changes the trees of its queries. */
export function querying(edit: (root: ProtocolBlock, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisQueryOffloadState: (next, tools) => (binding, root) => {
        edit(root, tools);
        next(binding, root);
      },
    },
  };
}

/** See the file's head. */
export const typeMutants: readonly Mutant[] = [
  {
    breaks: 'TRE-001',
    how: 'The host stack queries a connection with a type that does not exist.',
    in: 'host-stack',
    driver: querying((root) => {
      root.type = 99;
    }),
  },
  {
    breaks: 'TRE-002',
    how: 'The host stack queries a connection with the type TcpOffloadResourceState.',
    in: 'host-stack',
    driver: querying((root) => {
      root.type = constantValue('TcpOffloadResourceState');
    }),
  },
  {
    breaks: 'TRE-003',
    how: 'The host stack queries a connection with the type that is for filter drivers.',
    in: 'host-stack',
    driver: querying((root) => {
      root.type = constantValue('FilterReservedOffloadState');
    }),
  },
  {
    breaks: 'TRE-004',
    how: 'The host stack leaves Revision 0 in the header of a block.',
    in: 'host-stack',
    driver: querying((root) => {
      root.revision = 0;
    }),
  },
  {
    breaks: 'TRE-012',
    how: 'The host stack offers a connection without its delegated state.',
    entails: { 'INI-002': 'A new connection comes without a part of its state.' },
    in: 'host-stack',
    driver: offering((root) => {
      const block = blockWithState(root, 'tcp');
      if (block?.state?.layer !== 'tcp') return;
      const { const: constant, cached } = block.state;
      block.state = { layer: 'tcp', const: constant!, cached: cached! };
    }),
  },
  {
    breaks: 'TRE-013',
    how: 'The host stack queries cached state, and puts a delegated structure behind the block.',
    entails: { 'QRY-001': 'There is no cached structure that the target could fill.' },
    in: 'host-stack',
    driver: querying((root) => {
      root.type = cachedStateTypes.tcp;
    }),
  },
  {
    breaks: 'TRE-014',
    how: 'NDIS leaves Length of the state structures 0.',
    entails: { 'QRY-002': 'The structure comes back with its Length, which is not the one that went down.' },
    records: calling(
      'MiniportQueryOffload',
      withBlocks((block) =>
        editedStates(block, (view) => {
          view.setUint32(0, 0, true);
        }),
      ),
    ),
  },
  {
    breaks: 'TRE-015',
    how: 'The host stack sets an option in the header of the state that it offers.',
    in: 'host-stack',
    driver: offering((root) => {
      const { state } = blockWithState(root, 'neighbor') ?? {};
      if (state?.cached !== undefined)
        Object.assign(state.cached, {
          Header: { ...stateHeader('NEIGHBOR_OFFLOAD_STATE_CACHED'), RecognizedOptions: 1 },
        });
    }),
  },
  {
    breaks: 'TRE-021',
    how: 'The host stack offers a connection without any state.',
    in: 'host-stack',
    driver: offering((root) => {
      const block = blockWithState(root, 'tcp');
      if (block !== undefined) block.state = undefined;
    }),
  },
  {
    breaks: 'TRE-032',
    how: 'The host stack puts delegated state behind the neighbor that it invalidates.',
    situation: { scenario: 'neighbor-invalidated', fileBytes: 200_000 },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInvalidateOffload: (next) => (binding, root) => {
          root.type = delegatedStateTypes.neighbor;
          root.state = { layer: 'neighbor', delegated: { NicReachabilityDelta: 0 } };
          next(binding, root);
        },
      },
    },
  },
];

/** A placeholder of a layer. */
export function placeholder(tools: MutantTools, layer: 'neighbor' | 'path' | 'tcp'): ProtocolBlock {
  return blockNaming(tools, layer, compositeStateTypes[layer], null);
}
