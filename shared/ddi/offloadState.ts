import { ipAddressText } from './addressText';
import { structureLayout } from './catalogue';
import type { ConstantGroup, StateClass, StructureField } from './catalogue';
import { type TextOptions, addressText, fieldText } from './fieldText';
import type { StructureName } from './generated/structures';

/** The layers of offloaded state, bottom up. */
export type OffloadStateLayer = 'neighbor' | 'path' | 'tcp';

/** The structures of one layer by class, in the order in which they follow a block list. */
export type OffloadStateStructures = Readonly<Record<StateClass, StructureName>>;

const stateClasses: readonly StateClass[] = ['const', 'cached', 'delegated'];

const structuresOfLayer = {
  neighbor: {
    const: 'NEIGHBOR_OFFLOAD_STATE_CONST',
    cached: 'NEIGHBOR_OFFLOAD_STATE_CACHED',
    delegated: 'NEIGHBOR_OFFLOAD_STATE_DELEGATED',
  },
  path: {
    const: 'PATH_OFFLOAD_STATE_CONST',
    cached: 'PATH_OFFLOAD_STATE_CACHED',
    delegated: 'PATH_OFFLOAD_STATE_DELEGATED',
  },
  tcp: {
    const: 'TCP_OFFLOAD_STATE_CONST',
    cached: 'TCP_OFFLOAD_STATE_CACHED',
    delegated: 'TCP_OFFLOAD_STATE_DELEGATED',
  },
} as const satisfies Readonly<Record<OffloadStateLayer, OffloadStateStructures>>;

/** The const, cached and delegated structure of a layer. */
export function offloadStateStructures<Layer extends OffloadStateLayer>(
  layer: Layer,
): (typeof structuresOfLayer)[Layer] {
  return structuresOfLayer[layer];
}

/** One variable of offloaded state. */
export interface OffloadStateVariable {
  readonly layer: OffloadStateLayer;
  /** Position in the list of its layer: const, then cached, then delegated, each in structure order. */
  readonly index: number;
  /** Member name, such as `SndUna`; `Flags` exists once per class. */
  readonly name: string;
  /** `STRUCTURE.Member`, unique. */
  readonly qualifiedName: string;
  readonly structure: StructureName;
  readonly class: StateClass;
  readonly unit?: string;
  readonly meaning: string;
  /**
   * Type of the value: a number, bytes, or the address of a NET_BUFFER_LIST as bigint. IP addresses are
   * `bytes`: the structure holds pointers, the addresses they point at are the state.
   */
  readonly kind: 'number' | 'bytes' | 'pointer';
  /** True where the structure holds a pointer to the bytes. */
  readonly indirect: boolean;
  /** Layout of the member. */
  readonly field: StructureField;
  /** Names of the values. */
  readonly enumGroup?: ConstantGroup;
  /** Names of the bits. */
  readonly flagsGroup?: ConstantGroup;
  /** The union that the variable shares storage in, and its alternative there. */
  readonly union?: string;
  readonly arm?: string;
}

const addressMembers = new Set(['SourceAddress', 'DestinationAddress']);

function variablesOf(layer: OffloadStateLayer): readonly OffloadStateVariable[] {
  const variables: OffloadStateVariable[] = [];
  for (const stateClass of stateClasses) {
    const structure = structuresOfLayer[layer][stateClass];
    for (const field of structureLayout(structure).fields) {
      if (field.kind === 'structure') continue;
      const indirect = layer === 'path' && addressMembers.has(field.name);
      variables.push(
        Object.freeze({
          layer,
          index: variables.length,
          name: field.name,
          qualifiedName: `${structure}.${field.name}`,
          structure,
          class: stateClass,
          meaning: field.meaning,
          kind:
            indirect || field.kind === 'bytes' ? 'bytes' : field.kind === 'pointer' ? 'pointer' : 'number',
          indirect,
          field,
          ...(field.unit === undefined ? {} : { unit: field.unit }),
          ...(field.enumGroup === undefined ? {} : { enumGroup: field.enumGroup }),
          ...(field.flagsGroup === undefined ? {} : { flagsGroup: field.flagsGroup }),
          ...(field.union === undefined ? {} : { union: field.union }),
          ...(field.arm === undefined ? {} : { arm: field.arm }),
        } satisfies OffloadStateVariable),
      );
    }
  }
  return Object.freeze(variables);
}

const variablesByLayer: Readonly<Record<OffloadStateLayer, readonly OffloadStateVariable[]>> = Object.freeze({
  neighbor: variablesOf('neighbor'),
  path: variablesOf('path'),
  tcp: variablesOf('tcp'),
});

/** All state variables of a layer, headers left out, bit-fields and union members each on their own. */
export function offloadStateVariables(layer: OffloadStateLayer): readonly OffloadStateVariable[] {
  return variablesByLayer[layer];
}

/** A variable by class and name; undefined if the layer has none of that name. */
export function offloadStateVariable(
  layer: OffloadStateLayer,
  stateClass: StateClass,
  name: string,
): OffloadStateVariable | undefined {
  return variablesByLayer[layer].find((variable) => variable.class === stateClass && variable.name === name);
}

/** A value of a state variable. */
export type StateVariableValue = number | bigint | Uint8Array;

/**
 * A state variable's value for people: names of states and flags, link and IP addresses, numbers with their
 * unit, the words behind reserved values (a TimeoutDelta of 0xFFFFFFFF is a timer that is not running). Ports
 * are taken as the structure holds them, in network byte order unless the options say otherwise.
 */
export function formatStateVariable(
  variable: OffloadStateVariable,
  value: StateVariableValue,
  options: TextOptions = {},
): string {
  if (value instanceof Uint8Array && variable.indirect) return ipAddressText(value);
  if (typeof value === 'bigint') return addressText(value, options);
  return fieldText(variable.structure, variable.field, value, options);
}

export { swapPortBytes, type TextOptions } from './fieldText';
