/**
 * Builds the host stack's block-list trees: an initiate names what the target holds by linkers and carries the state of the rest
 * (TRE-019 to TRE-022); a terminate stands on placeholders where an object stays behind (TRE-016, TRM-006).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { StateLayer } from '../../../shared/trace/records';
import {
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  cachedStateTypes,
  compositeStateTypes,
  delegatedStateTypes,
  ipv6PathStateTypes,
  linkChain,
  type AttachedState,
  type NET_BUFFER_LIST,
} from '../kit';
import type { HostConnection } from './hostConnection';
import type { HostStack } from './hostStack';
import type { NeighborEntry } from './neighborCache';
import type { OffloadRecord } from './offloadRecord';
import { pathState, type PathEntry } from './pathCache';
import { unfilledState, type StateClasses } from './unfilledState';

type Block = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

/** A connection with the state that the target is to go on with. */
export interface Offer {
  readonly connection: HostConnection;
  readonly state: Extract<AttachedState, { layer: 'tcp' }>;
  /** Sends that are not finished, oldest first. */
  readonly chain: readonly NET_BUFFER_LIST[];
}

/** A tree with the blocks that name objects. */
export interface NamedTree {
  readonly root: Block;
  readonly blocks: ReadonlyMap<OffloadRecord, Block>;
}

/** OFFLOAD_STATE_TYPE values by class and layer. */
const stateTypes: Readonly<Record<StateClasses, Readonly<Record<StateLayer, number>>>> = {
  const: {
    neighbor: constantValue('NeighborOffloadConstState'),
    path: constantValue('Ip4OffloadConstState'),
    tcp: constantValue('TcpOffloadConstState'),
  },
  cached: cachedStateTypes,
  delegated: delegatedStateTypes,
  all: compositeStateTypes,
};

/** Links blocks of one layer by NextBlock and answers the first. */
export function linkBlocks(blocks: readonly Block[]): Block | null {
  blocks.forEach((block, index) => (block.NextBlock = blocks[index + 1] ?? null));
  return blocks[0] ?? null;
}

/** A block that names an object, followed by state of the given classes or by none. */
export function blockFor(
  stack: HostStack,
  record: OffloadRecord,
  classes: StateClasses,
  state: AttachedState | undefined,
): Block {
  const isIpv6Path = record.layer === 'path' && record.version === 'ipv6';
  const type = isIpv6Path ? ipv6PathStateTypes[classes] : stateTypes[classes][record.layer];
  const block = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(stack.kernel.addresses, record.layer, type, state);
  block.OffloadHandle = record.handle;
  return block;
}

function placeholder(stack: HostStack, layer: StateLayer): Block {
  const type = compositeStateTypes[layer];
  return new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(stack.kernel.addresses, layer, type, undefined);
}

function group<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [item]);
    else members.push(item);
  }
  return groups;
}

/** The tree that offers connections, with whatever of their paths and neighbors the target has not got. */
export function initiateTree(stack: HostStack, offers: readonly Offer[]): NamedTree {
  const blocks = new Map<OffloadRecord, Block>();
  const named = (record: OffloadRecord, state: AttachedState, dependents: readonly Block[]): Block => {
    const block = blockFor(stack, record, 'all', record.place === 'Offloaded' ? undefined : state);
    block.DependentBlockList = linkBlocks(dependents);
    blocks.set(record, block);
    return block;
  };
  const byPath = group(offers, (offer) => offer.connection.path);
  const byNeighbor = group(byPath.keys(), (path) => path.neighbor);
  const roots = [...byNeighbor].map(([neighbor, paths]) => {
    const pathBlocks = paths.map((path) => {
      const connections = byPath.get(path)!.map(({ connection, state, chain }) => {
        const block = named(connection.record, state, []);
        block.NetBufferListChain = linkChain(chain);
        return block;
      });
      return named(path.record, pathState(path), connections);
    });
    return named(neighbor.record, stack.neighborState(neighbor), pathBlocks);
  });
  return { root: linkBlocks(roots)!, blocks };
}

/** What one terminate takes back. Every path and neighbor is given with all that depends on it. */
export interface TerminateSelection {
  readonly connections: ReadonlySet<HostConnection>;
  readonly paths: ReadonlySet<PathEntry>;
  readonly neighbors: ReadonlySet<NeighborEntry>;
}

/** The tree that takes objects back; its root layer is the lowest one that it names. */
export function terminateTree(stack: HostStack, selection: TerminateSelection): NamedTree {
  const { connections, paths, neighbors } = selection;
  const blocks = new Map<OffloadRecord, Block>();
  const named = (record: OffloadRecord): Block => {
    const block = blockFor(stack, record, 'delegated', unfilledState(record, 'delegated'));
    blocks.set(record, block);
    return block;
  };
  const connectionBlocks = (of: Iterable<HostConnection>): Block[] =>
    [...of].map((connection) => named(connection.record));
  const byPath = group(connections, (connection) => connection.path);
  if (paths.size === 0 && neighbors.size === 0)
    return { root: linkBlocks(connectionBlocks(connections))!, blocks };
  const pathBlocks = (of: Iterable<PathEntry>): Block[] =>
    [...of].map((path) => {
      const block = paths.has(path) ? named(path.record) : placeholder(stack, 'path');
      block.DependentBlockList = linkBlocks(connectionBlocks(byPath.get(path) ?? []));
      return block;
    });
  const allPaths = new Set([...byPath.keys(), ...paths]);
  if (neighbors.size === 0) return { root: linkBlocks(pathBlocks(allPaths))!, blocks };
  const byNeighbor = group(allPaths, (path) => path.neighbor);
  const roots = [...new Set([...byNeighbor.keys(), ...neighbors])].map((neighbor) => {
    const block = neighbors.has(neighbor) ? named(neighbor.record) : placeholder(stack, 'neighbor');
    block.DependentBlockList = linkBlocks(pathBlocks(byNeighbor.get(neighbor) ?? []));
    return block;
  });
  return { root: linkBlocks(roots)!, blocks };
}
