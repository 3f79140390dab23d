import type { ConstantEntry, FunctionEntry, FunctionName, StructureLayout } from './catalogueTypes';
import { furtherFunctionEntries } from './furtherFunctions';
import {
  type ConstantGroup,
  type ConstantName,
  type UnvaluedConstantName,
  constantEntries,
} from './generated/constants';
import { functionEntries as describedFunctions } from './generated/functions';
import {
  type StructureName,
  type StructureValueTypes,
  ddiBaseline,
  structureLayouts,
} from './generated/structures';

export type {
  ConstantEntry,
  FieldKind,
  FunctionEntry,
  FunctionParameter,
  StateClass,
  StructureField,
  StructureHeader,
  StructureLayout,
  StructureRevision,
} from './catalogueTypes';
export type { ConstantGroup, ConstantName, FunctionName, StructureName, UnvaluedConstantName };
export { ddiBaseline };

/** A constant that has a number. */
export type ValuedConstantName = Exclude<ConstantName, UnvaluedConstantName>;

/** The names of a structure's fields, nested ones dotted. */
export type StructureFieldName<Name extends StructureName> = keyof StructureValueTypes[Name] & string;

const functionEntries: Readonly<Record<FunctionName, FunctionEntry>> = {
  ...describedFunctions,
  ...furtherFunctionEntries,
};

const constantsByName = new Map<string, ConstantEntry>(constantEntries.map((entry) => [entry.name, entry]));

const constantsByGroup = new Map<ConstantGroup, ConstantEntry[]>();
for (const entry of constantEntries) {
  const members = constantsByGroup.get(entry.group);
  if (members === undefined) constantsByGroup.set(entry.group, [entry]);
  else members.push(entry);
}

/** Names of all structures, in header order. */
export const structureNames: readonly StructureName[] = Object.values(structureLayouts).map(
  (layout) => layout.name,
);

/** Names of all functions, handlers and macros. */
export const functionNames: readonly FunctionName[] = Object.values(functionEntries).map(
  (entry) => entry.name,
);

/** Names of all groups of constants. */
export const constantGroups: readonly ConstantGroup[] = [...constantsByGroup.keys()];

/** Whether a name that came from outside is a structure of the catalogue. */
export function isStructureName(name: string): name is StructureName {
  return Object.hasOwn(structureLayouts, name);
}

/** Whether a name that came from outside is a function, handler or macro of the catalogue. */
export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functionEntries, name);
}

/** The x64 layout of a structure. */
export function structureLayout(name: StructureName): StructureLayout {
  return structureLayouts[name];
}

/** What the DDI says about a function, handler or macro. */
export function functionEntry(name: FunctionName): FunctionEntry {
  return functionEntries[name];
}

/** Everything known about a constant; undefined for a name outside the catalogue. */
export function constantEntry(name: string): ConstantEntry | undefined {
  return constantsByName.get(name);
}

/**
 * The number behind a constant, unsigned 32 bit.
 * @throws RangeError if the catalogue does not have the name or no public source gives it a number.
 */
export function constantValue(name: ValuedConstantName): number {
  const value = constantsByName.get(name)?.value;
  if (value === undefined || value === null) {
    throw new RangeError(`${name} has no number in the DDI catalogue`);
  }
  return value;
}

/** The constants of a group, in header order. */
export function constantsInGroup(group: ConstantGroup): readonly ConstantEntry[] {
  return constantsByGroup.get(group) ?? [];
}

/** All names that a group gives a value; the first is the header's primary name, the others are aliases. */
export function namesInGroup(group: ConstantGroup, value: number): readonly ConstantName[] {
  return constantsInGroup(group)
    .filter((entry) => entry.value === value)
    .map((entry) => entry.name);
}

/** The name that a group gives a value, or undefined. */
export function nameInGroup(group: ConstantGroup, value: number): ConstantName | undefined {
  return constantsInGroup(group).find((entry) => entry.value === value)?.name;
}

/** The flags that are set in a word. */
export interface FlagNames {
  /** Flags with at least one bit set; a zero word yields the group's name for zero, if it has one. */
  readonly names: readonly ConstantName[];
  /** Set bits that no flag of the group covers, unsigned. */
  readonly unknownBits: number;
}

/** Splits a flag word of up to 32 bits into the names of a group. */
export function flagNames(group: ConstantGroup, value: number): FlagNames {
  const word = value >>> 0;
  const zeroName = nameInGroup(group, 0);
  if (word === 0) return { names: zeroName === undefined ? [] : [zeroName], unknownBits: 0 };
  const names: ConstantName[] = [];
  let unknownBits = word;
  for (const entry of constantsInGroup(group)) {
    if (entry.value === null || (word & entry.value) === 0) continue;
    names.push(entry.name);
    unknownBits = (unknownBits & ~entry.value) >>> 0;
  }
  return { names, unknownBits };
}
