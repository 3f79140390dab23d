import type { StructureField, StructureLayout } from './catalogueTypes';
import { structureLayout } from './catalogue';
import type { StructureName } from './generated/structures';
import type { FieldValue, FieldValues, StructureValues } from './structureValues';

/** Choices for encoding. */
export interface EncodeOptions {
  /** Bytes to write, for an older and shorter form of the structure; the whole structure if absent. */
  readonly size?: number;
}

function isList(value: FieldValue): value is readonly bigint[] {
  return Array.isArray(value);
}

function isRecord(value: FieldValue): value is FieldValues {
  return typeof value === 'object' && !isList(value) && !(value instanceof Uint8Array);
}

function describe(value: FieldValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isList(value)) return `${value.length} values`;
  return typeof value === 'object' ? 'a record' : String(value);
}

function checkedNumber(value: FieldValue, bits: number, signed: boolean, path: string): number {
  const lowest = signed ? -(2 ** (bits - 1)) : 0;
  const highest = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < lowest || value > highest) {
    throw new RangeError(`${path} takes a whole number from ${lowest} to ${highest}, not ${describe(value)}`);
  }
  return value;
}

function checkedBigint(value: FieldValue | undefined, path: string): bigint {
  if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) {
    throw new RangeError(
      `${path} takes a bigint of up to 64 bits, not ${value === undefined ? 'nothing' : describe(value)}`,
    );
  }
  return value;
}

/** The low bytes of a 32-bit number, two's complement for a negative one. */
function littleEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (value >> (index * 8)) & 0xff);
}

function wideLittleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** The bytes of one field and the bits of them that belong to it. */
interface EncodedField {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

function whole(bytes: Uint8Array): EncodedField {
  return { bytes, mask: new Uint8Array(bytes.length).fill(0xff) };
}

function encodeField(field: StructureField, value: FieldValue, path: string, room: number): EncodedField {
  switch (field.kind) {
    case 'unsigned':
    case 'signed':
      return whole(
        littleEndian(checkedNumber(value, field.size * 8, field.kind === 'signed', path), field.size),
      );
    case 'bits': {
      const width = field.bitWidth ?? 0;
      const scale = 2 ** (field.bitOffset ?? 0);
      return {
        bytes: littleEndian(checkedNumber(value, width, false, path) * scale, field.size),
        mask: littleEndian((2 ** width - 1) * scale, field.size),
      };
    }
    case 'unsigned64':
    case 'pointer':
    case 'handle':
    case 'codePointer':
      return whole(wideLittleEndian(checkedBigint(value, path)));
    case 'bytes': {
      const fits = value instanceof Uint8Array && (field.flexible === true || value.length <= room);
      if (!fits) throw new RangeError(`${path} takes at most ${room} bytes, not ${describe(value)}`);
      const bytes = new Uint8Array(field.flexible === true ? value.length : room);
      bytes.set(value);
      return whole(bytes);
    }
    case 'pointers': {
      const count = Math.floor(room / 8);
      if (!isList(value) || value.length > count) {
        throw new RangeError(`${path} takes at most ${count} values, not ${describe(value)}`);
      }
      const bytes = new Uint8Array(count * 8);
      value.forEach((element, index) => {
        bytes.set(wideLittleEndian(checkedBigint(element, `${path}[${index}]`)), index * 8);
      });
      return whole(bytes);
    }
    case 'structure': {
      if (!isRecord(value) || field.structure === undefined) {
        throw new RangeError(`${path} takes a record of field values, not ${describe(value)}`);
      }
      return whole(encodeLayout(structureLayout(field.structure), value, path, field.size));
    }
  }
}

function encodeLayout(layout: StructureLayout, values: FieldValues, path: string, size: number): Uint8Array {
  const fields = new Map(layout.fields.map((field) => [field.name, field]));
  let bytes = new Uint8Array(size);
  const written = new Uint8Array(size);
  for (const [name, value] of Object.entries(values)) {
    const fieldPath = `${path}.${name}`;
    const field = fields.get(name);
    if (field === undefined) throw new RangeError(`${fieldPath} is not a field of ${layout.name}`);
    // A slot array is cut to the size of the older structure, any other field is there or not.
    const room = Math.min(field.size, size - field.offset);
    const present = field.kind === 'pointers' ? room >= 8 : room >= field.size;
    if (!present) throw new RangeError(`${fieldPath} lies outside of the ${size} bytes to write`);
    const encoded = encodeField(field, value, fieldPath, room);
    if (field.flexible === true) {
      const longer = new Uint8Array(size + encoded.bytes.length);
      longer.set(bytes.subarray(0, size));
      longer.set(encoded.bytes, field.offset);
      bytes = longer;
      continue;
    }
    encoded.bytes.forEach((byte, index) => {
      const at = field.offset + index;
      const mask = encoded.mask[index] ?? 0;
      const before = bytes[at] ?? 0;
      if (((before ^ byte) & mask & (written[at] ?? 0)) !== 0) {
        const union = field.union === undefined ? '' : ` of union ${field.union}`;
        throw new RangeError(`${fieldPath} contradicts another member${union}; state only one of them`);
      }
      bytes[at] = before | (byte & mask);
      written[at] = (written[at] ?? 0) | mask;
    });
  }
  return bytes;
}

/**
 * Lays field values out as the x64 structure, little-endian; omitted fields and padding are zero. Arrays may
 * be given short and are filled up with zeros. Members of several alternatives of a union may be given only
 * where they agree on every bit that they share. The result has the size of the structure in memory (sizeof),
 * flexible data appended.
 * @throws RangeError naming structure and field for an unknown field, a value of the wrong type or out of
 * range, and a field outside of the chosen size: errors of the caller, not of input data.
 */
export function encodeStructure<Name extends StructureName>(
  name: Name,
  values: StructureValues<Name>,
  options: EncodeOptions = {},
): Uint8Array {
  const layout = structureLayout(name);
  const size = options.size ?? layout.size;
  if (!Number.isInteger(size) || size < 1 || size > layout.size) {
    throw new RangeError(`${name} takes a size from 1 to ${layout.size} bytes, not ${size}`);
  }
  return encodeLayout(layout, values, name, size);
}
