/** Mutants for the rules about what the host stack does with a stale neighbor. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import type { NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST } from '../../../ndis/offloadBlockList';
import type { Mutant } from '../../mutant';
import type { QuietScene } from '../../quietConnection';
import { asStranger, blockNaming, blocksOf, strangerHandlers, type ProtocolBlock } from '../../treeTools';
import { until } from '../timers/retransmitting';
import { idleNeighbor, mute, sendSome, unmute } from './scenes';

/** Whether a tree asks for the delegated variables of a neighbor. */
function asksNeighbor(root: ProtocolBlock): boolean {
  return blocksOf(root, 'neighbor').some(
    ({ state }) => state?.layer === 'neighbor' && state.delegated !== undefined,
  );
}

/** The application opens a second connection to the same host. */
function connectAgain({ host, connection }: QuietScene): void {
  host.connect(connection.remoteAddress, 7, {
    onConnected: () => undefined,
    onData: () => undefined,
    onPeerClosed: () => undefined,
    onClosed: () => undefined,
  });
}

/** See the file's head. */
export const examinationMutants: readonly Mutant[] = [
  {
    breaks: 'RCH-020',
    how: 'The host stack answers that its entry is stale, and leaves it at that.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next) => (binding, root) => {
          if (!asksNeighbor(root)) next(binding, root);
        },
      },
    },
    situation: idleNeighbor([[3000, sendSome], until(12_000)]),
  },
  {
    breaks: 'RCH-021',
    how: 'The host stack invalidates a neighbor of which the target has just had a sign.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next, tools) => (binding, root) => {
          tools.memory.set('binding', binding);
          next(binding, root);
        },
      },
      handlers: {
        ...strangerHandlers,
        QueryOffloadCompleteHandler: (next, tools) => (context, root) => {
          next(context, root);
          if (!asksNeighbor(root)) return;
          const { layer, type, OffloadHandle } = root;
          const tree = asStranger(tools, blockNaming(tools, layer, type, OffloadHandle));
          tools.later(1000, () => {
            tools.functions!.NdisInvalidateOffload(tools.memory.get('binding') as never, tree);
          });
        },
      },
    },
    situation: idleNeighbor([[32_000, sendSome], until(45_000)], 30_000),
  },
  {
    breaks: 'RCH-022',
    how: 'The host stack leaves a neighbor valid that answers nobody.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisInvalidateOffload: (_next, tools) => (_binding, root) => {
          tools.later(1000, () => {
            for (const block of blocksOf(root)) block.Status = NDIS_STATUS.SUCCESS;
            (tools.memory.get('complete') as (root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST) => void)(root);
          });
        },
      },
      handlers: {
        // Each binding has one context, and this host has one binding.
        InvalidateOffloadCompleteHandler: (next, tools) => {
          tools.memory.set('invalidated', next);
          return next;
        },
        InitiateOffloadCompleteHandler: (next, tools) => (context, root) => {
          const invalidated = tools.memory.get('invalidated') as typeof next;
          tools.memory.set('complete', (tree: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST) => {
            invalidated(context, tree);
          });
          next(context, root);
        },
      },
    },
    situation: idleNeighbor([
      [
        3000,
        (scene) => {
          mute(scene);
          scene.send(1000);
        },
      ],
      [25_000, unmute],
      until(30_000),
    ]),
  },
  {
    breaks: 'RCH-023',
    how: 'The host stack sends to a neighbor in DELAY and asks the target only afterwards.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next, tools) => (binding, root) => {
          tools.laterPassive(1_000_000, () => {
            next(binding, root);
          });
        },
      },
    },
    situation: idleNeighbor([[3000, sendSome], [3500, connectAgain], until(6000)]),
  },
];
