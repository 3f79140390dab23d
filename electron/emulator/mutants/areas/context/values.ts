/** Mutants for rules of the area "context" about the values of offloaded state. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, delegatedStateTypes } from '../../../ndis/offloadBlockList';
import type { BadDriver } from '../../badDriver';
import type { Mutant } from '../../mutant';
import { blocksOf, rewriteState, type MiniportBlock } from '../../treeTools';

/** A target that answers queries with other values than it has. */
function answeringQueries(edit: (root: MiniportBlock) => void): BadDriver {
  return {
    functions: {
      NdisMQueryOffloadStateComplete: (next) => (handle, root) => {
        edit(root);
        next(handle, root);
      },
    },
  };
}

/** See the file's head. */
export const valueMutants: readonly Mutant[] = [
  {
    breaks: 'CTX-023',
    how: 'The target answers a query with another RemoteMss than the connection was offered with.',
    situation: { scenario: 'query-everything', fileBytes: 1_500_000 },
    in: 'offload-target',
    driver: answeringQueries((root) => {
      for (const block of blocksOf(root)) rewriteState(block, 'tcp', 'const', () => ({ RemoteMss: 536 }));
    }),
  },
  {
    breaks: 'CTX-024',
    how: 'The target counts the TTL of a connection down by itself.',
    situation: { scenario: 'query-everything', fileBytes: 1_500_000 },
    in: 'offload-target',
    driver: answeringQueries((root) => {
      for (const block of blocksOf(root))
        rewriteState(block, 'tcp', 'cached', ({ TtlOrHopLimit }) => ({ TtlOrHopLimit: TtlOrHopLimit - 4 }));
    }),
  },
  {
    breaks: 'CTX-026',
    how: 'The target announces the delegated variables of a connection by NdisMOffloadEventIndicate.',
    entails: {
      'RCH-012': 'The only code that there is goes with a neighbor block, and this is one of a connection.',
      'RCH-013': 'Delegated variables of a connection are no state of a neighbor.',
      'RCH-014': 'The handle is that of the connection.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next, tools) => (handle, root) => {
          const { state, NdisOffloadHandle } = root;
          next(handle, root);
          const block = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
            tools.machine.addresses,
            'tcp',
            delegatedStateTypes.tcp,
            state,
          );
          block.NdisOffloadHandle = NdisOffloadHandle;
          tools.functions!.NdisMOffloadEventIndicate(
            handle,
            block,
            constantValue('NeighborReachabilityQuery'),
          );
        },
      },
    },
  },
];
