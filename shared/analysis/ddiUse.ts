/** What of the chimney DDI some calls have used: their functions, and what their arguments and outputs carry. */
import {
  constantsInGroup,
  structureLayout,
  type ConstantGroup,
  isStructureName,
  type StructureName,
} from '../ddi/catalogue';
import type { CallArgument } from '../trace/records';
import { coverageGroups, coverageKinds, type CoverageItem, type CoverageKind } from './ddiItems';

/** What the bytes of a structure hold that counts. */
interface StructureContents {
  /** The structure, the one that it begins with, and what is nested in it. */
  readonly structures: readonly StructureName[];
  /** Offsets of its NDIS_STATUS members. */
  readonly statusOffsets: readonly number[];
}

/** Tables that a driver gets by the type of their common beginning and casts. */
const commonBeginning: Partial<Record<StructureName, StructureName>> = {
  NDIS_TCP_OFFLOAD_EVENT_HANDLERS: 'NDIS_OFFLOAD_EVENT_HANDLERS',
  NDIS_TCP_OFFLOAD_CLIENT_HANDLERS: 'NDIS_OFFLOAD_CLIENT_HANDLERS',
};

const contents = new Map<StructureName, StructureContents>();

const statusNames = namesByValue(coverageGroups.status);
const oidNames = namesByValue(coverageGroups.oid);
const eventNames = new Map<string, ReadonlyMap<number, readonly string[]>>(
  coverageGroups.event.map((group) => [group, namesByValue([group])]),
);

/** Collects what calls use. Cheap enough to listen to every call of a run. */
export class DdiUse {
  private readonly used: Readonly<Record<CoverageKind, Set<string>>> = {
    function: new Set(),
    structure: new Set(),
    status: new Set(),
    oid: new Set(),
    event: new Set(),
  };

  /** A function is called. */
  call(functionName: string, values: readonly CallArgument[]): void {
    this.used.function.add(functionName);
    for (const argument of values) this.argument(argument);
  }

  /** A function has returned; `status` is undefined for VOID. */
  return(status: number | undefined, outputs: readonly CallArgument[]): void {
    if (status !== undefined) this.status(status);
    for (const output of outputs) this.argument(output);
  }

  /** Adds what other calls have used. */
  absorb(other: DdiUse): void {
    for (const kind of coverageKinds) for (const name of other.used[kind]) this.used[kind].add(name);
  }

  /** Whether a thing of the catalogue has been used. */
  uses(item: CoverageItem): boolean {
    return this.used[item.kind].has(item.name);
  }

  private status(value: number): void {
    add(this.used.status, statusNames.get(value));
  }

  private structure(name: StructureName, bytes: Uint8Array): void {
    const { structures, statusOffsets } = contentsOf(name);
    for (const structure of structures) this.used.structure.add(structure);
    for (const at of statusOffsets) {
      if (at + 4 > bytes.length) continue;
      this.status(
        (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0,
      );
    }
  }

  private argument(argument: CallArgument): void {
    switch (argument.kind) {
      case 'status':
        this.status(argument.value);
        return;
      case 'number':
        if (argument.group === 'OID') add(this.used.oid, oidNames.get(argument.value));
        else if (argument.group !== undefined)
          add(this.used.event, eventNames.get(argument.group)?.get(argument.value));
        return;
      case 'structure':
        this.structure(argument.structure, argument.bytes);
        return;
      case 'pointer':
        if (argument.value !== 0 && isStructureName(argument.label)) this.used.structure.add(argument.label);
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
}

function contentsOf(name: StructureName): StructureContents {
  const known = contents.get(name);
  if (known !== undefined) return known;
  const { fields } = structureLayout(name);
  const beginning = commonBeginning[name];
  const made = {
    structures: [
      name,
      ...(beginning === undefined ? [] : [beginning]),
      ...fields.flatMap(({ structure }) => (structure === undefined ? [] : contentsOf(structure).structures)),
    ],
    statusOffsets: fields
      .filter((field) => field.name === 'Status' || field.name === 'StatusCode')
      .map((field) => field.offset),
  };
  contents.set(name, made);
  return made;
}

function add(set: Set<string>, names: readonly string[] | undefined): void {
  if (names !== undefined) for (const name of names) set.add(name);
}

function namesByValue(groups: readonly ConstantGroup[]): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  for (const { name, value } of groups.flatMap(constantsInGroup)) {
    if (value === null) continue;
    const known = names.get(value);
    if (known === undefined) names.set(value, [name]);
    else known.push(name);
  }
  return names;
}
