/** Mutants for the rules of the area "vlan-priority" (VLN). */
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import { walkBlocks } from '../../kit';
import type { ScenarioRun } from '../../scenarios/scenarioRun';
import { defaultTargetLimits } from '../../target/targetLimits';
import type { Frame } from '../../wire/frame';
import { insertTag, removeTag, tagOf } from '../../wire/vlanTag';
import { copyFrame } from '../../tampering/segmentEdits';
import type { BadDriver } from '../badDriver';
import { adapterOf, rememberingAdapter } from '../treeTools';
import type { FrameChange, LegalOddity, Mutant, Situation } from '../mutant';

/** A host whose interface is in VLAN 7. */
const inVlan7: Situation = { plan: { host: { vlanId: 7 } } };

/** Waits until the first connection is offloaded, and gives it a priority. */
function setPriority(userPriority: number): (run: ScenarioRun) => boolean {
  return ({ streams }) => {
    const connection = streams[0]?.connection;
    if (connection?.place !== 'Offloaded') return true;
    connection.setOptions({ userPriority });
    return false;
  };
}

/** An adapter whose interface has these VLANs, or room for so many. */
function adapterWith(vlanIds: readonly number[], vlans = Infinity): NonNullable<Situation['plan']> {
  return { target: { limits: { ...defaultTargetLimits, vlanIds, vlans } } };
}

/** The target refuses all neighbors with a status. */
function refusing(status: NdisStatus): BadDriver {
  return {
    functions: rememberingAdapter,
    handlers: {
      InitiateOffloadHandler: (_next, tools) => (_context, root) => {
        walkBlocks(root, (block) => {
          block.Status = block.state?.layer === 'neighbor' ? status : NDIS_STATUS.FAILURE;
        });
        tools.later(10_000, () => {
          tools.functions!.NdisMInitiateOffloadComplete(adapterOf(tools).handle, root);
        });
      },
    },
  };
}

/** The target sees another VLAN in the neighbors that it is offered. */
function misreading(VlanId: number): BadDriver {
  return {
    handlers: {
      InitiateOffloadHandler: (next) => (context, root) => {
        walkBlocks(root, ({ state }) => {
          if (state?.layer === 'neighbor') Object.assign(state.const!, { VlanId });
        });
        next(context, root);
      },
    },
  };
}

/** Frames of the engine are changed. */
function inEngineFrames(change: (frame: Frame) => void): FrameChange {
  return (frame) => {
    if (frame.path === 'chimney') change(frame);
    return [frame];
  };
}

function retag(frame: Frame, VlanId: number, UserPriority = 0): Frame {
  if (tagOf(frame.bytes, frame.length) !== undefined) removeTag(frame);
  insertTag(frame, { VlanId, UserPriority });
  return frame;
}

/** A link on which a round trip takes longer than an adapter needs to answer. */
const slow = {
  fileBytes: 400_000,
  plan: { halfway: 'nothing' },
  settings: { link: { delay: 20_000_000, bitsPerSecond: 10_000_000 } },
} as const satisfies Situation;

/** A segment with data in the middle of such a run, counted from 1. */
const middle = 100;

/** A segment of an offloaded connection comes with a tag, though nobody asked for one. */
const taggedByNetwork: Situation = {
  ...slow,
  remote: (frame, tools) => [
    frame.payloadLength > 0 && tools.count() === middle ? retag(frame, 9, 3) : frame,
  ],
};

/** Beside some segments the network delivers what another VLAN has of them, before they come. */
const leakingNetwork: Situation = {
  ...inVlan7,
  remote: (frame, tools) => {
    if (frame.payloadLength === 0 || tools.count() % 8 !== 0) return [frame];
    return [retag(frame, 8)];
  },
};

/** Two neighbors, to the second of which the intermediate driver gives a VLAN of its own, and an adapter with room for one VLAN. */
const secondVlan: Situation = {
  scenario: 'failover',
  plan: { host: { vlanId: 7 }, ...adapterWith([], 1) },
  besides: {
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisInitiateOffload:
          (next, { memory }) =>
          (handle, root) => {
            walkBlocks(root, ({ state, OffloadHandle }) => {
              if (state?.layer !== 'neighbor') return;
              const first = memory.get('neighbor') ?? OffloadHandle;
              memory.set('neighbor', first);
              if (OffloadHandle !== first) Object.assign(state.const!, { VlanId: 9 });
            });
            next(handle, root);
          },
      },
    },
  },
};

/** See the file's head. */
export const vlanPriorityMutants: readonly Mutant[] = [
  {
    breaks: 'VLN-001',
    how: 'The target has no room for any VLAN.',
    situation: inVlan7,
    in: 'offload-target',
    driver: refusing(NDIS_STATUS.OFFLOAD_VLAN_ENTRIES),
  },
  {
    breaks: 'VLN-003',
    how: 'The target says NDIS_STATUS_RESOURCES when it has no entry for a VLAN.',
    situation: secondVlan,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next) => (handle, root) => {
          walkBlocks(root, (block) => {
            if (block.Status === NDIS_STATUS.OFFLOAD_VLAN_ENTRIES) block.Status = NDIS_STATUS.RESOURCES;
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'VLN-004',
    how: 'The target refuses a VLAN as a mismatch although the interface has none.',
    situation: inVlan7,
    in: 'offload-target',
    driver: refusing(NDIS_STATUS.OFFLOAD_VLAN_MISMATCH),
  },
  {
    breaks: 'VLN-005',
    how: 'The target of an interface in VLAN 7 refuses a neighbor without a VLAN.',
    entails: { 'INI-041': 'The status speaks of a VLAN, and the neighbor has none.' },
    situation: { plan: adapterWith([7]) },
    in: 'offload-target',
    driver: refusing(NDIS_STATUS.OFFLOAD_VLAN_MISMATCH),
  },
  {
    breaks: 'VLN-006',
    how: 'The target compares VLANs with the first one of the interface only.',
    situation: { plan: { host: { vlanId: 9 }, ...adapterWith([7, 9]) } },
    in: 'offload-target',
    driver: refusing(NDIS_STATUS.OFFLOAD_VLAN_MISMATCH),
  },
  {
    breaks: 'VLN-007',
    how: 'The target takes a neighbor of a VLAN that the interface does not have.',
    situation: { plan: { host: { vlanId: 8 }, ...adapterWith([7]) } },
    in: 'offload-target',
    driver: misreading(7),
    entails: {
      'VLN-012': 'It sends into the VLAN that it takes for the right one.',
      'VLN-017': 'What comes back from there it takes.',
    },
  },
  {
    breaks: 'VLN-008',
    how: 'The intermediate driver lowers PathMtu on its way down.',
    situation: { scenario: 'failover' },
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (handle, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'path') Object.assign(state.cached!, { PathMtu: 1400 });
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'VLN-010',
    how: 'The target tags every frame, with VID 0 where there is no VLAN.',
    frames: inEngineFrames((frame) => {
      insertTag(frame, { VlanId: 0, UserPriority: 0 });
    }),
  },
  {
    breaks: 'VLN-011',
    how: 'The target sends no tag without a VLAN, although it supports priorities.',
    situation: { fileBytes: 300_000, act: setPriority(5) },
    entails: { 'VLN-013': 'Without a tag there is no priority.' },
    frames: inEngineFrames((frame) => {
      if (tagOf(frame.bytes, frame.length) !== undefined) removeTag(frame);
    }),
  },
  {
    breaks: 'VLN-012',
    how: 'The target forgets the tag of one frame into a VLAN.',
    situation: inVlan7,
    frames: (frame, tools) => {
      if (frame.path === 'chimney' && tools.once(10)) removeTag(frame);
      return [frame];
    },
  },
  {
    breaks: 'VLN-013',
    how: 'The target completes the update of UserPriority and goes on with the old one.',
    situation: { ...inVlan7, fileBytes: 300_000, act: setPriority(3) },
    entails: { 'VLN-012': 'The tag of a VLAN has the priority as well.' },
    frames: inEngineFrames((frame) => {
      retag(frame, 7, 0);
    }),
  },
  {
    breaks: 'VLN-014',
    how: 'The target sets CFI in its tags.',
    situation: inVlan7,
    frames: inEngineFrames((frame) => {
      frame.bytes[14]! |= 0x10;
    }),
  },
  {
    breaks: 'VLN-015',
    how: 'The target without a VLAN drops what comes with a tag.',
    situation: taggedByNetwork,
    received: (frame) => (tagOf(frame.bytes, frame.length) === undefined ? [frame] : []),
  },
  {
    breaks: 'VLN-016',
    how: 'The target takes a frame of its VLAN for one of another VLAN.',
    situation: { ...slow, plan: { ...slow.plan, ...inVlan7.plan } },
    received: (frame, tools) => (frame.payloadLength > 0 && tools.count() === middle ? [] : [frame]),
  },
  {
    breaks: 'VLN-017',
    how: 'The target does not look at the VLAN of what it gets.',
    situation: leakingNetwork,
    received: (frame) => {
      const copy = copyFrame(frame);
      return [tagOf(frame.bytes, frame.length)?.VlanId === 8 ? retag(copy, 7) : frame];
    },
  },
];

/** What looks odd in the area and is legal. */
export const vlanPriorityOddities: readonly LegalOddity[] = [
  {
    shows: 'VLN-002',
    how: 'A target without 802.1p sends no priorities, though the connection has one.',
    situation: {
      fileBytes: 300_000,
      plan: { host: { vlanId: 7 }, target: { supportsPriority: false } },
      act: setPriority(5),
    },
  },
  {
    shows: 'VLN-009',
    how: 'A neighbor without a VLAN on an interface with VLANs: its frames have no tag.',
    situation: { plan: adapterWith([7, 9]) },
  },
];
