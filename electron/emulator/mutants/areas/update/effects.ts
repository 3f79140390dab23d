/** Targets that make something else of an update than it says. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { chainToArray } from '../../../ndis/netBufferList';
import { PathContext, type NeighborContext } from '../../../target/contexts';
import { firstConnection, inOrder, isSettled, whenSettled } from '../../acting';
import type { BadDriver } from '../../badDriver';
import type { LegalOddity, Mutant, Situation } from '../../mutant';
import { blocksOf, type MiniportBlock } from '../../treeTools';
import { withTaken } from '../initiate/receivedData';
import { impossibleUpdate, routeChanges } from './requests';

const keepAlive = constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED');

/** The MTU of the path changes, and is queried. */
const mtuChanges: Situation = {
  plan: { halfway: 'nothing' },
  fileBytes: 200_000,
  act: inOrder(
    whenSettled((run) => {
      run.topology.host.changePathMtu(firstConnection(run).remoteAddress, 1280);
    }, 1 / 8),
    whenSettled((run) => {
      run.topology.host.offloads.query(firstConnection(run).path, 'cached', () => undefined);
    }, 1 / 4),
  ),
};

/** The receive buffer grows while a slow link brings data. */
const bufferGrows: Situation = {
  plan: { halfway: 'nothing' },
  fileBytes: 400_000,
  settings: { link: { bitsPerSecond: 1_000_000 } },
  act: inOrder(
    whenSettled((run) => {
      firstConnection(run).setOptions({ receiveBuffer: 2 ** 20 });
    }, 1 / 8),
  ),
};

/** Part of the file after which the application waits for a while. */
const pausedAt = 1 / 2;

/** An idle connection has keepalive for a moment, and then not any more. */
const keepAliveOff: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    {
      isDue: () => true,
      act: ({ streams }) => {
        streams[0]!.application.open(pausedAt);
      },
    },
    {
      isDue: (run) => isSettled(run) && run.streams[0]!.acknowledgedPart >= pausedAt,
      act: (run) => {
        firstConnection(run).setOptions({ keepAlive: true, keepAliveTime: 20, keepAliveInterval: 20 });
      },
    },
    whenSettled((run) => {
      const { streams, topology } = run;
      firstConnection(run).setOptions({ keepAlive: false });
      topology.host.kernel.queueWorkItem(() => {
        streams[0]!.application.open(1);
      }, 300_000_000);
    }),
  ),
};

/** Paths that an update names, with what they were. */
function pathsIn(root: MiniportBlock): PathContext[] {
  return blocksOf(root, 'path').flatMap(({ MiniportOffloadContext }) => {
    const path = MiniportOffloadContext?.value;
    return path instanceof PathContext ? path : [];
  });
}

/** A target that says that an update has succeeded, and leaves everything as it was. */
function ignoring<Before>(
  read: (path: PathContext) => Before,
  write: (path: PathContext, before: Before) => void,
): BadDriver {
  return {
    handlers: {
      UpdateOffloadHandler: (next, tools) => (context, root) => {
        const before = pathsIn(root).map((path) => [path, read(path)] as const);
        tools.memory.set('before', before);
        next(context, root);
      },
    },
    functions: {
      NdisMUpdateOffloadComplete: (next, tools) => (handle, root) => {
        const before = tools.memory.get('before') as readonly (readonly [PathContext, Before])[];
        for (const [path, value] of before) {
          write(path, value);
          for (const connection of path.connections) connection.refreshAddressing();
        }
        next(handle, root);
      },
    },
  };
}

/** See the file's head. */
export const updateEffectMutants: readonly Mutant[] = [
  {
    breaks: 'UPD-004',
    how: 'The target reports success for a new path MTU and keeps the old one.',
    entails: {
      'CTX-024': 'The query tells the old MTU, which is not what the host stack has last said.',
    },
    situation: mtuChanges,
    in: 'offload-target',
    driver: ignoring(
      ({ cached }) => cached,
      (path, cached) => {
        path.cached = cached;
      },
    ),
  },
  {
    breaks: 'UPD-006',
    how: 'The target aborts the requests of a connection of which an update has failed.',
    situation: impossibleUpdate,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMUpdateOffloadComplete: (next, tools) => (handle, root) => {
          tools.memory.set('failed', root.Status === NDIS_STATUS.FAILURE);
          next(handle, root);
        },
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          if (tools.memory.get('failed') === true)
            for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.REQUEST_ABORTED;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'UPD-011',
    how: 'The target reports success for a relink and goes on sending to the old neighbor.',
    entails: {
      'WIR-005':
        'The frames have the MAC address of the old neighbor, and the path is linked to the new one.',
    },
    situation: routeChanges,
    in: 'offload-target',
    driver: ignoring<NeighborContext>(
      ({ neighbor }) => neighbor,
      (path, neighbor) => {
        const old = Object.create(path, { neighbor: { value: neighbor } }) as PathContext;
        path.addressingFor = (...values) => PathContext.prototype.addressingFor.apply(old, values);
      },
    ),
  },
  {
    breaks: 'UPD-016',
    how: 'The target keeps the window of before when the receive buffer grows.',
    situation: bufferGrows,
    in: 'offload-target',
    driver: withTaken((connection) => {
      const { InitialRcvWnd } = connection.cachedState;
      const update = connection.update.bind(connection);
      connection.update = (cached) => {
        update({ ...cached, InitialRcvWnd });
      };
    }),
  },
  {
    breaks: 'UPD-018',
    how: 'The target goes on with keepalive probes when it has been turned off.',
    entails: {
      'TMR-029': 'The probes leave while the flag of the connection is clear.',
    },
    situation: keepAliveOff,
    in: 'offload-target',
    driver: withTaken((connection) => {
      const update = connection.update.bind(connection);
      connection.update = (cached) => {
        update({ ...cached, Flags: cached.Flags | keepAlive });
      };
    }),
  },
];

/** What looks odd and is legal. */
export const updateEffectOddities: readonly LegalOddity[] = [
  {
    shows: 'UPD-005',
    how: 'A new path MTU is in effect before MiniportUpdateOffload has returned.',
    situation: mtuChanges,
    in: 'offload-target',
    driver: {
      handlers: {
        UpdateOffloadHandler: (next) => (context, root) => {
          for (const block of blocksOf(root, 'path')) {
            const path = block.MiniportOffloadContext?.value;
            const cached = block.state?.layer === 'path' ? block.state.cached : undefined;
            if (!(path instanceof PathContext) || cached === undefined) continue;
            path.cached = { ...cached };
            for (const connection of path.connections) connection.refreshAddressing();
          }
          next(context, root);
        },
      },
    },
  },
];
