import { structureLayout } from './catalogue';
import type { ConstantGroup, StateClass, StructureField, StructureLayout } from './catalogue';
import type { FieldKind } from './catalogueTypes';
import { type TextOptions, fieldText } from './fieldText';
import type { StructureName } from './generated/structures';
import type { FieldValue, FieldValues, StructureValues } from './structureValues';

/** Choices for decoding. */
export interface DecodeOptions extends TextOptions {
  /**
   * One member name per union whose live alternative is known. Values then hold that alternative only, and
   * fields tell live members from the others.
   */
  readonly live?: readonly string[];
  /** Size in bytes that the writer gave the structure; overrides what its header declares. */
  readonly size?: number;
}

/** One decoded member. */
export interface DecodedField {
  readonly name: string;
  readonly ctype: string;
  readonly kind: FieldKind;
  /** Bytes from the start of the structure; of the storage unit for bit-fields. */
  readonly offset: number;
  /** Bytes that were read. */
  readonly size: number;
  readonly bitOffset?: number;
  readonly bitWidth?: number;
  readonly value: FieldValue;
  /** The value for people. */
  readonly text: string;
  readonly meaning: string;
  readonly unit?: string;
  readonly class?: StateClass;
  readonly union?: string;
  readonly arm?: string;
  /** Whether this is the live alternative of its union; absent where that is unknown or there is no union. */
  readonly live?: boolean;
  /** Decoded members of a nested structure. */
  readonly nested?: DecodedStructure;
}

/** A structure read from bytes. */
export interface DecodedStructure<Name extends StructureName = StructureName> {
  readonly name: Name;
  /** Bytes that belong to the structure as its writer knew it. */
  readonly size: number;
  readonly fields: readonly DecodedField[];
  /** The same values by name, as `encodeStructure` takes them. */
  readonly values: StructureValues<Name>;
  /** Members that lie outside of `size`. */
  readonly missing: readonly string[];
}

/** Something odd about a structure that could be read all the same. */
export interface StructureProblem {
  /**
   * `olderRevision`: the declared size is that of a known earlier revision; members are missing.
   * `unknownSize`: no revision has the declared size. `newerRevision`: the declared size exceeds the layout.
   * `sizeTooSmall`: the declared size does not even hold the header, it was ignored.
   */
  readonly code: 'olderRevision' | 'unknownSize' | 'newerRevision' | 'sizeTooSmall';
  /** Structure, or nested member as `STRUCTURE.Member`. */
  readonly path: string;
  readonly declaredSize: number;
  readonly missing: readonly string[];
  readonly message: string;
}

/** Why bytes could not be read as a structure. */
export interface DecodeError {
  readonly code: 'tooShort';
  readonly structure: StructureName;
  /** Bytes that the structure takes. */
  readonly needed: number;
  /** Bytes that are there. */
  readonly available: number;
  readonly message: string;
}

/** Outcome of decoding. */
export type DecodeResult<Name extends StructureName> =
  | {
      readonly ok: true;
      readonly value: DecodedStructure<Name>;
      readonly problems: readonly StructureProblem[];
    }
  | { readonly ok: false; readonly error: DecodeError };

/** How many of the bytes at hand to read, and how many there have to be. */
interface Extent {
  readonly limit: number;
  readonly needed: number;
  readonly problem?: Omit<StructureProblem, 'path' | 'missing'>;
}

function contentEnd(layout: StructureLayout): number {
  return Math.max(...layout.fields.map((field) => field.offset + field.size));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The size that the structure's own header states, undefined where it has none or the header is cut off. */
function declaredSize(layout: StructureLayout, bytes: Uint8Array): number | undefined {
  const header = layout.fields[0]?.structure;
  if (header === 'NDIS_OBJECT_HEADER')
    return bytes.length >= 4 ? viewOf(bytes).getUint16(2, true) : undefined;
  if (header === 'OFFLOAD_STATE_HEADER')
    return bytes.length >= 8 ? viewOf(bytes).getUint32(0, true) : undefined;
  return undefined;
}

function extentOf(layout: StructureLayout, bytes: Uint8Array, stated: number | undefined): Extent {
  const full = contentEnd(layout);
  const declared = stated ?? declaredSize(layout, bytes);
  const everything = { limit: layout.size, needed: full };
  if (declared === undefined) return everything;
  const headerSize = stated === undefined ? (layout.fields[0]?.size ?? 0) : 1;
  const published = `${layout.name} has ${layout.size} bytes`;
  if (declared < headerSize) {
    const message = `the declared size of ${declared} bytes does not hold the header; ${published}`;
    return { ...everything, problem: { code: 'sizeTooSmall', declaredSize: declared, message } };
  }
  if (declared >= layout.size) {
    // Header-only layouts are the common start of longer structures, so a longer size is the rule there.
    const longer = declared > layout.size && layout.fields.length > 1;
    const message = `the declared ${declared} bytes exceed the known layout; ${published}, the rest is unknown`;
    return longer
      ? { ...everything, problem: { code: 'newerRevision', declaredSize: declared, message } }
      : everything;
  }
  const revision = layout.header?.revisions.find((candidate) => candidate.size === declared);
  const variant = layout.variants?.find((candidate) => candidate.size === declared);
  if (revision === undefined && variant === undefined) {
    const message = `no known revision has the declared ${declared} bytes; only members within them are read`;
    return {
      limit: declared,
      needed: Math.min(declared, full),
      problem: { code: 'unknownSize', declaredSize: declared, message },
    };
  }
  // The size constant ends with the last member; members declared behind it are in memory up to sizeof.
  const limit = Math.min(revision?.sizeof ?? declared, layout.size);
  const message = `the declared size of ${declared} bytes is that of NDIS ${revision?.ndis ?? variant?.ndis ?? ''}`;
  return {
    limit,
    needed: Math.min(declared, full),
    problem: { code: 'olderRevision', declaredSize: declared, message },
  };
}

function readInteger(bytes: Uint8Array, field: StructureField): number {
  const view = viewOf(bytes);
  const signed = field.kind === 'signed';
  switch (field.size) {
    case 1:
      return signed ? view.getInt8(field.offset) : view.getUint8(field.offset);
    case 2:
      return signed ? view.getInt16(field.offset, true) : view.getUint16(field.offset, true);
    default:
      return signed ? view.getInt32(field.offset, true) : view.getUint32(field.offset, true);
  }
}

function readSimple(
  bytes: Uint8Array,
  field: StructureField,
  room: number,
): Exclude<FieldValue, FieldValues> {
  switch (field.kind) {
    case 'bits': {
      const unit = readInteger(bytes, field);
      return Math.floor(unit / 2 ** (field.bitOffset ?? 0)) % 2 ** (field.bitWidth ?? 0);
    }
    case 'unsigned64':
    case 'pointer':
    case 'handle':
    case 'codePointer':
      return viewOf(bytes).getBigUint64(field.offset, true);
    case 'bytes':
      return bytes.slice(field.offset, field.offset + room);
    case 'pointers': {
      const view = viewOf(bytes);
      return Array.from({ length: Math.floor(room / 8) }, (_, index) =>
        view.getBigUint64(field.offset + index * 8, true),
      );
    }
    default:
      return readInteger(bytes, field);
  }
}

/** The alternatives that are live, by union. */
function liveArms(layout: StructureLayout, live: readonly string[]): ReadonlyMap<string, string> {
  const arms = new Map<string, string>();
  for (const member of live) {
    const field = layout.fields.find((candidate) => candidate.name === member || candidate.arm === member);
    if (field?.union === undefined || field.arm === undefined) {
      throw new RangeError(`${layout.name}.${member} is not a member of a union`);
    }
    arms.set(field.union, field.arm);
  }
  return arms;
}

/** What a lenient reading of bytes yields: the members that are there, and whether enough were. */
export interface Reading<Name extends StructureName> {
  readonly structure: DecodedStructure<Name>;
  readonly problems: readonly StructureProblem[];
  readonly needed: number;
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}

/** Reads whatever members the bytes hold; never fails, however short they are. */
export function readStructure<Name extends StructureName>(
  name: Name,
  bytes: Uint8Array,
  options: DecodeOptions,
  path: string = name,
  typeGroup?: ConstantGroup,
): Reading<Name> {
  const layout = structureLayout(name);
  const arms = liveArms(layout, options.live ?? []);
  const extent = extentOf(layout, bytes, options.size);
  const limit = Math.min(extent.limit, bytes.length);
  const fields: DecodedField[] = [];
  const values: Record<string, FieldValue> = {};
  const missing: string[] = [];
  const problems: StructureProblem[] = [];
  const { live: _live, size: _size, ...textOptions } = options;
  for (const declaredField of layout.fields) {
    const field =
      declaredField.name === 'Type' && typeGroup !== undefined
        ? { ...declaredField, enumGroup: typeGroup }
        : declaredField;
    const room =
      field.flexible === true ? bytes.length - field.offset : Math.min(field.size, limit - field.offset);
    const present = field.kind === 'pointers' ? room >= 8 : room >= field.size;
    if (!present) {
      missing.push(field.name);
      continue;
    }
    if (field.kind === 'pointers' && room < field.size)
      missing.push(`${field.name}[${Math.floor(room / 8)}..]`);
    const nested =
      field.structure === undefined
        ? undefined
        : readStructure(
            field.structure,
            bytes.subarray(field.offset, field.offset + field.size),
            textOptions,
            `${path}.${field.name}`,
            field.enumGroup,
          );
    const simple = nested === undefined ? readSimple(bytes, field, room) : undefined;
    const value: FieldValue = simple ?? (nested?.structure.values as FieldValues);
    if (nested !== undefined) problems.push(...nested.problems);
    const liveArm = field.union === undefined ? undefined : arms.get(field.union);
    const isLive = liveArm === undefined ? undefined : liveArm === field.arm;
    fields.push({
      name: field.name,
      ctype: field.ctype,
      kind: field.kind,
      offset: field.offset,
      size: field.kind === 'pointers' ? Math.floor(room / 8) * 8 : room,
      value,
      text: simple === undefined ? nestedText(nested?.structure) : fieldText(name, field, simple, options),
      meaning: field.meaning,
      ...optional('bitOffset', field.bitOffset),
      ...optional('bitWidth', field.bitWidth),
      ...optional('unit', field.unit),
      ...optional('class', field.class),
      ...optional('union', field.union),
      ...optional('arm', field.arm),
      ...optional('live', isLive),
      ...optional('nested', nested?.structure),
    });
    if (isLive !== false) values[field.name] = value;
  }
  const { problem } = extent;
  // The newest size constant may end before a reserved tail; that is no older revision.
  if (problem !== undefined && (problem.code !== 'olderRevision' || missing.length > 0)) {
    const absent = missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`;
    problems.unshift({ ...problem, path, missing, message: `${path}: ${problem.message}${absent}` });
  }
  const structure = { name, size: limit, fields, values: values as StructureValues<Name>, missing };
  return { structure, problems, needed: extent.needed };
}

function nestedText(structure: DecodedStructure | undefined): string {
  if (structure === undefined) return '';
  if (structure.fields.length > 3) return `${structure.name}, ${structure.size} bytes`;
  return structure.fields.map((field) => `${field.name} ${field.text}`).join(', ');
}

/**
 * Reads a structure from bytes, which may be longer than it. A size in the header (Size of
 * NDIS_OBJECT_HEADER, Length of OFFLOAD_STATE_HEADER) that is smaller than the layout marks an older form:
 * its members are read, the others are reported as missing.
 * @returns an error with code `tooShort` if the bytes end before the structure does. Never throws for any
 * bytes.
 * @throws RangeError if `options.live` names something that is not a union member: an error of the caller.
 */
export function decodeStructure<Name extends StructureName>(
  name: Name,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): DecodeResult<Name> {
  const reading = readStructure(name, bytes, options);
  if (bytes.length >= reading.needed) {
    return { ok: true, value: reading.structure, problems: reading.problems };
  }
  const { needed } = reading;
  const message = `${name} takes ${needed} bytes, but only ${bytes.length} are there: capture more of the structure`;
  return {
    ok: false,
    error: { code: 'tooShort', structure: name, needed, available: bytes.length, message },
  };
}

/**
 * One value of a decoded structure.
 * @throws RangeError if the member is missing from the decoded (older) form or is not the live union member.
 */
export function fieldValue<Name extends StructureName, Field extends keyof StructureValues<Name> & string>(
  structure: DecodedStructure<Name>,
  field: Field,
): Required<StructureValues<Name>>[Field] {
  const value = (structure.values as Required<StructureValues<Name>>)[field];
  if (value === undefined)
    throw new RangeError(`${structure.name}.${field} is not present in this structure`);
  return value;
}
