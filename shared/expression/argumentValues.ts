/** Arguments of recorded calls as numbers and as text. */
import { nameInGroup } from '../ddi/catalogue';
import { statusName } from '../ddi/status';
import { readStructure, type DecodedField, type DecodedStructure } from '../ddi/structureDecoder';
import type { CallArgument } from '../trace/records';

/** A member of a structure by its dotted name, through nested structures. */
function memberOf(structure: DecodedStructure, name: string): DecodedField | undefined {
  for (const field of structure.fields) {
    if (field.name === name) return field;
    if (field.nested === undefined || !name.startsWith(`${field.name}.`)) continue;
    const found = memberOf(field.nested, name.slice(field.name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function member(argument: CallArgument, name: string): DecodedField | undefined {
  if (argument.kind !== 'structure') return undefined;
  return memberOf(readStructure(argument.structure, argument.bytes, {}).structure, name);
}

/** An argument, or a member of it, as a number: codes, addresses, lengths of lists. NaN for what is none. */
export function argumentNumber(argument: CallArgument, memberName: string | undefined): number {
  if (memberName !== undefined) {
    const value = member(argument, memberName)?.value;
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
  }
  switch (argument.kind) {
    case 'number':
    case 'pointer':
      return argument.value;
    case 'status':
      return argument.value >>> 0;
    case 'structure':
      return argument.address;
    case 'block-list':
      return argument.blocks.length;
    case 'net-buffer-lists':
      return argument.lists.length;
    case 'text':
      return NaN;
  }
}

/** An argument, or a member of it, as text: the name of a code, what a pointer points at, the name of a structure. */
export function argumentText(argument: CallArgument, memberName: string | undefined): string | undefined {
  if (memberName !== undefined) return member(argument, memberName)?.text;
  switch (argument.kind) {
    case 'number': {
      const group = argument.group as Parameters<typeof nameInGroup>[0] | undefined;
      return (group === undefined ? undefined : nameInGroup(group, argument.value)) ?? String(argument.value);
    }
    case 'status':
      return statusName(argument.value);
    case 'text':
      return argument.value;
    case 'pointer':
      return argument.label;
    case 'structure':
      return argument.structure;
    case 'block-list':
      return `${argument.blocks.length} blocks`;
    case 'net-buffer-lists':
      return `${argument.lists.length} lists`;
  }
}
