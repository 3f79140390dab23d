import { structureLayout } from './catalogue';
import type { StateClass, StructureField } from './catalogueTypes';
import type { StructureName } from './generated/structures';
import {
  type DecodeOptions,
  type DecodedField,
  type DecodedStructure,
  readStructure,
} from './structureDecoder';

/** One line of a structure view. */
export interface StructureRow {
  /**
   * `field`: a member. `padding`: an unnamed gap. `missing`: a member that the bytes or the declared size do
   * not hold. `trailing`: bytes behind the known layout.
   */
  readonly kind: 'field' | 'padding' | 'missing' | 'trailing';
  readonly name: string;
  /** Name with the members it is nested in, such as `Header.Type`; unique among fields of one structure. */
  readonly path: string;
  /** Nesting level, 0 for members of the structure itself. */
  readonly depth: number;
  readonly ctype: string;
  /** Bytes from the start of the outermost structure; of the storage unit for bit-fields. */
  readonly offset: number;
  /** Bytes; of the storage unit for bit-fields. */
  readonly size: number;
  readonly bitOffset?: number;
  readonly bitWidth?: number;
  /** The raw bytes at `offset`, empty for missing members. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly meaning: string;
  readonly unit?: string;
  readonly class?: StateClass;
  readonly union?: string;
  readonly arm?: string;
  readonly live?: boolean;
}

interface Placement {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly depth: number;
  readonly prefix: string;
}

/** What a row shares with the field that it shows. */
function shared(
  field: StructureField | DecodedField,
  place: Placement,
): Omit<StructureRow, 'kind' | 'size' | 'bytes' | 'text'> {
  return {
    name: field.name,
    path: place.prefix + field.name,
    depth: place.depth,
    ctype: field.ctype,
    offset: place.base + field.offset,
    meaning: field.meaning,
    ...(field.bitOffset === undefined ? {} : { bitOffset: field.bitOffset }),
    ...(field.bitWidth === undefined ? {} : { bitWidth: field.bitWidth }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    ...(field.class === undefined ? {} : { class: field.class }),
    ...(field.union === undefined ? {} : { union: field.union }),
    ...(field.arm === undefined ? {} : { arm: field.arm }),
  };
}

function unnamedRow(
  kind: 'padding' | 'trailing',
  offset: number,
  size: number,
  place: Placement,
): StructureRow {
  const start = place.base + offset;
  const bytes = place.bytes.slice(start, start + size);
  const zero = bytes.every((byte) => byte === 0);
  return {
    kind,
    name: '',
    path: `${place.prefix}${kind}@${start}`,
    depth: place.depth,
    ctype: '',
    offset: start,
    size,
    bytes,
    text: kind === 'trailing' ? `${size} bytes behind the known layout` : zero ? 'zero' : 'not zero',
    meaning:
      kind === 'padding' ? 'Padding, no member' : 'Written by a newer version, or not part of the structure',
  };
}

function rowsOf(structure: DecodedStructure, place: Placement): StructureRow[] {
  const layout = structureLayout(structure.name);
  const blocks: { readonly at: number; readonly rows: StructureRow[] }[] = [];
  const decoded = new Map(structure.fields.map((field) => [field.name, field]));
  for (const field of layout.fields) {
    const at = field.offset * 64 + (field.bitOffset ?? 0);
    const found = decoded.get(field.name);
    if (found === undefined) {
      const row: StructureRow = {
        ...shared(field, place),
        kind: 'missing',
        size: field.size,
        bytes: new Uint8Array(0),
        text: '',
      };
      blocks.push({ at, rows: [row] });
      continue;
    }
    const start = place.base + field.offset;
    const row: StructureRow = {
      ...shared(found, place),
      kind: 'field',
      size: found.size,
      bytes: place.bytes.slice(start, start + found.size),
      text: found.text,
      ...(found.live === undefined ? {} : { live: found.live }),
    };
    const inner =
      found.nested === undefined
        ? []
        : rowsOf(found.nested, {
            bytes: place.bytes,
            base: start,
            depth: place.depth + 1,
            prefix: `${place.prefix}${field.name}.`,
          });
    blocks.push({ at, rows: [row, ...inner] });
  }
  for (const gap of layout.padding ?? []) {
    const end = Math.min(gap.offset + gap.size, structure.size);
    if (end <= gap.offset) continue;
    blocks.push({ at: gap.offset * 64, rows: [unnamedRow('padding', gap.offset, end - gap.offset, place)] });
  }
  return blocks.sort((a, b) => a.at - b.at).flatMap((block) => block.rows);
}

/**
 * A structure as flat rows in the order of memory, for a structure view: members (nested ones behind their
 * parent, one level deeper), padding, members that the bytes do not hold, and bytes behind the known layout.
 * Works on bytes of any length and never throws for them.
 * @throws RangeError if `options.live` names something that is not a union member.
 */
export function describeStructure(
  name: StructureName,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): readonly StructureRow[] {
  const { structure } = readStructure(name, bytes, options);
  const layout = structureLayout(name);
  const place: Placement = { bytes, base: 0, depth: 0, prefix: '' };
  const rows = rowsOf(structure, place);
  const flexible = layout.fields.some((field) => field.flexible === true);
  if (!flexible && bytes.length > layout.size) {
    rows.push(unnamedRow('trailing', layout.size, bytes.length - layout.size, place));
  }
  return rows;
}
