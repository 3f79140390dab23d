/** Drivers that lose their way in the send data of an offload. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { allocateNetBufferList, chainToArray } from '../../../ndis/netBufferList';
import type { NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import { firstConnection, inOrder } from '../../acting';
import { editSegment } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import {
  answering,
  blockWithState,
  blocksOf,
  offering,
  rewriteState,
  type ProtocolBlock,
} from '../../treeTools';
import { withTaken } from './receivedData';

/** The connection is taken back as soon as it has been offloaded. */
const uploadedAtOnce: Situation = {
  act: inOrder({
    isDue: ({ streams }) => streams[0]!.connection?.place === 'Offloaded',
    act: (run) => {
      firstConnection(run).upload();
    },
  }),
};

/** Many connections whose segments are lost now and then. */
const lossy: Situation = {
  plan: { connections: 8, connectInterval: 400_000, halfway: 'nothing' },
  fileBytes: 800_000,
  settings: { loss: 0.06 },
};

function chainIn(root: ProtocolBlock): NET_BUFFER_LIST[] {
  return chainToArray(blockWithState(root, 'tcp')?.NetBufferListChain ?? null);
}

/** See the file's head. */
export const sendDataMutants: readonly Mutant[] = [
  {
    breaks: 'INI-018',
    how: 'The host stack offers a connection without the sends that the peer has not acknowledged.',
    in: 'host-stack',
    driver: offering((root) => {
      for (const block of blocksOf(root, 'tcp')) block.NetBufferListChain = null;
    }),
  },
  {
    breaks: 'INI-019',
    how: 'SendDataTail of the host stack’s offer is a list that the chain doesn’t have.',
    in: 'host-stack',
    driver: offering((root, tools) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', () => ({
        SendDataTail: allocateNetBufferList(tools.machine.addresses, [new Uint8Array(100)]),
      }));
    }),
  },
  {
    breaks: 'INI-020',
    how: 'SendDataHead of the host stack’s offer is the second list of the chain.',
    entails: { 'INI-019': 'The first list has data and lies in front of SendDataHead.' },
    in: 'host-stack',
    driver: offering((root) => {
      const second = chainIn(root)[1];
      if (second !== undefined)
        rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', () => ({ SendDataHead: second }));
    }),
  },
  {
    breaks: 'INI-021',
    how: 'The host stack offers ten bytes of each send that is outstanding.',
    in: 'host-stack',
    driver: offering((root) => {
      for (const { FirstNetBuffer } of chainIn(root)) FirstNetBuffer.DataLength = 10;
    }),
  },
  {
    breaks: 'INI-046',
    how: 'The target writes a status into the sends of a connection that it refuses.',
    situation: { scenario: 'no-tcp-entries' },
    in: 'offload-target',
    driver: answering((root) => {
      for (const block of blocksOf(root, 'tcp'))
        for (const list of chainToArray(block.NetBufferListChain)) list.Status = NDIS_STATUS.FAILURE;
    }),
  },
  {
    breaks: 'INI-047',
    how: 'The target gives a connection back without the sends that came with it.',
    entails: {
      'TRM-017': 'The sends are still outstanding when the terminate is completed.',
      'TRM-025': 'They are neither completed nor in the chain of the terminate.',
      'SND-018': 'No completion follows a terminate, and so theirs never comes.',
    },
    situation: uploadedAtOnce,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (handle, root) => {
          for (const block of blocksOf(root, 'tcp')) block.NetBufferListChain = null;
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'INI-060',
    how: 'The target sends what stands at the beginning of the first MDL, whatever of it is used.',
    situation: lossy,
    frames: (frame) => {
      if (frame.path !== 'chimney' || frame.payloadLength === 0 || !frame.retransmission) return [frame];
      return [
        editSegment(frame, (bytes, { payload }) => {
          bytes.copyWithin(payload + 4, payload, frame.length - 4);
        }),
      ];
    },
  },
  {
    breaks: 'INI-061',
    how: 'The target goes on four bytes too early in the chain.',
    frames: (frame) => {
      if (frame.path !== 'chimney' || frame.payloadLength === 0 || frame.retransmission) return [frame];
      return [
        editSegment(frame, (bytes, { payload }) => {
          bytes.copyWithin(payload + 4, payload, frame.length - 4);
        }),
      ];
    },
  },
  {
    breaks: 'INI-062',
    how: 'The target leaves out the first hundred bytes that have not been sent.',
    entails: {
      'SND-014': 'The bytes behind the gap leave before those in it.',
    },
    in: 'offload-target',
    driver: withTaken(({ engine: { variables } }) => {
      variables.SndNxt = (variables.SndNxt + 100) >>> 0;
      variables.SndMax = variables.SndNxt;
    }),
  },
  {
    breaks: 'INI-063',
    how: 'The target never sends again what the host stack had sent before the offload.',
    situation: lossy,
    frames: (frame) => (frame.path === 'chimney' && frame.retransmission ? [] : [frame]),
  },
];
