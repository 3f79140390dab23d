/** The lines of a structure view, from the catalogue and the bytes alone. Pure. */
import {
  structureLayout,
  type StateClass,
  type StructureField,
  type StructureName,
} from '../../../shared/ddi/catalogue';
import {
  decodeStructure,
  describeStructure,
  type DecodeOptions,
  type StructureRow,
} from '../../../shared/ddi/structureCodec';

/** What is known of an alternative of a union. `open`: the bytes do not tell which one is meant. */
export type UnionRole = 'live' | 'other' | 'open';

/** One line: a row of the catalogue's description with what the view adds. */
export interface StructureLine {
  /** Unique among the lines of a structure. */
  readonly path: string;
  readonly row: StructureRow;
  /** Name in pieces between which a line may break: never inside a word. */
  readonly nameParts: readonly string[];
  /** Value for people; empty for a member whose own members follow. */
  readonly text: string;
  /** The same in pieces between which a line may break. */
  readonly textParts: readonly string[];
  /** Unit to show behind the value, where the value's text does not have it already. */
  readonly unit: string;
  /** `bits 3–5` for a bit-field, empty otherwise. */
  readonly bits: string;
  readonly role: UnionRole | undefined;
  /** Facts for the opened line: type, place, class, union, meaning. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/** Everything that a structure view shows. */
export interface StructureLines {
  readonly lines: readonly StructureLine[];
  /** Class of all members, if they share one. */
  readonly stateClass: StateClass | undefined;
  /** What is odd about the bytes, in words. */
  readonly problems: readonly string[];
}

/** Words for the classes of variables. */
export const classMeanings: Readonly<Record<StateClass, string>> = {
  const: 'never changes while offloaded',
  cached: 'the host stack keeps it up to date',
  delegated: 'the owner of the object changes it',
};

/** Words for the alternatives of a union. */
export const roleTitles: Readonly<Record<UnionRole, string>> = {
  live: 'live',
  other: 'not live',
  open: 'union',
};

const roleMeanings: Readonly<Record<UnionRole, string>> = {
  live: 'this alternative is the live one',
  other: 'another alternative is live; the same bytes read this way mean nothing',
  open: 'the bytes alone do not tell which alternative is meant',
};

/** Units that say something which neither the value nor the name shows. */
const shownUnits = new Set([
  'sequence number',
  'timestamp value',
  'bit shift',
  'VLAN id',
  'priority 0-7',
  'physical address',
]);

/** Names longer than this may be broken between their words. */
const longestWhole = 20;

/** Splits an identifier where it may be broken: behind dots and underscores, and between words if it is long. */
export function breakName(name: string): string[] {
  const pieces = name.split(/(?<=[._])/);
  if (name.length <= longestWhole) return pieces;
  return pieces.flatMap((piece) => piece.split(/(?<=[a-z0-9])(?=[A-Z])/));
}

/** Splits a value where it may be broken besides its spaces: long identifiers between their words. */
export function breakValue(text: string): string[] {
  return text
    .split(/(?<= )/)
    .flatMap((word) =>
      word.length <= longestWhole ? [word] : word.split(/(?<=_)|(?<=[a-z0-9])(?=[A-Z][a-z])/),
    );
}

/** Rows with the alternatives of each union together, one alternative after the other. */
function groupUnions(rows: readonly StructureRow[]): StructureRow[] {
  const ordered: StructureRow[] = [];
  const done = new Set<string>();
  const keyOf = (row: StructureRow): string | undefined =>
    row.union === undefined
      ? undefined
      : `${row.path.slice(0, row.path.length - row.name.length)}|${row.union}`;
  rows.forEach((row) => {
    const key = keyOf(row);
    if (key === undefined) {
      ordered.push(row);
      return;
    }
    if (done.has(key)) return;
    done.add(key);
    const members = rows.filter((candidate) => keyOf(candidate) === key);
    for (const arm of new Set(members.map((member) => member.arm))) {
      ordered.push(...members.filter((member) => member.arm === arm));
    }
  });
  return ordered;
}

function placeText(row: StructureRow): string {
  const end = row.offset + Math.max(row.size, 1) - 1;
  const bytes = row.size === 1 ? '1 byte' : `${row.size} bytes`;
  const range = row.size > 1 ? `${row.offset} to ${end}` : `${row.offset}`;
  return `${bytes} at ${range} (0x${row.offset.toString(16).toUpperCase()})`;
}

function bitsText(row: StructureRow): string {
  const { bitOffset, bitWidth } = row;
  if (bitOffset === undefined || bitWidth === undefined) return '';
  return bitWidth === 1 ? `bit ${bitOffset}` : `bits ${bitOffset}–${bitOffset + bitWidth - 1}`;
}

/** The bits of a bit-field as they stand in its storage unit, most significant first. */
function binaryText(row: StructureRow): string {
  const { bitOffset = 0, bitWidth = 0 } = row;
  let unit = 0n;
  row.bytes.forEach((byte, index) => (unit |= BigInt(byte) << BigInt(index * 8)));
  const bits = (unit >> BigInt(bitOffset)) & ((1n << BigInt(bitWidth)) - 1n);
  return `${bits.toString(2).padStart(bitWidth, '0')} of ${row.size * 8} bits`;
}

function hexText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 32 ? `${shown} … ${bytes.length} bytes in all` : shown;
}

function factsOf(row: StructureRow, role: UnionRole | undefined): [string, string][] {
  const facts: [string, string][] = [];
  const add = (name: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') facts.push([name, text]);
  };
  add('Meaning', row.meaning);
  add('Type', row.ctype);
  add('Unit', row.unit);
  add('Place', placeText(row));
  if (row.bitWidth !== undefined) {
    add('Bits', row.bytes.length === 0 ? bitsText(row) : `${bitsText(row)}: ${binaryText(row)}`);
  }
  if (row.class !== undefined) add('Class', `${row.class}: ${classMeanings[row.class]}`);
  if (role !== undefined) add('Union', `${row.union ?? ''}: ${roleMeanings[role]}`);
  add('Bytes', hexText(row.bytes));
  return facts;
}

function roleOf(row: StructureRow): UnionRole | undefined {
  if (row.union === undefined) return undefined;
  if (row.live === undefined) return 'open';
  return row.live ? 'live' : 'other';
}

const unnamed: Readonly<Record<'padding' | 'trailing', string>> = { padding: 'padding', trailing: 'beyond' };

function lineOf(row: StructureRow, next: StructureRow | undefined): StructureLine {
  const role = roleOf(row);
  const opened = next !== undefined && next.depth > row.depth;
  const text = row.kind === 'missing' ? 'not in these bytes' : opened ? '' : row.text;
  const sized = row.kind === 'padding' ? `${row.size} ${row.size === 1 ? 'byte' : 'bytes'}, ${text}` : text;
  const unit = row.kind === 'field' && shownUnits.has(row.unit ?? '') ? (row.unit ?? '') : '';
  const name = row.kind === 'padding' || row.kind === 'trailing' ? unnamed[row.kind] : row.name;
  return {
    path: row.path,
    row,
    nameParts: breakName(name),
    text: sized,
    textParts: breakValue(sized),
    unit,
    bits: bitsText(row),
    role,
    facts: factsOf(row, role),
  };
}

function sharedClass(fields: readonly StructureField[]): StateClass | undefined {
  const classes = new Set(fields.map((field) => field.class).filter((found) => found !== undefined));
  return classes.size === 1 ? [...classes][0] : undefined;
}

function problemsOf(name: StructureName, bytes: Uint8Array, options: DecodeOptions): string[] {
  const decoded = decodeStructure(name, bytes, options);
  if (!decoded.ok) return [decoded.error.message];
  return decoded.problems.map((problem) => problem.message);
}

/**
 * The lines of a structure in the order of memory, the alternatives of unions one after the other. Works for bytes of any
 * length.
 * @throws RangeError if `options.live` names something that is not a union member.
 */
export function structureLines(
  name: StructureName,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): StructureLines {
  const rows = groupUnions(describeStructure(name, bytes, options));
  return {
    lines: rows.map((row, index) => lineOf(row, rows[index + 1])),
    stateClass: sharedClass(structureLayout(name).fields),
    problems: problemsOf(name, bytes, options),
  };
}
