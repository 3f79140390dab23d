/** Mutants for rules of the area "tree" about the way of a tree: down through NDIS, and back. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { unwrittenStatus } from '../../../../../shared/trace/unwrittenStatus';
import { breaksHardware, firstConnection, inOrder, whenSettled } from '../../acting';
import { quietConnection } from '../../quietConnection';
import type { MiniportBlock, ProtocolBlock } from '../../treeTools';
import { adapterOf, answering, blocksOf, blockWithState, rememberingAdapter } from '../../treeTools';
import type { BadDriver } from '../../badDriver';
import { calling } from '../../badRecords';
import { edited, memberAt, withBlocks } from '../../badTrees';
import type { Mutant, Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import { placeholder, querying } from './types';

const word = { address: 0x66_6000 };

/** A target that changes the trees of queries before it gives them back. */
function answeringQueries(edit: (root: MiniportBlock, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisMQueryOffloadStateComplete: (next, tools) => (handle, root) => {
        edit(root, tools);
        next(handle, root);
      },
    },
  };
}

/** A path and a neighbor stay behind with a second connection, so that the terminate of the first stands on nothing of them. */
const failover: Situation = { scenario: 'failover' };

const partly: Situation = {
  plan: {
    connections: 2,
    connectInterval: 300_000,
    halfway: 'nothing',
  },
  fileBytes: 200_000,
};

/** The host stack queries each connection below a placeholder for its path. */
const queriesBelowPlaceholder: NonNullable<Situation['besides']> = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisQueryOffloadState: (next, tools) => (binding, root) => {
        const stand = placeholder(tools, 'path');
        stand.DependentBlockList = root;
        tools.memory.set(`below ${stand.address}`, root);
        next(binding, stand);
      },
    },
    handlers: {
      QueryOffloadCompleteHandler: (next, tools) => (context, root) => {
        next(context, tools.memory.get(`below ${root.address}`) as ProtocolBlock);
      },
    },
  },
};

/** The hardware breaks down in the middle of such a query. */
const brokenBelowPlaceholder: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    whenSettled((run) => {
      breaksHardware(run, 'query');
      run.topology.host.offloads.query(firstConnection(run), 'delegated', () => undefined);
    }, 1 / 4),
  ),
  besides: queriesBelowPlaceholder,
};

/** The neighbor of a connection is invalidated while nothing is to be sent on it. */
const invalidatedQuietly = quietConnection([
  [
    600,
    ({ host, connection }) => {
      host.offloads.invalidate(connection.path.neighbor);
    },
  ],
]);

const statusAt = memberAt('Status', 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST');

/** See the file's head. */
export const travelMutants: readonly Mutant[] = [
  {
    breaks: 'TRE-017',
    how: 'The target fails a placeholder on which nothing hangs.',
    entails: { 'TRE-018': 'It is a placeholder that does not succeed.' },
    situation: {
      besides: {
        in: 'host-stack',
        driver: querying((root, tools) => {
          root.NextBlock ??= placeholder(tools, 'tcp');
        }),
      },
    },
    in: 'offload-target',
    driver: answeringQueries((root) => {
      if (root.NextBlock?.MiniportOffloadContext === null) root.NextBlock.Status = NDIS_STATUS.FAILURE;
    }),
  },
  {
    breaks: 'TRE-018',
    how: 'The target fails a placeholder along with what depends on it.',
    situation: brokenBelowPlaceholder,
    in: 'offload-target',
    driver: answeringQueries((root) => {
      if (root.DependentBlockList?.Status === NDIS_STATUS.FAILURE) root.Status = NDIS_STATUS.FAILURE;
    }),
  },
  {
    breaks: 'TRE-028',
    how: 'The target reports partial success for a linker whose only connection it has refused.',
    situation: { ...partly, plan: { ...partly.plan, target: { tcpCapacity: 1 } } },
    in: 'offload-target',
    driver: answering((root) => {
      for (const block of blocksOf(root))
        if (block.state === undefined) block.Status = NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
    }),
  },
  {
    breaks: 'TRE-030',
    how: 'The host stack leaves send data on the block of a path.',
    in: 'host-stack',
    situation: { fileBytes: 200_000 },
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (binding, root) => {
          const connection = blockWithState(root, 'tcp');
          const [path] = blocksOf(root, 'path');
          if (connection !== undefined && path !== undefined)
            path.NetBufferListChain = connection.NetBufferListChain;
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-034',
    how: 'The host stack passes the same tree again before it has come back.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next, tools) => (binding, root) => {
          next(binding, root);
          if (tools.once()) next(binding, root);
        },
      },
      handlers: {
        QueryOffloadCompleteHandler: (next, tools) => (context, root) => {
          if (tools.once(1, 'completion')) next(context, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-035',
    how: 'NDIS makes an update of a query.',
    entails: {
      'TRE-041': 'The target completes the query that it has got.',
    },
    records: calling('MiniportQueryOffload', (call) => ({ ...call, functionName: 'MiniportUpdateOffload' })),
  },
  {
    breaks: 'TRE-036',
    how: 'NDIS changes the port of a block.',
    entails: { 'TRE-029': 'No miniport has allocated that port.' },
    records: calling(
      'MiniportQueryOffload',
      withBlocks((block) =>
        edited(block, (view) => {
          view.setUint32(memberAt('PortNumber'), 3, true);
        }),
      ),
    ),
  },
  {
    breaks: 'TRE-037',
    how: 'The target completes an invalidate before its handler returns.',
    situation: invalidatedQuietly,
    in: 'offload-target',
    driver: {
      handlers: {
        InvalidateOffloadHandler: (next, tools) => (context, root) => {
          next(context, root);
          for (const block of blocksOf(root)) block.Status = NDIS_STATUS.SUCCESS;
          tools.memory.set('done', true);
          tools.functions!.NdisMInvalidateOffloadComplete(adapterOf(tools).handle, root);
        },
      },
      functions: {
        ...rememberingAdapter,
        NdisMInvalidateOffloadComplete: (next, tools) => (handle, root) => {
          if (!tools.memory.has('done')) next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-040',
    how: 'The target completes a query twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next) => (handle, root) => {
          next(handle, root);
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-040',
    how: 'The target never completes a query.',
    in: 'offload-target',
    driver: { functions: { NdisMQueryOffloadStateComplete: () => () => undefined } },
  },
  {
    breaks: 'TRE-041',
    how: 'The target completes a query as an update.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (_next, tools) => (handle, root) => {
          tools.functions!.NdisMUpdateOffloadComplete(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-042',
    how: 'The target completes an initiate with a block from inside the tree.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next) => (handle, root) => {
          next(handle, root.DependentBlockList ?? root);
        },
      },
    },
  },
  {
    breaks: 'TRE-043',
    how: 'The target forgets the status of a connection that it gives back.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next) => (handle, root) => {
          root.Status = unwrittenStatus;
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TRE-044',
    how: 'The target ends a query with NDIS_STATUS_RESOURCES.',
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.Status = NDIS_STATUS.RESOURCES;
    }),
  },
  {
    breaks: 'TRE-045',
    how: 'The target cuts what depends on a placeholder off the tree of a query.',
    situation: { besides: queriesBelowPlaceholder },
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.DependentBlockList = null;
    }),
  },
  {
    breaks: 'TRE-046',
    how: 'The target uses ProtocolReserved for itself.',
    entails: { 'TRE-052': 'NDIS hands back what the driver below left.' },
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.ProtocolReserved = [word, null];
    }),
  },
  {
    breaks: 'TRE-047',
    how: 'The target uses ImReserved for itself.',
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.ImReserved = [word, null];
    }),
  },
  {
    breaks: 'TRE-048',
    how: 'The target clears SourceHandle.',
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.SourceHandle = null;
    }),
  },
  {
    breaks: 'TRE-049',
    how: 'The target writes into NdisReserved.',
    in: 'offload-target',
    driver: answeringQueries((root) => {
      root.NdisReserved = [null, word];
    }),
  },
  {
    breaks: 'TRE-050',
    how: 'The host stack writes SourceHandle of a block that is under way.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next) => (binding, root) => {
          next(binding, root);
          root.SourceHandle = word;
        },
      },
    },
  },
  {
    breaks: 'TRE-051',
    how: 'The host stack keeps a pointer of its own in ImReserved.',
    in: 'host-stack',
    driver: querying((root) => {
      root.ImReserved = [word, null];
    }),
  },
  {
    breaks: 'TRE-052',
    how: 'The intermediate driver uses ProtocolReserved for itself.',
    situation: failover,
    in: 'intermediate-driver',
    driver: answering((root) => {
      root.ProtocolReserved = [word, null];
    }),
  },
  {
    breaks: 'TRE-056',
    how: 'NDIS calls the completion handler of another operation.',
    records: calling('ProtocolQueryOffloadComplete', (call) => ({
      ...call,
      functionName: 'ProtocolUpdateOffloadComplete',
    })),
  },
  {
    breaks: 'TRE-057',
    how: 'NDIS reports the failure of a query that the target has answered.',
    records: calling(
      'ProtocolQueryOffloadComplete',
      withBlocks((block) =>
        edited(block, (view) => {
          view.setUint32(statusAt, NDIS_STATUS.FAILURE, true);
        }),
      ),
    ),
  },
  {
    breaks: 'TRE-058',
    how: 'The host stack closes its binding while a connection is offloaded.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next, tools) => (binding, root) => {
          next(binding, root);
          if (tools.once())
            tools.laterPassive(100_000, () => {
              tools.functions!.NdisCloseAdapterEx(binding);
            });
        },
      },
    },
  },
];
