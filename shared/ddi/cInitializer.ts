import { constantsInGroup, flagNames, nameInGroup, namesInGroup, structureLayout } from './catalogue';
import type { ConstantName, StructureField, StructureLayout, StructureName } from './catalogue';
import { guidText, hexNumber } from './addressText';
import { isProjectStatus, statusHex, statusName } from './status';
import {
  type DecodeOptions,
  type DecodedField,
  type DecodedStructure,
  readStructure,
} from './structureDecoder';

/** Named constants of a member that stands in a structure's NDIS_OBJECT_HEADER. */
interface HeaderNames {
  readonly layout: StructureLayout;
  readonly typeField: StructureField | undefined;
}

function flagsExpression(field: StructureField, value: number): string {
  const digits = field.size * 2;
  if (field.flagsGroup === undefined) return value === 0 ? '0' : hexNumber(value, digits);
  // Only whole flags: a mask of several bits would set those that the value does not have.
  const { names } = flagNames(field.flagsGroup, value);
  const valueOf = new Map(constantsInGroup(field.flagsGroup).map((entry) => [entry.name, entry.value ?? 0]));
  let left = value >>> 0;
  const parts: string[] = [];
  for (const name of names) {
    const bits = (valueOf.get(name) ?? 0) >>> 0;
    if ((value & bits) >>> 0 !== bits || (left & bits) === 0) continue;
    parts.push(name);
    left = (left & ~bits) >>> 0;
  }
  if (left !== 0) parts.push(hexNumber(left, digits));
  return parts.length === 0 ? (names[0] ?? '0') : parts.join(' | ');
}

/** The constants that a header names: type, revision and size of the structure that it heads. */
function headerName(heads: HeaderNames, member: string, value: number): ConstantName | undefined {
  const { header } = heads.layout;
  const { typeField } = heads;
  switch (member) {
    case 'Type':
      return typeField?.enumGroup === undefined ? undefined : nameInGroup(typeField.enumGroup, value);
    case 'Revision':
      return header?.revisions.find((revision) => revision.value === value)?.revision;
    case 'Size':
      return header?.revisions.find((revision) => revision.size === value)?.sizeConstant;
    default:
      return undefined;
  }
}

function numberExpression(field: StructureField, value: number, text: string): string {
  if (field.unit === 'boolean' && value <= 1) return value === 0 ? 'FALSE' : 'TRUE';
  if (field.unit === 'NDIS_STATUS') {
    const name = statusName(value);
    const known = !name.startsWith('0x') && !isProjectStatus(value);
    return known ? name : `(NDIS_STATUS)${statusHex(value)}`;
  }
  if (field.unit === 'OID') return nameInGroup('OID', value) ?? hexNumber(value, 8);
  if (field.unit === 'flags') return flagsExpression(field, value);
  const named = field.enumGroup === undefined ? undefined : namesInGroup(field.enumGroup, value)[0];
  if (named !== undefined) return named;
  // What the value says may differ from its number, as for ports in network order.
  return text.startsWith(String(value)) ? String(value) : `${value} /* ${text.replaceAll('*/', '* /')} */`;
}

function pointerExpression(field: StructureField, value: bigint): string {
  return value === 0n ? 'NULL' : `(${field.ctype})${hexNumber(value, 16)}`;
}

/** The elements up to the last that is not zero: C fills the rest of an array of fixed size with zeros. */
function withoutZeroTail(values: readonly string[]): readonly string[] {
  return values.slice(0, values.findLastIndex((value) => value !== '0x00' && value !== 'NULL') + 1);
}

function listExpression(values: readonly string[]): string {
  return values.length === 0 ? '{ 0 }' : `{ ${values.join(', ')} }`;
}

function byteList(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => hexNumber(byte, 2));
}

function bytesExpression(field: StructureField, bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (field.ctype === 'GUID' && bytes.length === 16) {
    const head = [
      hexNumber(view.getUint32(0, true), 8),
      hexNumber(view.getUint16(4, true), 4),
      hexNumber(view.getUint16(6, true), 4),
    ];
    return `{ ${head.join(', ')}, { ${byteList(bytes.subarray(8)).join(', ')} } } /* ${guidText(bytes)} */`;
  }
  if (field.ctype === 'SLIST_HEADER' && bytes.length === 16) {
    const [alignment, region] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
    return `{ .Alignment = ${hexNumber(alignment, 16)}, .Region = ${hexNumber(region, 16)} }`;
  }
  const list = byteList(bytes);
  return listExpression(field.flexible === true ? list : withoutZeroTail(list));
}

function expression(
  decoded: DecodedField,
  field: StructureField,
  heads: HeaderNames | undefined,
  indent: string,
): string {
  const { value, nested } = decoded;
  if (nested !== undefined) return '';
  if (typeof value === 'number') {
    const named = heads === undefined ? undefined : headerName(heads, field.name, value);
    if (named !== undefined) return named;
    return numberExpression(field, value, decoded.text);
  }
  if (typeof value === 'bigint') {
    if (field.kind !== 'unsigned64') return pointerExpression(field, value);
    return value === 0n ? '0' : hexNumber(value);
  }
  if (value instanceof Uint8Array) return bytesExpression(field, value);
  if (!Array.isArray(value)) return '';
  const pointers = withoutZeroTail(
    (value as readonly bigint[]).map((one) => (one === 0n ? 'NULL' : `(PVOID)${hexNumber(one, 16)}`)),
  );
  const list = listExpression(pointers);
  return list.length < 80 ? list : `{\n${pointers.map((one) => `${indent}  ${one},\n`).join('')}${indent}}`;
}

/** Members to write: one alternative of each union (the live one, else the first), no names for slots of arrays, no empty array. */
function membersOf(structure: DecodedStructure, layout: StructureLayout): DecodedField[] {
  const chosen = new Map<string, string>();
  for (const { union, arm, live } of structure.fields) {
    if (union === undefined || arm === undefined) continue;
    if (live === true || !chosen.has(union)) chosen.set(union, arm);
  }
  const slots = new Set(
    layout.fields.filter((field) => field.elementOf !== undefined).map(({ name }) => name),
  );
  return structure.fields.filter(
    ({ name, union, arm, size }) =>
      size > 0 && !slots.has(name) && (union === undefined || chosen.get(union) === arm),
  );
}

function body(structure: DecodedStructure, indent: string, heads?: HeaderNames): string {
  const layout = structureLayout(structure.name);
  const fields = new Map(layout.fields.map((field) => [field.name, field]));
  const inner = `${indent}  `;
  const lines = membersOf(structure, layout).map((decoded) => {
    const field = fields.get(decoded.name)!;
    const { nested } = decoded;
    const value =
      nested === undefined
        ? sizeExpression(decoded, layout, heads) || expression(decoded, field, heads, inner)
        : body(nested, inner, { layout, typeField: field });
    return `${inner}.${decoded.name} = ${value},\n`;
  });
  return lines.length === 0 ? '{ 0 }' : `{\n${lines.join('')}${indent}}`;
}

/** The size that a header states, where it is that of the whole structure and has no published constant. */
function sizeExpression(
  decoded: DecodedField,
  layout: StructureLayout,
  heads: HeaderNames | undefined,
): string {
  const isSize =
    (layout.name === 'OFFLOAD_STATE_HEADER' && decoded.name === 'Length') ||
    (layout.name === 'NDIS_OBJECT_HEADER' && decoded.name === 'Size');
  if (!isSize || heads === undefined || decoded.value !== heads.layout.size) return '';
  return headerName(heads, decoded.name, decoded.value) ?? `sizeof(${heads.layout.name})`;
}

/**
 * A structure as a C99 designated initialiser, with the WDK's names for enumeration values, flags, statuses, OIDs, header
 * revisions and sizes: `{ .State = TcpConnectionEstablished, … }`. Of each union one alternative is written: the live one
 * (`options.live`), else the first. Members that the bytes do not hold are left out. Never throws for any bytes.
 * @throws RangeError if `options.live` names something that is not a union member.
 */
export function cInitializer(name: StructureName, bytes: Uint8Array, options: DecodeOptions = {}): string {
  const { structure } = readStructure(name, bytes, options);
  return `${name} value = ${body(structure, '')};\n`;
}
