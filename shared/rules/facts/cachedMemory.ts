/** Cached structures that each driver has been given at its miniport edge, as a whole: those in effect, and what became of the last update. */
import { constantValue, structureLayout } from '../../ddi/catalogue';
import type { StructureName } from '../../ddi/generated/structures';
import { NDIS_STATUS } from '../../ddi/status';
import type { Call } from '../engine/call';
import type { FactDefinition, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { treeOf, type TreeBlock } from '../engine/tree';

const cachedStructures = [
  'NEIGHBOR_OFFLOAD_STATE_CACHED',
  'PATH_OFFLOAD_STATE_CACHED',
  'TCP_OFFLOAD_STATE_CACHED',
] as const satisfies readonly StructureName[];

/** Flags of TCP_OFFLOAD_STATE_CACHED that last; the others ask for something once. */
const lastingFlags = constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED') | constantValue('TCP_FLAG_NAGLING_ENABLED');

/** What a driver has been given of an object. */
export interface GivenCached {
  /** The structure in effect. */
  structure: StructureView;
  /** The request that brought it. */
  from: Call;
  /** The completion of the last update, and whether that failed; undefined while there was none. */
  updated: { readonly completion: Call; readonly request: Call; readonly failed: boolean } | undefined;
  /** The update under way, with what it brings. */
  pending: { readonly call: Call; readonly structure: StructureView } | undefined;
}

/** The cached structure behind a block. */
export function cachedOf(block: TreeBlock): StructureView | undefined {
  for (const name of cachedStructures) {
    const found = block.state(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A member in which two structures of one kind differ and should not; undefined if there is none. */
export function differingMember(
  before: StructureView,
  after: StructureView,
): { readonly name: string; readonly before: string; readonly after: string } | undefined {
  for (const { name, kind } of structureLayout(before.name).fields) {
    // An age grows; what asks for something once may be forgotten.
    if (name === 'Header' || name === 'HostReachabilityDelta') continue;
    if (kind === 'pointer') continue;
    const valueIn = (view: StructureView): string => {
      if (kind === 'bytes') return [...view.slice(name)].map((byte) => byte.toString(16)).join(':');
      const value = view.number(name) ?? 0;
      return String(
        name === 'Flags' && view.name === 'TCP_OFFLOAD_STATE_CACHED' ? value & lastingFlags : value,
      );
    };
    const values = { name, before: valueIn(before), after: valueIn(after) };
    if (values.before !== values.after) return values;
  }
  return undefined;
}

/** See the file's head. */
export class CachedMemory implements Handlers {
  private readonly drivers = new Map<number, Map<number, GivenCached>>();

  /** What a driver has been given of an object; undefined if it has not been seen. */
  of(driver: number, object: number | undefined): GivenCached | undefined {
    return object === undefined ? undefined : this.drivers.get(driver)?.get(object);
  }

  readonly call = {
    MiniportInitiateOffload: (call: Call): void => {
      const given = this.at(call.callee);
      for (const block of treeOf(call)) {
        const structure = cachedOf(block);
        if (block.role === 'new' && block.object !== undefined && structure !== undefined)
          given.set(block.object, { structure, from: call, updated: undefined, pending: undefined });
      }
    },
    MiniportUpdateOffload: (call: Call): void => {
      const given = this.at(call.callee);
      for (const block of treeOf(call)) {
        const structure = cachedOf(block);
        const known = block.object === undefined ? undefined : given.get(block.object);
        if (known !== undefined && structure !== undefined) known.pending = { call, structure };
      }
    },
    NdisMUpdateOffloadComplete: (call: Call): void => {
      const given = this.at(call.caller);
      for (const { object, status } of treeOf(call)) {
        const known = object === undefined ? undefined : given.get(object);
        if (known?.pending === undefined) continue;
        const { call: request, structure } = known.pending;
        const failed = status !== NDIS_STATUS.SUCCESS;
        if (!failed) {
          known.structure = structure;
          known.from = request;
        }
        known.updated = { completion: call, request, failed };
        known.pending = undefined;
      }
    },
    NdisMTerminateOffloadComplete: (call: Call): void => {
      const given = this.at(call.caller);
      for (const { object, status } of treeOf(call))
        if (object !== undefined && status === NDIS_STATUS.SUCCESS) given.delete(object);
    },
  } as const;

  private at(driver: number): Map<number, GivenCached> {
    let given = this.drivers.get(driver);
    if (given === undefined) this.drivers.set(driver, (given = new Map<number, GivenCached>()));
    return given;
  }
}

/** Cached structures that drivers have been given: `facts.of(cachedMemory)`. */
export const cachedMemory: FactDefinition<CachedMemory> = { start: () => new CachedMemory() };
