/** What of the DDI can be covered: the functions, structures, statuses, OIDs and events that chimney offload consists of. */
import {
  constantsInGroup,
  functionEntry,
  functionNames,
  type ConstantEntry,
  type ConstantGroup,
  type StructureName,
} from '../ddi/catalogue';

/** The parts that are counted. */
export const coverageKinds = ['function', 'structure', 'status', 'oid', 'event'] as const;

/** See {@link coverageKinds}. */
export type CoverageKind = (typeof coverageKinds)[number];

/** One thing of the catalogue. */
export interface CoverageItem {
  readonly kind: CoverageKind;
  /** As the header spells it. */
  readonly name: string;
  /** Other spellings of the same value; absent where there is none. */
  readonly aliases?: readonly string[];
}

/** Structures of ndischimney.h: state, block lists, handles, characteristics, parameters, statistics. */
const chimneyStructures: readonly StructureName[] = [
  'NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION',
  'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS',
  'OFFLOAD_STATE_HEADER',
  'TCP_OFFLOAD_STATE_CONST',
  'TCP_OFFLOAD_STATE_CACHED',
  'TCP_OFFLOAD_STATE_DELEGATED',
  'PATH_OFFLOAD_STATE_CONST',
  'PATH_OFFLOAD_STATE_CACHED',
  'PATH_OFFLOAD_STATE_DELEGATED',
  'NEIGHBOR_OFFLOAD_STATE_CONST',
  'NEIGHBOR_OFFLOAD_STATE_CACHED',
  'NEIGHBOR_OFFLOAD_STATE_DELEGATED',
  'TCP_OFFLOAD_STATS',
  'IP_OFFLOAD_STATS',
  'NDIS_OFFLOAD_HANDLE',
  'NDIS_OFFLOAD_HANDLE_PRIVATE',
  'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST',
  'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
  'NDIS_OFFLOAD_CLIENT_HANDLERS',
  'NDIS_TCP_OFFLOAD_CLIENT_HANDLERS',
  'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  'NDIS_OFFLOAD_EVENT_HANDLERS',
  'NDIS_TCP_OFFLOAD_EVENT_HANDLERS',
];

/** The groups of constants that each kind of number comes from. */
export const coverageGroups = {
  status: ['status-offload', 'status-indication-offload'],
  oid: ['OID'],
  event: ['TCP_OFFLOAD_EVENT_TYPE', 'TCP_UPLOAD_REASON', 'INDICATE_OFFLOAD_EVENT'],
} as const satisfies Partial<Record<CoverageKind, readonly ConstantGroup[]>>;

/** Constants that only bound an enumeration; headers write `Max` before or behind. */
function isBound({ name, group }: ConstantEntry): boolean {
  const enumerations: readonly ConstantGroup[] = coverageGroups.event;
  return enumerations.includes(group) && /^Max[A-Z]|Max$/.test(name);
}

/** One item for each value of a group. */
function itemsOfGroup(kind: CoverageKind, group: ConstantGroup): CoverageItem[] {
  const spellings = new Map<number, string[]>();
  for (const entry of constantsInGroup(group)) {
    // What has no published number cannot be passed to anybody.
    if (entry.value === null || isBound(entry)) continue;
    const known = spellings.get(entry.value);
    if (known === undefined) spellings.set(entry.value, [entry.name]);
    else known.push(entry.name);
  }
  return [...spellings.values()].map(([name, ...aliases]) => ({
    kind,
    name: name!,
    ...(aliases.length === 0 ? {} : { aliases }),
  }));
}

/** Everything that can be covered, in the catalogue's order. */
export const coverableItems: readonly CoverageItem[] = [
  ...functionNames
    .filter((name) => functionEntry(name).family !== undefined)
    .map((name) => ({ kind: 'function' as const, name })),
  ...chimneyStructures.map((name) => ({ kind: 'structure' as const, name })),
  ...coverageGroups.status.flatMap((group) => itemsOfGroup('status', group)),
  ...coverageGroups.oid.flatMap((group) => itemsOfGroup('oid', group)),
  ...coverageGroups.event.flatMap((group) => itemsOfGroup('event', group)),
];
