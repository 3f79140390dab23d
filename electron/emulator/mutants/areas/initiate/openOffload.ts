/** Drivers that can't wait for the end of an offload. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { allocateNetBufferList, type NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import type { TCP_OFFLOAD_STATE_CONST } from '../../../ndis/offloadState';
import { delegatedStateTypes, type NDIS_OFFLOAD_HANDLE } from '../../../ndis/offloadBlockList';
import type { BadDriver } from '../../badDriver';
import type { LegalOddity, Mutant, Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import {
  adapterOf,
  afterOffer,
  asStranger,
  blockNaming,
  blockWithState,
  rememberingAdapter,
} from '../../treeTools';

/** Two connections that have no object in common, offered one after the other. */
const twoOffers: Situation = {
  plan: { connections: 2, paths: 2, neighbors: 2, halfway: 'nothing', target: { objectTime: 2_000_000 } },
  settings: { link: { bitsPerSecond: 2_000_000 } },
};

/** A target that takes its time for each object. */
const slowOffer: Situation = { plan: { target: { objectTime: 1_000_000 } } };

/** Writes the TCP header of a segment from the peer, as forwarded ones begin with it; ports are in network order in the state as well. */
function writeHeader(bytes: Uint8Array, { LocalPort, RemotePort }: TCP_OFFLOAD_STATE_CONST): void {
  const view = new DataView(bytes.buffer);
  view.setUint16(0, RemotePort, true);
  view.setUint16(2, LocalPort, true);
  view.setUint8(12, 5 << 4);
}

/** A host stack that uses a connection before the target has it. */
function tooEarly(
  post: (
    handle: NDIS_OFFLOAD_HANDLE,
    list: NET_BUFFER_LIST,
    functions: NonNullable<MutantTools['functions']>,
  ) => void,
): BadDriver {
  return afterOffer(({ root }, tools) => {
    const { OffloadHandle, state } = blockWithState(root, 'tcp')!;
    const bytes = new Uint8Array(100);
    if (state?.layer === 'tcp' && state.const !== undefined) writeHeader(bytes, state.const);
    const list = allocateNetBufferList(tools.machine.addresses, [bytes]);
    post(OffloadHandle!, list, tools.functions!);
  });
}

/** See the file's head. */
export const openOffloadMutants: readonly Mutant[] = [
  {
    breaks: 'INI-005',
    how: 'The target forgets an initiate that comes while another one is open.',
    entails: {
      'TRE-040': 'The tree that was forgotten is never completed.',
    },
    situation: twoOffers,
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, root) => {
          const open = (tools.memory.get('open') as number | undefined) ?? 0;
          if (open > 0) return;
          tools.memory.set('open', open + 1);
          next(context, root);
        },
      },
      functions: {
        NdisMInitiateOffloadComplete: (next, tools) => (handle, root) => {
          tools.memory.set('open', 0);
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'INI-048',
    how: 'The host stack queries a neighbor that the target has taken from a tree on which it is still at work.',
    entails: { 'CTX-007': 'Before the initiate has been completed no context has been given out.' },
    situation: slowOffer,
    in: 'host-stack',
    driver: afterOffer(({ binding, root }, tools) => {
      const { OffloadHandle } = blockWithState(root, 'neighbor')!;
      const state = { layer: 'neighbor', delegated: { NicReachabilityDelta: 0 } } as const;
      const block = blockNaming(tools, 'neighbor', delegatedStateTypes.neighbor, OffloadHandle, state);
      tools.later(1_500_000, () => {
        tools.functions!.NdisQueryOffloadState(binding, asStranger(tools, block));
      });
    }),
  },
  {
    breaks: 'INI-049',
    how: 'The host stack posts a send right behind the offer.',
    in: 'host-stack',
    driver: tooEarly((handle, list, functions) => functions.NdisOffloadTcpSend(handle, list)),
  },
  {
    breaks: 'INI-050',
    how: 'The host stack posts a receive right behind the offer.',
    in: 'host-stack',
    driver: tooEarly((handle, list, functions) => functions.NdisOffloadTcpReceive(handle, list)),
  },
  {
    breaks: 'INI-051',
    how: 'The host stack forwards a segment right behind the offer.',
    entails: { 'FWD-007': 'What it forwards it has made up.' },
    in: 'host-stack',
    driver: tooEarly((handle, list, functions) => functions.NdisOffloadTcpForward(handle, list)),
  },
  {
    breaks: 'INI-052',
    how: 'The host stack asks for a disconnect right behind the offer.',
    in: 'host-stack',
    driver: tooEarly((handle, list, functions) => functions.NdisOffloadTcpDisconnect(handle, list, 1)),
  },
  {
    breaks: 'INI-054',
    how: 'The target completes an initiate late, when the connection is at work already.',
    entails: {
      'CTX-017': 'The handle with which it indicates is that of a connection whose initiate is still open.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next, tools) => (handle, root) => {
          tools.later(2_000_000, () => {
            next(handle, root);
          });
        },
      },
    },
  },
  {
    breaks: 'INI-055',
    how: 'The target indicates a status while an initiate is open.',
    in: 'offload-target',
    driver: {
      functions: rememberingAdapter,
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, root) => {
          next(context, root);
          const { handle } = adapterOf(tools);
          tools.functions!.NdisMIndicateStatusEx(handle, {
            address: tools.machine.addresses.allocate(112),
            SourceHandle: handle,
            StatusCode: NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG,
            StatusBuffer: null,
          });
        },
      },
    },
  },
];

/** What looks odd and is legal. */
export const openOffloadOddities: readonly LegalOddity[] = [
  {
    shows: 'INI-053',
    how: 'The first connections of a large tree are at work before the initiate has been completed.',
    situation: {
      scenario: 'many-connections',
      fileBytes: 200_000,
      plan: { target: { tcpCapacity: 17, objectTime: 50_000 } },
    },
  },
];
