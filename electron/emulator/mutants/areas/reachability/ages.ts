/** Mutants for the rules about the age of what targets and host stacks know of neighbors. */
import type { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../../../ndis/offloadBlockList';
import type { BadDriver } from '../../badDriver';
import type { Mutant } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import { forgetful } from '../../ownEvents';
import { blocksOf } from '../../treeTools';
import { uploadAt } from '../timers/retransmitting';
import { confirmByArp, idleNeighbor, queryNeighbor, repeatData, sendSome } from './scenes';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** A target that answers queries with another NicReachabilityDelta than it has. */
function reporting(delta: (tools: MutantTools) => number, further: BadDriver = {}): BadDriver {
  return {
    ...further,
    functions: {
      NdisMQueryOffloadStateComplete: (next, tools) => (adapter, root) => {
        for (const block of blocksOf<Block>(root, 'neighbor')) rewriteDelta(block, delta(tools));
        next(adapter, root);
      },
    },
  };
}

/** What was asked for is in the hands of whoever asked: it is written where it stands. */
function rewriteDelta({ state }: Block, NicReachabilityDelta: number): void {
  if (state?.layer === 'neighbor' && state.delegated !== undefined)
    Object.assign(state.delegated, { NicReachabilityDelta });
}

/** A target that notes what it is offered of a neighbor, and when. */
const noting: BadDriver = {
  handlers: {
    InitiateOffloadHandler: (next, tools) => (context, root) => {
      for (const { state } of blocksOf<Block>(root, 'neighbor'))
        if (state?.layer === 'neighbor' && state.delegated !== undefined)
          tools.memory.set('offered', {
            delta: state.delegated.NicReachabilityDelta,
            at: tools.machine.now,
          });
      next(context, root);
    },
  },
};

function offered({ memory }: MutantTools): { readonly delta: number; readonly at: number } {
  return memory.get('offered') as { readonly delta: number; readonly at: number };
}

/** A target that forgets the host stack's answers. */
const forgetting: BadDriver = {
  functions: {
    NdisMOffloadEventIndicate: (next) => (adapter, block, code) => {
      const before =
        block.state?.layer === 'neighbor' ? block.state.cached?.HostReachabilityDelta : undefined;
      next(adapter, block, code);
      if (block.state?.layer === 'neighbor' && block.state.cached !== undefined)
        Object.assign(block.state.cached, { HostReachabilityDelta: before });
    },
  },
};

/** When something last arrived at a machine, virtual ns. */
const lastHeard = new WeakMap<object, number>();

/** See the file's head. */
export const ageMutants: readonly Mutant[] = [
  {
    breaks: 'RCH-005',
    how: 'The target lets its reachability time be the one of the offload for ever.',
    in: 'offload-target',
    driver: reporting((tools) => {
      const { delta, at } = offered(tools);
      return delta + Math.floor((tools.machine.now - at) / 1e6);
    }, noting),
    entails: { 'RCH-015': 'The delta that it shows is not the one that it ought to have.' },
    situation: idleNeighbor([[1500, sendSome], [2000, queryNeighbor], uploadAt(2500)]),
  },
  {
    breaks: 'RCH-006',
    how: 'The target takes whatever arrives for a sign of progress.',
    in: 'offload-target',
    received: (frame, { machine }) => {
      lastHeard.set(machine, machine.now);
      return [frame];
    },
    driver: reporting(({ machine }) => Math.floor((machine.now - lastHeard.get(machine)!) / 1e6)),
    entails: { 'RCH-015': 'The delta that it shows is not the one that it ought to have.' },
    situation: idleNeighbor([[1500, repeatData], [1600, queryNeighbor], uploadAt(2500)]),
  },
  {
    breaks: 'RCH-008',
    how: 'The target asks nobody before it sends to a stale neighbor.',
    in: 'offload-target',
    driver: { functions: { NdisMOffloadEventIndicate: () => () => undefined } },
    situation: forgetful,
  },
  {
    breaks: 'RCH-015',
    how: 'The target answers queries with the NicReachabilityDelta of the offload.',
    in: 'offload-target',
    driver: reporting((tools) => offered(tools).delta, noting),
    situation: idleNeighbor([[1500, queryNeighbor], uploadAt(2500)]),
  },
  {
    breaks: 'RCH-017',
    how: 'The host stack leaves HostReachabilityDelta as it was in the question.',
    in: 'host-stack',
    driver: { handlers: { IndicateOffloadEventHandler: () => () => undefined } },
    situation: forgetful,
  },
  {
    breaks: 'RCH-018',
    how: 'The target forgets that the host stack has heard of the neighbor.',
    in: 'offload-target',
    driver: forgetting,
    entails: { 'RCH-015': 'Its next question shows the age that the answer has put right.' },
    situation: idleNeighbor([
      [2400, confirmByArp],
      [
        3000,
        (scene) => {
          scene.silence();
          scene.send(1000);
        },
      ],
      [
        4200,
        (scene) => {
          scene.silence(false);
        },
      ],
      uploadAt(8000),
    ]),
  },
  {
    breaks: 'RCH-019',
    how: 'The target asks again at once about a neighbor that the host stack has just declared stale.',
    in: 'offload-target',
    driver: forgetting,
    entails: { 'RCH-015': 'Its next question shows the age that the answer has put right.' },
    situation: idleNeighbor([
      [
        3000,
        (scene) => {
          scene.silence();
          scene.send(1000);
        },
      ],
      [
        4200,
        (scene) => {
          scene.silence(false);
        },
      ],
      uploadAt(12_000),
    ]),
  },
];
