/** OFFLOAD_STATE_TYPE: which layer a block is of and which structures follow it (ns-ndischimney-_ndis_miniport_offload_block_list). */
import { constantValue, nameInGroup, type StateClass } from '../../ddi/catalogue';
import type { StructureName } from '../../ddi/generated/structures';
import { offloadStateStructures } from '../../ddi/offloadState';
import type { StateLayer } from '../../trace/records';
import type { TreeBlock } from './tree';

/** Layers from the lowest: what depends on another object is one layer above it. */
export const layers: readonly StateLayer[] = ['neighbor', 'path', 'tcp'];

const layerNames: Readonly<Record<StateLayer, string>> = { neighbor: 'neighbor', path: 'path', tcp: 'TCP' };

/** Name of a layer in a sentence. */
export function layerName(layer: StateLayer): string {
  return layerNames[layer];
}

/** What a type of block means. */
export interface StateType {
  readonly layer: StateLayer;
  readonly classes: readonly StateClass[];
  /** The structures that follow, in order. */
  readonly structures: readonly StructureName[];
}

const types = new Map<number, StateType>();

function declare(type: number, layer: StateLayer, ...classes: readonly StateClass[]): void {
  const structures = offloadStateStructures(layer);
  types.set(type, { layer, classes, structures: classes.map((one) => structures[one]) });
}

declare(constantValue('NeighborOffloadConstState'), 'neighbor', 'const');
declare(constantValue('NeighborOffloadCachedState'), 'neighbor', 'cached');
declare(constantValue('NeighborOffloadDelegatedState'), 'neighbor', 'delegated');
declare(constantValue('NeighborOffloadState'), 'neighbor', 'const', 'cached', 'delegated');
declare(constantValue('Ip4OffloadConstState'), 'path', 'const');
declare(constantValue('Ip4OffloadCachedState'), 'path', 'cached');
declare(constantValue('Ip4OffloadDelegatedState'), 'path', 'delegated');
declare(constantValue('Ip4OffloadState'), 'path', 'const', 'cached', 'delegated');
declare(constantValue('Ip6OffloadConstState'), 'path', 'const');
declare(constantValue('Ip6OffloadCachedState'), 'path', 'cached');
declare(constantValue('Ip6OffloadDelegatedState'), 'path', 'delegated');
declare(constantValue('Ip6OffloadState'), 'path', 'const', 'cached', 'delegated');
declare(constantValue('TcpOffloadConstState'), 'tcp', 'const');
declare(constantValue('TcpOffloadCachedState'), 'tcp', 'cached');
declare(constantValue('TcpOffloadDelegatedState'), 'tcp', 'delegated');
declare(constantValue('TcpOffloadState'), 'tcp', 'const', 'cached', 'delegated');

/** Types that no host stack and no intermediate driver uses. */
export const reservedTypes = {
  resource: constantValue('TcpOffloadResourceState'),
  filter: constantValue('FilterReservedOffloadState'),
} as const;

/** What a type means; undefined for one that is reserved or unknown. */
export function stateType(type: number): StateType | undefined {
  return types.get(type);
}

/** Name of a type for people: `Ip4OffloadState`, or the number. */
export function typeName(type: number): string {
  return nameInGroup('OFFLOAD_STATE_TYPE', type) ?? String(type);
}

/** Layer of a block by its type; of a placeholder, whose type means nothing, by what depends on it. Undefined where that says nothing. */
export function layerOf(block: TreeBlock): StateLayer | undefined {
  if (block.role !== 'placeholder') return stateType(block.type)?.layer;
  for (const dependent of block.dependents) {
    const layer = layerOf(dependent);
    if (layer !== undefined) return layers[layers.indexOf(layer) - 1];
  }
  return undefined;
}

/** What a block is called in a finding. */
export function blockName(block: TreeBlock): string {
  if (block.role === 'placeholder') return 'a placeholder';
  const type = stateType(block.type);
  if (type === undefined) return `a block of type ${typeName(block.type)}`;
  const layer = layerName(type.layer);
  if (block.role === 'linker') return `a ${layer} linker`;
  return block.role === 'new' ? `a new ${layer} block` : `a ${layer} block`;
}
