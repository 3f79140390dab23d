/** Numbers of arguments for people. Pure. */
import { constantGroups, flagNames, nameInGroup, type ConstantGroup } from '../../../shared/ddi/catalogue';
import { groupDigits } from '../../format/time';

const groups: ReadonlySet<string> = new Set(constantGroups);

function isGroup(name: string | undefined): name is ConstantGroup {
  return name !== undefined && groups.has(name);
}

/** A number with the names that its group has for it: an enumeration's value, or flags. */
export function numberText(
  value: number,
  group: string | undefined,
): { readonly value: string; readonly names: string } {
  if (!isGroup(group)) return { value: groupDigits(value), names: '' };
  const name = nameInGroup(group, value);
  const hex = `0x${value.toString(16).toUpperCase()}`;
  if (name !== undefined) return { value: value < 10 ? String(value) : hex, names: name };
  const flags = flagNames(group, value);
  const names = flags.unknownBits === 0 ? flags.names.join(' | ') : '';
  return { value: hex, names };
}
