/** A tree of block lists as it was passed (WDK page "Offload State Trees"), with its links put back. */
import { addressOf } from '../../base/address';
import type { NdisStatus } from '../../ddi/status';
import type { StructureName } from '../../ddi/generated/structures';
import type { BlockRole, BlockSnapshot } from '../../trace/records';
import type { Call } from './call';
import { StructureView } from './structureView';

/** One block of a tree. */
export class TreeBlock {
  readonly dependents: TreeBlock[] = [];
  /** The structure itself: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST or NDIS_MINIPORT_OFFLOAD_BLOCK_LIST. */
  readonly structure: StructureView;

  constructor(
    readonly snapshot: BlockSnapshot,
    readonly form: 'protocol' | 'miniport',
    /** The block on whose DependentBlockList it is; undefined on the root list. */
    readonly parent: TreeBlock | undefined,
  ) {
    const name =
      form === 'protocol' ? 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST' : 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST';
    this.structure = new StructureView(name, snapshot.bytes);
  }

  get address(): number {
    return this.snapshot.address;
  }

  /** The state object that it stands for. */
  get object(): number | undefined {
    return this.snapshot.object;
  }

  get role(): BlockRole {
    return this.snapshot.role;
  }

  /** 0 on the root list. */
  get depth(): number {
    return this.snapshot.depth;
  }

  get status(): NdisStatus {
    return this.structure.number('Status') ?? 0;
  }

  /** Header.Type, an OFFLOAD_STATE_TYPE. */
  get type(): number {
    return this.structure.number('Header.Type') ?? 0;
  }

  /** What the driver below has written into the cell of the object: its PVOID, or 0; undefined for a placeholder. */
  get context(): number | undefined {
    return this.state('NDIS_OFFLOAD_HANDLE')?.pointer('MiniportOffloadContext');
  }

  /** The state structures that follow it in memory. */
  get attached(): readonly StructureView[] {
    this.views ??= this.snapshot.states
      .filter(({ structure }) => structure !== 'NDIS_OFFLOAD_HANDLE')
      .map(({ structure, bytes }) => new StructureView(structure, bytes));
    return this.views;
  }

  private views: readonly StructureView[] | undefined;

  /** Address of the NDIS_OFFLOAD_HANDLE that names the object; 0 for a placeholder. */
  get handle(): number {
    return this.structure.pointer(this.form === 'protocol' ? 'OffloadHandle' : 'NdisOffloadHandle') ?? 0;
  }

  /** Addresses in an array of pointers, such as ImReserved. */
  words(member: string): readonly number[] {
    const bytes = this.structure.slice(member);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from(
      { length: Math.floor(bytes.length / 8) },
      (_, at) => addressOf(view.getBigUint64(at * 8, true)) ?? NaN,
    );
  }

  /** A structure by name: a state structure that follows it in memory, or NDIS_OFFLOAD_HANDLE. */
  state(name: StructureName): StructureView | undefined {
    const found = this.snapshot.states.find(({ structure }) => structure === name);
    return found === undefined ? undefined : new StructureView(found.structure, found.bytes);
  }
}

const trees = new WeakMap<object, readonly TreeBlock[]>();

/** The blocks of the tree that a call passes, depth first; empty if it passes none. */
export function treeOf(call: Call): readonly TreeBlock[] {
  const known = trees.get(call);
  if (known !== undefined) return known;
  const blocks: TreeBlock[] = [];
  const path: TreeBlock[] = [];
  for (const argument of call.record.arguments) {
    if (argument.kind !== 'block-list') continue;
    for (const snapshot of argument.blocks) {
      const parent = snapshot.depth === 0 ? undefined : path[snapshot.depth - 1];
      const block = new TreeBlock(snapshot, argument.form, parent);
      parent?.dependents.push(block);
      path[snapshot.depth] = block;
      path.length = snapshot.depth + 1;
      blocks.push(block);
    }
    break;
  }
  trees.set(call, blocks);
  return blocks;
}
