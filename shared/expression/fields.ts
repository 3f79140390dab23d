/** The catalogue of fields, and how a name in an expression leads to one. */
import {
  offloadStateVariables,
  type OffloadStateLayer,
  type OffloadStateVariable,
} from '../ddi/offloadState';
import { structureLayout } from '../ddi/catalogue';
import { eventFields } from './eventFields';
import { eventKinds, type FieldDefinition, type FieldReference, type FieldType } from './fieldTypes';
import { frameFields } from './frameFields';

const layers: readonly OffloadStateLayer[] = ['neighbor', 'path', 'tcp'];
const variables = layers.flatMap((layer) => offloadStateVariables(layer));

function variableType(variable: OffloadStateVariable): FieldType {
  if (variable.kind === 'bytes') return 'address';
  return variable.unit === 'bytes' ? 'bytes' : 'count';
}

function variableUnit({ unit }: OffloadStateVariable): string {
  return unit === undefined || unit === 'bytes' || unit === 'pointer' ? '' : ` (${unit})`;
}

/** The member's name where one structure only has it, `layer.class.Member` elsewhere. */
function variableName(variable: OffloadStateVariable): string {
  const isUnique = variables.filter(({ name }) => name === variable.name).length === 1;
  return isUnique ? variable.name : `${variable.layer}.${variable.class}.${variable.name}`;
}

/** The sentence as it stands in a table: one line with a full stop. */
function sentence(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function variableField(variable: OffloadStateVariable): FieldDefinition {
  const { page } = structureLayout(variable.structure);
  return {
    name: variableName(variable),
    type: variableType(variable),
    kinds: eventKinds,
    meaning: sentence(`${variable.meaning}${variableUnit(variable)}`),
    aliases: [variable.qualifiedName],
    ...(page === undefined ? {} : { reference: page }),
  };
}

/** The argument family: `arg.Name` and `arg.Name.Member`. */
export const argumentField: FieldDefinition = {
  name: 'arg.Name',
  type: 'dynamic',
  kinds: ['call'],
  meaning:
    'The argument or output of this name, or a member of the structure that it is, such as `arg.StatusIndication.StatusCode`.',
};

const variableReferences = variables.map((variable): FieldReference => ({
  kind: 'variable',
  field: variableField(variable),
  variable,
}));

const plainReferences = [...eventFields, ...frameFields].map((field): FieldReference => ({
  kind: 'field',
  field,
}));

/** All fields with a fixed name: events, frames, state variables. */
export const fieldReferences: readonly FieldReference[] = [...plainReferences, ...variableReferences];

/** Fields of events and frames, the arguments, and the variables of offloaded state. */
export const fieldCatalogue: readonly FieldDefinition[] = [
  ...plainReferences.map(({ field }) => field),
  argumentField,
  ...variableReferences.map(({ field }) => field),
];

const referencesByName = new Map<string, FieldReference>();
for (const reference of fieldReferences)
  for (const name of [reference.field.name, ...(reference.field.aliases ?? [])])
    referencesByName.set(name, reference);

/** Names under which fields are found, aliases included. */
export const fieldNames: readonly string[] = [...referencesByName.keys()];

const argumentPrefix = 'arg.';

/** The field of a name, or undefined. Every name that begins with `arg.` is one. */
export function fieldReference(name: string): FieldReference | undefined {
  const known = referencesByName.get(name);
  if (known !== undefined || !name.startsWith(argumentPrefix)) return known;
  const [argument, ...member] = name.slice(argumentPrefix.length).split('.');
  return {
    kind: 'argument',
    field: { ...argumentField, name },
    argument: argument!,
    member: member.length === 0 ? undefined : member.join('.'),
  };
}

/** How a reference is written. */
export function referenceName(reference: FieldReference): string {
  return reference.field.name;
}
