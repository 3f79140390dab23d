/** Mutants for the rules of the area "query" (QRY). */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { unwrittenStatus } from '../../../../shared/trace/unwrittenStatus';
import { allocateNetBufferList } from '../../ndis/netBufferList';
import type { TCP_OFFLOAD_STATE_DELEGATED } from '../../ndis/offloadState';
import { breaksHardware, firstConnection, inOrder, readsBehind, whenSettled } from '../acting';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { blocksOf, rewrite, rewriteState, type MiniportBlock } from '../treeTools';

/** Everything of the connection is queried twice. */
const queriedTwice: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    ...[1, 2].map(() =>
      whenSettled((run) => {
        run.topology.host.offloads.query(firstConnection(run), 'all', () => undefined);
      }),
    ),
  ),
};

/** The hardware breaks down in the middle of a query. */
const brokenQuery: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    whenSettled((run) => {
      breaksHardware(run, 'query');
      run.topology.host.offloads.query(firstConnection(run), 'delegated', () => undefined);
    }, 1 / 4),
  ),
};

/** The application reads only after a query has told what waits for it. */
const readsAfterQuery: Situation = {
  plan: { halfway: 'nothing' },
  act: readsBehind(
    whenSettled((run) => {
      run.topology.host.offloads.query(firstConnection(run), 'delegated', () => undefined);
    }, 1 / 2),
  ),
};

/** A target that changes its answers to queries. */
function telling(edit: (root: MiniportBlock, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisMQueryOffloadStateComplete: (next, tools) => (handle, root) => {
        edit(root, tools);
        next(handle, root);
      },
    },
  };
}

function tellingDelegated(
  change: (
    delegated: TCP_OFFLOAD_STATE_DELEGATED,
    tools: MutantTools,
  ) => Partial<TCP_OFFLOAD_STATE_DELEGATED>,
): BadDriver {
  return telling((root, tools) => {
    for (const block of blocksOf(root, 'tcp'))
      rewriteState(block, 'tcp', 'delegated', (delegated) => change(delegated, tools));
  });
}

/** See the file's head. */
export const queryMutants: readonly Mutant[] = [
  {
    breaks: 'QRY-001',
    how: 'The host stack queries a connection and attaches nothing that could be filled.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next) => (binding, root) => {
          rewrite(root, { state: undefined });
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'QRY-002',
    how: 'The target leaves CWnd out when it answers a query.',
    in: 'offload-target',
    driver: tellingDelegated(() => ({ CWnd: unwrittenStatus })),
  },
  {
    breaks: 'QRY-003',
    how: 'The target says that an established connection is in SYN-RECEIVED.',
    entails: { 'WIR-002': 'No SYN of this connection is on the wire any more.' },
    in: 'offload-target',
    driver: tellingDelegated(() => ({ State: constantValue('TcpConnectionSynRcvd') })),
  },
  {
    breaks: 'QRY-004',
    how: 'The target answers a query with a pointer to send data.',
    in: 'offload-target',
    driver: tellingDelegated((_delegated, { machine }) => ({
      SendBacklogSize: undefined,
      SendDataHead: allocateNetBufferList(machine.addresses, [new Uint8Array(100)]),
    })),
    situation: queriedTwice,
  },
  {
    breaks: 'QRY-005',
    how: 'The target tells another RemoteMss in a second query.',
    entails: { 'CTX-023': 'The second answer is no more what the connection was offered with.' },
    situation: queriedTwice,
    in: 'offload-target',
    driver: telling((root, tools) => {
      if (tools.once(2))
        rewriteState(root, 'tcp', 'const', ({ RemoteMss }) => ({ RemoteMss: RemoteMss - 12 }));
    }),
  },
  {
    breaks: 'QRY-007',
    how: 'A target without a send backlog says that it wants none outstanding.',
    in: 'offload-target',
    driver: tellingDelegated(() => ({ SendBacklogSize: 0 })),
  },
  {
    breaks: 'QRY-008',
    how: 'The target counts a hundred bytes too many that it holds.',
    in: 'offload-target',
    driver: tellingDelegated(({ ReceiveBacklogSize }) => ({
      ReceiveBacklogSize: (ReceiveBacklogSize ?? 0) + 100,
    })),
  },
  {
    breaks: 'QRY-009',
    how: 'The host stack posts a single receive of 100 bytes for all that the target holds.',
    situation: readsAfterQuery,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive: (next, tools) => (handle, list) => {
          if (!tools.once()) return NDIS_STATUS.PENDING;
          list.FirstNetBuffer.DataLength = 100;
          return next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'QRY-010',
    how: 'The host stack leaves a connection with the target that could not be queried.',
    entails: {
      'EVT-015': 'It is left there after the TcpIndicateAbort that follows the failed query.',
      'EVT-021': 'It is left there after the TcpIndicateRetrieve that follows the failed query.',
    },
    situation: brokenQuery,
    in: 'host-stack',
    driver: { functions: { NdisTerminateOffload: () => () => undefined } },
  },
  {
    breaks: 'QRY-011',
    how: 'The target fails a query and indicates nothing.',
    situation: brokenQuery,
    in: 'offload-target',
    driver: { functions: { NdisTcpOffloadEventHandler: () => () => undefined } },
  },
];

/** What looks odd in the area and is legal. */
export const queryOddities: readonly LegalOddity[] = [
  {
    shows: 'QRY-006',
    how: 'Two queries and an update of one connection overlap.',
    situation: {
      plan: { halfway: 'nothing' },
      act: inOrder(
        whenSettled((run) => {
          const connection = firstConnection(run);
          const { offloads } = run.topology.host;
          offloads.query(connection, 'delegated', () => undefined);
          offloads.query(connection, 'all', () => undefined);
          connection.setOptions({ timeToLive: 40 });
          offloads.query(connection, 'cached', () => undefined);
        }, 1 / 4),
      ),
    },
  },
];
