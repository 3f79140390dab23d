/** Targets that answer initiates with statuses that can't be. */
import { NDIS_STATUS, type NdisStatus } from '../../../../../shared/ddi/status';
import { defaultTargetLimits } from '../../../target/targetLimits';
import type { LegalOddity, Mutant, Situation } from '../../mutant';
import {
  adapterOf,
  answering,
  blockWithState,
  blocksOf,
  rememberingAdapter,
  type MiniportBlock,
} from '../../treeTools';

const target = { in: 'offload-target' } as const;

/** A target that has no room for paths. */
const noPaths: Situation = { plan: { target: { limits: { ...defaultTargetLimits, paths: 0 } } } };

/** A target that has no room for neighbors, and is offered two in one tree. */
const noNeighbors = {
  plan: {
    connections: 2,
    paths: 2,
    neighbors: 2,
    offload: 'together',
    target: { limits: { ...defaultTargetLimits, neighbors: 0 } },
  },
} as const satisfies Situation;

/** The same of an interface that is in VLAN 7. */
const noNeighborsInVlan: Situation = {
  plan: {
    ...noNeighbors.plan,
    target: { limits: { ...noNeighbors.plan.target.limits, vlanIds: [7] } },
  },
};

const noConnections: Situation = { scenario: 'no-tcp-entries' };

/** Two connections on one path in one tree, and room for one. */
const roomForOne: Situation = {
  plan: { connections: 2, offload: 'together', target: { tcpCapacity: 1 } },
};

/** Two paths through one neighbor, offered one after the other. */
const twoPaths: Situation = { plan: { connections: 2, paths: 2, connectInterval: 300_000 } };

function setStatus(root: MiniportBlock, layer: MiniportBlock['layer'], status: NdisStatus): void {
  for (const block of blocksOf(root, layer)) block.Status = status;
}

/** See the file's head. */
export const answerMutants: readonly Mutant[] = [
  {
    ...target,
    breaks: 'INI-029',
    how: 'The target reports success for the path of a connection that it has refused.',
    situation: noConnections,
    driver: answering((root) => {
      setStatus(root, 'path', NDIS_STATUS.SUCCESS);
    }),
  },
  {
    ...target,
    breaks: 'INI-030',
    how: 'The target reports partial success for a path with all its connections.',
    driver: answering((root) => {
      setStatus(root, 'path', NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS);
    }),
  },
  {
    ...target,
    breaks: 'INI-031',
    how: 'The target reports partial success for a connection.',
    driver: answering((root) => {
      setStatus(root, 'tcp', NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS);
    }),
  },
  {
    ...target,
    breaks: 'INI-032',
    how: 'The target refuses a path and takes the connection below it.',
    entails: {
      'CTX-001':
        'The target made no context for the connection that it calls taken, as its path was refused.',
    },
    situation: noPaths,
    driver: answering((root) => {
      setStatus(root, 'tcp', NDIS_STATUS.SUCCESS);
    }),
  },
  {
    ...target,
    breaks: 'INI-033',
    how: 'The target gives a connection that it has not tried a code of its own.',
    situation: noPaths,
    driver: answering((root) => {
      setStatus(root, 'tcp', NDIS_STATUS.OFFLOAD_TCP_ENTRIES);
    }),
  },
  {
    ...target,
    breaks: 'INI-034',
    how: 'The target goes on with the second neighbor of a tree whose root it has refused.',
    entails: {
      'CTX-001': 'The target never came to the objects that it calls taken, and so has no context for them.',
    },
    situation: noNeighbors,
    driver: answering((root) => {
      for (let block = root.NextBlock; block !== null; block = block.NextBlock) {
        block.Status = NDIS_STATUS.SUCCESS;
        for (const one of blocksOf(block.DependentBlockList!)) one.Status = NDIS_STATUS.SUCCESS;
      }
    }),
  },
  {
    ...target,
    breaks: 'INI-036',
    how: 'The target refuses a connection with NDIS_STATUS_INVALID_PARAMETER.',
    situation: noConnections,
    driver: answering((root) => {
      setStatus(root, 'tcp', NDIS_STATUS.INVALID_PARAMETER);
    }),
  },
  {
    ...target,
    breaks: 'INI-037',
    how: 'The target refuses a path with a code for connections.',
    situation: noPaths,
    driver: answering((root) => {
      setStatus(root, 'path', NDIS_STATUS.OFFLOAD_TCP_XMIT_BUFFER);
    }),
  },
  {
    ...target,
    breaks: 'INI-038',
    how: 'The target refuses a connection with a code for paths.',
    situation: noConnections,
    driver: answering((root) => {
      setStatus(root, 'tcp', NDIS_STATUS.OFFLOAD_PATH_ENTRIES);
    }),
  },
  {
    ...target,
    breaks: 'INI-039',
    how: 'The target refuses a path with a code for neighbors.',
    situation: noPaths,
    driver: answering((root) => {
      setStatus(root, 'path', NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES);
    }),
  },
  {
    ...target,
    breaks: 'INI-040',
    how: 'The target finds no room for a source address that nobody has given.',
    situation: noNeighbors,
    driver: answering((root) => {
      root.Status = NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES;
    }),
  },
  {
    ...target,
    breaks: 'INI-041',
    how: 'The target finds that a neighbor without a VLAN is in the wrong one.',
    entails: {
      'VLN-005': 'A neighbor without a VLAN is right on every interface.',
    },
    situation: noNeighborsInVlan,
    driver: answering((root) => {
      root.Status = NDIS_STATUS.OFFLOAD_VLAN_MISMATCH;
    }),
  },
  {
    ...target,
    breaks: 'INI-043',
    how: 'The target finds the MTU of a second path too large that was right for the first.',
    situation: twoPaths,
    driver: {
      functions: rememberingAdapter,
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, root) => {
          if (blockWithState(root, 'path') === undefined || !tools.once(2)) {
            next(context, root);
            return;
          }
          for (const block of blocksOf(root))
            block.Status = block.layer === 'path' ? NDIS_STATUS.OFFLOAD_PATH_MTU : NDIS_STATUS.FAILURE;
          tools.later(10_000, () => {
            tools.functions!.NdisMInitiateOffloadComplete(adapterOf(tools).handle, root);
          });
        },
      },
    },
  },
  {
    ...target,
    breaks: 'INI-045',
    how: 'The target forgets the connection that it had room for, because another one did not fit.',
    entails: {
      'QRY-011': 'The query fails without broken hardware.',
      'TRM-037':
        'A failed query says that the hardware has lost the connection, and the terminate behind it ends like any other.',
    },
    situation: roomForOne,
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next) => (handle, root) => {
          setStatus(root, 'tcp', NDIS_STATUS.FAILURE);
          next(handle, root);
        },
      },
    },
  },
];

/** What looks odd and is legal. */
export const answerOddities: readonly LegalOddity[] = [
  {
    shows: 'INI-035',
    how: 'Connections are refused in the middle of a tree, and the walk goes on behind each of them.',
    situation: { scenario: 'many-connections', fileBytes: 100_000 },
  },
];
