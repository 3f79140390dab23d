/** Trees of block lists in the hands of a bad driver: changed ones, and further ones that its own code knows nothing of. */
import type { StateLayer } from '../../../shared/trace/records';
import type { NDIS_HANDLE, NDIS_TCP_OFFLOAD_EVENT_HANDLERS } from '../ndis/characteristics';
import {
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_OFFLOAD_HANDLE,
} from '../ndis/offloadBlockList';
import type { AttachedState } from '../ndis/offloadState';
import type { BadDriver } from './badDriver';
import type { MutantTools } from './mutantTools';

export type ProtocolBlock = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;
export type MiniportBlock = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** A tree's blocks in the order of the walk, all of them or those of one layer. */
export function blocksOf<Block extends ProtocolBlock | MiniportBlock>(
  root: Block,
  layer?: StateLayer,
): Block[] {
  const blocks: Block[] = [];
  walkBlocks(root, (block) => {
    if (layer === undefined || block.layer === layer) blocks.push(block);
  });
  return blocks;
}

/** The first block of a layer that carries state; undefined if there is none. */
export function blockWithState<Block extends ProtocolBlock | MiniportBlock>(
  root: Block,
  layer: StateLayer,
): Block | undefined {
  return blocksOf(root, layer).find((block) => block.state !== undefined);
}

/** Gives a block another Header.Type, or other state behind it. */
export function rewrite(
  block: ProtocolBlock | MiniportBlock,
  change: { readonly type?: number; readonly state?: AttachedState | undefined },
): void {
  Object.assign((block as unknown as { memory: object }).memory, change);
}

type StateOf<Layer extends StateLayer, Class extends 'const' | 'cached' | 'delegated'> = NonNullable<
  Extract<AttachedState, { layer: Layer }>[Class]
>;

/** Changes members of the state behind a block; what the block's maker keeps for itself stays as it is. */
export function rewriteState<Layer extends StateLayer, Class extends 'const' | 'cached' | 'delegated'>(
  block: ProtocolBlock | MiniportBlock | undefined,
  layer: Layer,
  stateClass: Class,
  change: (members: StateOf<Layer, Class>) => Partial<StateOf<Layer, Class>>,
): void {
  const state = block?.state as Partial<Record<string, object>> | undefined;
  const members = state?.[stateClass];
  if (block?.layer !== layer || members === undefined) return;
  Object.assign(state!, { [stateClass]: { ...members, ...change(members as StateOf<Layer, Class>) } });
}

/** A block that names an object, with state or without. */
export function blockNaming(
  tools: MutantTools,
  layer: StateLayer,
  type: number,
  handle: NDIS_OFFLOAD_HANDLE | null,
  state?: AttachedState,
): ProtocolBlock {
  const block = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(tools.machine.addresses, layer, type, state);
  block.OffloadHandle = handle;
  return block;
}

/** The same as a block, by itself. */
export function twinOf(tools: MutantTools, block: ProtocolBlock): ProtocolBlock {
  return blockNaming(tools, block.layer, block.type, block.OffloadHandle, block.state);
}

/** Notes that a tree is none of the driver's own: its completion goes no further. */
export function asStranger(tools: MutantTools, root: ProtocolBlock): ProtocolBlock {
  const known = tools.memory.get('strangers') as Set<ProtocolBlock> | undefined;
  const strangers = known ?? new Set<ProtocolBlock>();
  tools.memory.set('strangers', strangers.add(root));
  return root;
}

type Completion = (context: never, root: ProtocolBlock) => void;

function keepingStrangers<Handler extends Completion>(next: Handler, tools: MutantTools): Handler {
  const guarded: Completion = (context, root) => {
    const strangers = tools.memory.get('strangers') as Set<ProtocolBlock> | undefined;
    if (strangers?.delete(root) !== true) next(context, root);
  };
  return guarded as Handler;
}

/** Handlers of a host stack that sends trees of which its own code knows nothing. */
export const strangerHandlers = {
  InitiateOffloadCompleteHandler: keepingStrangers,
  TerminateOffloadCompleteHandler: keepingStrangers,
  UpdateOffloadCompleteHandler: keepingStrangers,
  QueryOffloadCompleteHandler: keepingStrangers,
  InvalidateOffloadCompleteHandler: keepingStrangers,
} as const satisfies NonNullable<BadDriver['handlers']>;

/** A host stack that changes the trees that it offers. */
export function offering(edit: (root: ProtocolBlock, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisInitiateOffload: (next, tools) => (binding, root) => {
        edit(root, tools);
        next(binding, root);
      },
    },
  };
}

/** A host stack that does something right after it has offered a tree with a connection, once. */
export function afterOffer(
  act: (offer: { readonly binding: NDIS_HANDLE; readonly root: ProtocolBlock }, tools: MutantTools) => void,
): BadDriver {
  return {
    functions: {
      NdisInitiateOffload: (next, tools) => (binding, root) => {
        next(binding, root);
        if (blockWithState(root, 'tcp') !== undefined && tools.once()) act({ binding, root }, tools);
      },
    },
    handlers: strangerHandlers,
  };
}

/** A target that changes the answers to initiates before NDIS gets them. */
export function answering(edit: (root: MiniportBlock, tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      NdisMInitiateOffloadComplete: (next, tools) => (handle, root) => {
        edit(root, tools);
        next(handle, root);
      },
    },
  };
}

/** What NDIS has given to a target for its adapter. */
interface AdapterEntry {
  readonly handle: NDIS_HANDLE;
  readonly table: NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
}

/** Functions of a target that notes its adapter's handle and entry points, for `adapterOf`. */
export const rememberingAdapter = {
  NdisMGetOffloadHandlers: (next, tools) => (handle, type) => {
    const answer = next(handle, type);
    tools.memory.set('adapter', { handle, table: answer.OffloadHandlers });
    return answer;
  },
} as const satisfies NonNullable<BadDriver['functions']>;

/** What `rememberingAdapter` has noted. */
export function adapterOf(tools: MutantTools): AdapterEntry {
  return tools.memory.get('adapter') as AdapterEntry;
}
