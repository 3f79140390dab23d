/** Mutants for the rules of the area "invalidate" (INV). */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { OffloadedConnection } from '../../target/offloadedConnection';
import { breaksHardware, firstConnection, inOrder, whenSettled } from '../acting';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { adapterOf, blocksOf, rememberingAdapter } from '../treeTools';

const retrieve = constantValue('TcpIndicateRetrieve');

const invalidNeighbor: Situation = { scenario: 'neighbor-invalidated' };

/** The connection itself is declared invalid. */
const invalidConnection: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    whenSettled((run) => {
      run.topology.host.offloads.invalidate(firstConnection(run));
    }, 1 / 4),
  ),
};

/** The hardware breaks down while a neighbor is invalidated. */
const brokenInvalidate: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    whenSettled((run) => {
      breaksHardware(run, 'invalidate');
      run.topology.host.offloads.invalidate(firstConnection(run).path.neighbor);
    }, 1 / 4),
  ),
};

/** A host stack that never takes anything back. */
const keepsAll: BadDriver = { functions: { NdisTerminateOffload: () => () => undefined } };

/** A target that does something else than it should with connections behind invalid state. */
function invalidating(change: (connection: OffloadedConnection, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisMInitiateOffloadComplete: (next, tools) => (handle, root) => {
        for (const { MiniportOffloadContext } of blocksOf(root, 'tcp')) {
          const taken = MiniportOffloadContext?.value;
          if (taken instanceof OffloadedConnection) change(taken, tools);
        }
        next(handle, root);
      },
    },
  };
}

/** See the file's head. */
export const invalidateMutants: readonly Mutant[] = [
  {
    breaks: 'INV-002',
    how: 'The target fails an invalidate and indicates the abort alone.',
    entails: {
      'EVT-010': 'The event that would have told of the hardware failure is the one that is missing.',
    },
    situation: brokenInvalidate,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          if (type !== retrieve) next(handle, type, information);
        },
      },
    },
  },
  {
    breaks: 'INV-004',
    how: 'The target goes on sending on connections behind an invalid neighbor until it gets to them.',
    situation: invalidNeighbor,
    in: 'offload-target',
    driver: invalidating((connection, tools) => {
      const invalidate = connection.invalidate.bind(connection);
      connection.halt = () => undefined;
      connection.invalidate = () => {
        tools.later(1_000_000, invalidate);
      };
    }),
  },
  {
    breaks: 'INV-005',
    how: 'The target stops connections behind an invalid neighbor and asks nobody to take them back.',
    entails: {
      'INV-008': 'The host stack waits for the events before it terminates the neighbor.',
      'INV-009': 'The path goes with the neighbor.',
    },
    situation: invalidNeighbor,
    in: 'offload-target',
    driver: invalidating((connection) => {
      connection.invalidate = () => undefined;
    }),
  },
  {
    breaks: 'INV-006',
    how: 'The target asks for an upload because of invalid state that nobody has declared.',
    in: 'offload-target',
    driver: {
      functions: {
        ...rememberingAdapter,
        NdisMInitiateOffloadComplete: (next, tools) => (handle, root) => {
          next(handle, root);
          for (const { NdisOffloadHandle } of blocksOf(root, 'tcp'))
            tools.later(200_000, () => {
              const { table } = adapterOf(tools);
              table.NdisTcpOffloadEventHandler(NdisOffloadHandle!, retrieve, constantValue('InvalidState'));
            });
        },
      },
    },
  },
  {
    breaks: 'INV-008',
    how: 'The host stack never terminates a connection that it has invalidated.',
    entails: { 'EVT-021': 'The upload that the target asks for is never made.' },
    situation: invalidConnection,
    in: 'host-stack',
    driver: keepsAll,
  },
  {
    breaks: 'INV-009',
    how: 'The host stack invalidates a neighbor and leaves its path linked to it.',
    entails: {
      'INV-008': 'Who never takes the path back can’t take the neighbor back either.',
      'EVT-021': 'The uploads that the target asks for are never made.',
    },
    situation: invalidNeighbor,
    in: 'host-stack',
    driver: keepsAll,
  },
];

/** What looks odd in the area and is legal. */
export const invalidateOddities: readonly LegalOddity[] = [
  {
    shows: 'INV-001',
    how: 'The host stack invalidates a single connection.',
    situation: invalidConnection,
  },
];
