/** Host stacks that update what they may not, or at the wrong time. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { unfilledDelegated } from '../../../host/unfilledState';
import {
  NDIS_OFFLOAD_HANDLE,
  cachedStateTypes,
  compositeStateTypes,
  delegatedStateTypes,
} from '../../../ndis/offloadBlockList';
import type { NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS } from '../../../ndis/characteristics';
import type { PVOID } from '../../../kit';
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import type { Frame } from '../../../wire/frame';
import { icmpFrame } from '../../../wire/icmp';
import { copyFrame, segmentPlaces, type SegmentPlaces } from '../../../tampering/segmentEdits';
import { standbyInterface } from '../../../scenarios/topology';
import { defaultTargetLimits } from '../../../target/targetLimits';
import { firstConnection, inOrder, whenSettled } from '../../acting';
import type { BadDriver } from '../../badDriver';
import type { Mutant, Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import {
  asStranger,
  blockNaming,
  blocksOf,
  rewrite,
  strangerHandlers,
  twinOf,
  type ProtocolBlock,
} from '../../treeTools';

/** An option of the connection changes. */
export const optionChanges: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    whenSettled((run) => {
      firstConnection(run).setOptions({ timeToLive: 40 });
    }, 1 / 4),
  ),
};

/** The receive buffer becomes larger than the target can have it. */
export const impossibleUpdate: Situation = {
  plan: { halfway: 'nothing', target: { limits: { ...defaultTargetLimits, receiveWindow: 2 ** 20 } } },
  act: inOrder(
    whenSettled((run) => {
      firstConnection(run).setOptions({ receiveBuffer: 2 ** 21 });
    }, 1 / 4),
  ),
};

/** The path moves to another neighbor. */
export const routeChanges: Situation = {
  plan: { halfway: 'nothing' },
  fileBytes: 400_000,
  act: inOrder(
    whenSettled((run) => {
      run.topology.host.changeNextHop(firstConnection(run).remoteAddress, standbyInterface(0).address);
    }, 1 / 4),
  ),
};

/** When a router says that packets are too big, counted in segments of the remote host; as many of those that follow are lost. */
const tooBigAt = 60;
const lostBehind = 12;

/** A router refuses a segment of an offloaded connection and tells its MTU (RFC 1191). */
const packetTooBig: Situation = {
  plan: { halfway: 'nothing' },
  fileBytes: 200_000,
  settings: { link: { bitsPerSecond: 2_000_000 } },
  remote: (frame, tools) => {
    const places = segmentPlaces(frame);
    if (places === undefined) return [frame];
    const count = tools.count('segments');
    if (count < tooBigAt || count > tooBigAt + lostBehind) return [frame];
    return count === tooBigAt ? [refusalOf(frame, places)] : [];
  },
};

/** A router's answer to the segment that a frame of the remote host acknowledges next. */
function refusalOf(frame: Frame, { ip, tcp }: SegmentPlaces): Frame {
  const { bytes } = frame;
  const source = bytes.slice(ip + 12, ip + 16);
  const destination = bytes.slice(ip + 16, ip + 20);
  const body = new Uint8Array(28);
  body.set([0x45, 0, 0x05, 0xdc, 0, 1, 0x40, 0, 64, 6]);
  body.set(destination, 12);
  body.set(source, 16);
  // Ports change their places, and what is acknowledged is what comes next.
  body.set(bytes.subarray(tcp + 2, tcp + 4), 20);
  body.set(bytes.subarray(tcp, tcp + 2), 22);
  body.set(bytes.subarray(tcp + 8, tcp + 12), 24);
  const message = icmpFrame(
    {
      sourceMac: bytes.slice(6, 12),
      destinationMac: bytes.slice(0, 6),
      source,
      destination,
      timeToLive: 64,
      identification: 7,
    },
    { type: 3, code: 4, rest: 1000, body },
  );
  const refusal = copyFrame(frame);
  refusal.bytes.set(message);
  refusal.length = message.length;
  refusal.connection = undefined;
  refusal.payloadLength = 0;
  refusal.retransmission = false;
  return refusal;
}

type UpdateCompleteHandler =
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS['UpdateOffloadCompleteHandler'];

/** Two connections on a path each. */
const twoPaths: Situation = { plan: { connections: 2, paths: 2, halfway: 'nothing' } };

/** Handles of what has been offered, in the order of the offers. */
function offered(tools: MutantTools, layer: ProtocolBlock['layer']): NDIS_OFFLOAD_HANDLE[] {
  const known = tools.memory.get(layer) as NDIS_OFFLOAD_HANDLE[] | undefined;
  if (known !== undefined) return known;
  const handles: NDIS_OFFLOAD_HANDLE[] = [];
  tools.memory.set(layer, handles);
  return handles;
}

/** A host stack that notes what it offers, and then does something. */
function noting(
  act: (
    binding: Parameters<NonNullable<MutantTools['functions']>['NdisUpdateOffload']>[0],
    root: ProtocolBlock,
    tools: MutantTools,
  ) => void,
): BadDriver {
  return {
    handlers: strangerHandlers,
    functions: {
      NdisInitiateOffload: (next, tools) => (binding, root) => {
        for (const block of blocksOf(root))
          if (block.state !== undefined) offered(tools, block.layer).push(block.OffloadHandle!);
        next(binding, root);
        act(binding, root, tools);
      },
    },
  };
}

/** A tree of two blocks without state. */
function pair(
  tools: MutantTools,
  [layer, handle]: readonly ['neighbor' | 'path', NDIS_OFFLOAD_HANDLE],
  [below, handleBelow]: readonly ['path' | 'tcp', NDIS_OFFLOAD_HANDLE],
): ProtocolBlock {
  const root = blockNaming(tools, layer, compositeStateTypes[layer], handle);
  root.DependentBlockList = blockNaming(tools, below, compositeStateTypes[below], handleBelow);
  return asStranger(tools, root);
}

/** See the file's head. */
export const updateRequestMutants: readonly Mutant[] = [
  {
    breaks: 'UPD-001',
    how: 'The host stack pushes delegated variables to the target by an update.',
    situation: optionChanges,
    in: 'host-stack',
    driver: {
      functions: {
        NdisUpdateOffload: (next) => (binding, root) => {
          const type = constantValue('TcpOffloadDelegatedState');
          rewrite(root, { type, state: { layer: 'tcp', delegated: unfilledDelegated() } });
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'UPD-002',
    how: 'The host stack sends a second update of a connection before it has heard of the first.',
    situation: optionChanges,
    in: 'host-stack',
    driver: {
      handlers: strangerHandlers,
      functions: {
        NdisUpdateOffload: (next, tools) => (binding, root) => {
          next(binding, root);
          if (tools.once()) next(binding, asStranger(tools, twinOf(tools, root)));
        },
      },
    },
  },
  {
    breaks: 'UPD-003',
    how: 'The host stack updates a neighbor that it has just invalidated.',
    situation: { scenario: 'neighbor-invalidated' },
    in: 'host-stack',
    driver: {
      handlers: strangerHandlers,
      functions: {
        NdisInvalidateOffload: (next, tools) => (binding, root) => {
          next(binding, root);
          const cached = { DlDestinationAddress: new Uint8Array(32), HostReachabilityDelta: 0 };
          const state = { layer: 'neighbor', cached } as const;
          const block = blockNaming(tools, 'neighbor', cachedStateTypes.neighbor, root.OffloadHandle, state);
          tools.functions!.NdisUpdateOffload(binding, asStranger(tools, block));
        },
      },
    },
  },
  {
    breaks: 'UPD-007',
    how: 'The host stack leaves a connection with the target that could not be updated.',
    situation: impossibleUpdate,
    in: 'host-stack',
    driver: { functions: { NdisTerminateOffload: () => () => undefined } },
  },
  {
    breaks: 'UPD-008',
    how: 'The host stack links a connection to the path of another one.',
    situation: twoPaths,
    in: 'host-stack',
    driver: noting((binding, _root, tools) => {
      const [first] = offered(tools, 'tcp');
      const [, second] = offered(tools, 'path');
      if (first === undefined || second === undefined || !tools.once()) return;
      tools.later(200_000, () => {
        tools.functions!.NdisUpdateOffload(binding, pair(tools, ['path', second], ['tcp', first]));
      });
    }),
  },
  {
    breaks: 'UPD-009',
    how: 'The host stack relinks a path that the target has never had.',
    entails: { 'CTX-008': 'A handle that was never offloaded has no context.' },
    in: 'host-stack',
    driver: noting((binding, _root, tools) => {
      const [neighbor] = offered(tools, 'neighbor');
      if (neighbor === undefined || !tools.once()) return;
      tools.later(200_000, () => {
        const unknown = new NDIS_OFFLOAD_HANDLE(tools.machine.addresses);
        tools.functions!.NdisUpdateOffload(binding, pair(tools, ['neighbor', neighbor], ['path', unknown]));
      });
    }),
  },
  {
    breaks: 'UPD-010',
    how: 'The host stack links a path to a neighbor that it has just offered.',
    entails: {
      'INI-048': 'An update names a neighbor whose offload is in progress.',
      'CTX-008': 'Before the offload has been completed the handle of the neighbor has no context.',
      'UPD-002': 'The relink that the host stack has meant to make comes before this one has ended.',
    },
    situation: routeChanges,
    in: 'host-stack',
    driver: noting((binding, root, tools) => {
      const [path] = offered(tools, 'path');
      if (root.DependentBlockList !== null || path === undefined || root.OffloadHandle === null) return;
      tools.functions!.NdisUpdateOffload(
        binding,
        pair(tools, ['neighbor', root.OffloadHandle], ['path', path]),
      );
    }),
  },
  {
    breaks: 'UPD-012',
    how: 'The host stack terminates the old neighbor as soon as it has asked for the relink.',
    entails: { 'TRM-005': 'Until the relink has been completed the path depends on the old neighbor.' },
    situation: routeChanges,
    in: 'host-stack',
    driver: {
      ...noting(() => undefined),
      functions: {
        ...noting(() => undefined).functions,
        // The target has failed the first one; the one that is right comes when that is known.
        NdisTerminateOffload: (next, tools) => (binding, root) => {
          const isSecond = root.OffloadHandle !== null && root.OffloadHandle === tools.memory.get('old');
          if (!isSecond) {
            next(binding, root);
            return;
          }
          tools.later(1_000_000, () => {
            next(binding, root);
          });
        },
        NdisUpdateOffload: (next, tools) => (binding, root) => {
          next(binding, root);
          const [old] = offered(tools, 'neighbor');
          tools.memory.set('old', old);
          const state = { layer: 'neighbor', delegated: { NicReachabilityDelta: 0 } } as const;
          const block = blockNaming(tools, 'neighbor', delegatedStateTypes.neighbor, old!, state);
          tools.functions!.NdisTerminateOffload(binding, asStranger(tools, block));
        },
      },
    },
  },
  {
    breaks: 'UPD-014',
    how: 'The host stack keeps the MTU that a router has told from the target.',
    situation: packetTooBig,
    in: 'host-stack',
    driver: {
      handlers: {
        UpdateOffloadCompleteHandler: (next, { memory }) => {
          memory.set('complete', next);
          return next;
        },
        InitiateOffloadCompleteHandler:
          (next, { memory }) =>
          (context, root) => {
            memory.set('context', context);
            next(context, root);
          },
      },
      functions: {
        NdisUpdateOffload: (_next, tools) => (_binding, root) => {
          const complete = tools.memory.get('complete') as UpdateCompleteHandler;
          root.Status = NDIS_STATUS.SUCCESS;
          tools.later(10_000, () => {
            complete(tools.memory.get('context') as PVOID, root);
          });
        },
      },
    },
  },
];
