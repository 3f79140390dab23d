/** Which parts of the chimney DDI a trace has used: functions, structures, statuses, OIDs and events. */
import {
  constantsInGroup,
  functionEntry,
  functionNames,
  structureLayout,
  type ConstantEntry,
  type ConstantGroup,
  type StructureName,
} from '../ddi/catalogue';
import { decodeStructure } from '../ddi/structureCodec';
import type { CallArgument, TraceRecord } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';

/** The parts that are counted. */
export const coverageKinds = ['function', 'structure', 'status', 'oid', 'event'] as const;

/** See {@link coverageKinds}. */
export type CoverageKind = (typeof coverageKinds)[number];

/** One thing of the catalogue. */
export interface CoverageItem {
  readonly kind: CoverageKind;
  readonly name: string;
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

const statusGroups: readonly ConstantGroup[] = ['status-offload', 'status-indication-offload'];

const eventGroups: readonly ConstantGroup[] = [
  'TCP_OFFLOAD_EVENT_TYPE',
  'TCP_UPLOAD_REASON',
  'INDICATE_OFFLOAD_EVENT',
];

/** Constants that only bound an enumeration. */
function isBound(entry: ConstantEntry): boolean {
  return entry.name.endsWith('Max');
}

/** Everything that can be covered, in the catalogue's order. */
export function coverableItems(): CoverageItem[] {
  const constants = (kind: CoverageKind, groups: readonly ConstantGroup[]): CoverageItem[] =>
    groups.flatMap((group) =>
      constantsInGroup(group)
        .filter((entry) => entry.value !== null && !isBound(entry))
        .map(({ name }) => ({ kind, name })),
    );
  return [
    ...functionNames
      .filter((name) => functionEntry(name).family !== undefined)
      .map((name) => ({ kind: 'function' as const, name })),
    ...chimneyStructures.map((name) => ({ kind: 'structure' as const, name })),
    ...constants('status', statusGroups),
    ...constants('oid', ['OID']),
    ...constants('event', eventGroups),
  ];
}

/** Collects what a trace uses; a {@link TraceListener}. */
export class DdiCoverage implements TraceListener {
  private readonly used: Readonly<Record<CoverageKind, Set<string>>> = {
    function: new Set(),
    structure: new Set(),
    status: new Set(),
    oid: new Set(),
    event: new Set(),
  };
  private readonly statusNames = valueNames(statusGroups);

  onRecord(record: TraceRecord): void {
    if (record.kind === 'call') {
      this.used.function.add(record.functionName);
      for (const argument of record.arguments) this.argument(argument);
    } else if (record.kind === 'return') {
      if (record.status !== undefined) this.status(record.status);
      for (const output of record.outputs) this.argument(output);
    }
  }

  /** Whether a thing of the catalogue occurs in the trace. */
  uses(item: CoverageItem): boolean {
    return this.used[item.kind].has(item.name);
  }

  private status(value: number): void {
    for (const name of this.statusNames.get(value) ?? []) this.used.status.add(name);
  }

  private structure(name: StructureName, bytes: Uint8Array): void {
    this.used.structure.add(name);
    for (const field of structureLayout(name).fields) {
      if (field.structure !== undefined) this.used.structure.add(field.structure);
    }
    const decoded = decodeStructure(name, bytes);
    if (!decoded.ok) return;
    const status = (decoded.value.values as Readonly<Record<string, unknown>>)['Status'];
    if (typeof status === 'number') this.status(status);
    const code = (decoded.value.values as Readonly<Record<string, unknown>>)['StatusCode'];
    if (typeof code === 'number') this.status(code);
  }

  private argument(argument: CallArgument): void {
    switch (argument.kind) {
      case 'status':
        this.status(argument.value);
        return;
      case 'number':
        this.constant(argument.value, argument.group);
        return;
      case 'structure':
        this.structure(argument.structure, argument.bytes);
        return;
      case 'pointer':
        if (argument.label === 'NDIS_OFFLOAD_HANDLE') this.used.structure.add('NDIS_OFFLOAD_HANDLE');
        return;
      case 'block-list':
        for (const block of argument.blocks) {
          this.structure(
            argument.form === 'protocol'
              ? 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST'
              : 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
            block.bytes,
          );
          for (const state of block.states) this.structure(state.structure, state.bytes);
        }
        return;
      case 'net-buffer-lists':
        for (const list of argument.lists) this.status(list.status);
        return;
      case 'text':
        return;
    }
  }

  private constant(value: number, group: string | undefined): void {
    if (group === 'OID') for (const name of oidNames.get(value) ?? []) this.used.oid.add(name);
    const known = eventGroups.find((candidate) => candidate === group);
    if (known === undefined) return;
    for (const entry of constantsInGroup(known)) if (entry.value === value) this.used.event.add(entry.name);
  }
}

const oidNames = valueNames(['OID']);

function valueNames(groups: readonly ConstantGroup[]): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  for (const group of groups) {
    for (const { name, value } of constantsInGroup(group)) {
      if (value === null) continue;
      const known = names.get(value);
      if (known === undefined) names.set(value, [name]);
      else known.push(name);
    }
  }
  return names;
}
