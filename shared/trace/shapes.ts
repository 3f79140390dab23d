/**
 * What rows of a chunk look like. Rows of one shape have the same columns, and a trace describes each shape before it uses it: a call of
 * one function with arguments of the same kinds and names, a change of the same variables, a frame with a header of the same length.
 */
import type { CallArgument, TraceRecord } from './records';
import { argumentKinds, recordKinds } from './records';

/**
 * A column: whole numbers; bytes of any length; or a list whose items have columns of their own. `keyed` ones may be told by what stood before for the
 * same connection, where the kind of record has one, or the same first column.
 */
export type ColumnType =
  | { readonly type: 'integers'; readonly keyed: boolean }
  | { readonly type: 'bytes'; readonly keyed: boolean }
  | { readonly type: 'list'; readonly items: readonly ColumnType[] };

/** Kinds of what a shape names one by one: the arguments of a call, and the variables of a change; numbers on disk, only append. */
export const memberKinds = [...argumentKinds, 'variable-number', 'variable-bytes'] as const;

/** An argument or a variable of a shape. */
export interface ShapeMember {
  readonly kind: (typeof memberKinds)[number];
  /** Name of the parameter or of the state variable. */
  readonly name: string;
  /** Group of constants, structure, form of a block list, or number of a state variable in its layer; empty where the kind has none. */
  readonly detail: string;
}

/** Description of one shape, as it stands in the file. */
export interface Shape {
  /** Kind of record; the number of one that this version does not know. */
  readonly kind: TraceRecord['kind'] | number;
  /** Name of the function for calls, otherwise empty. */
  readonly name: string;
  /** Bytes of header in the rows of a frame shape; 1 for changes that list their variables; otherwise 0. */
  readonly parameter: number;
  readonly members: readonly ShapeMember[];
  readonly columns: readonly ColumnType[];
}

const integers: ColumnType = { type: 'integers', keyed: false };
const keyed: ColumnType = { type: 'integers', keyed: true };
const bytes: ColumnType = { type: 'bytes', keyed: false };
const headers: ColumnType = { type: 'bytes', keyed: true };
const list = (...items: readonly ColumnType[]): ColumnType => ({ type: 'list', items });

/** Columns before those of the members, by kind of record. Only append, with a new version of the format. */
const ownColumns: Readonly<Record<TraceRecord['kind'], readonly ColumnType[]>> = {
  component: [integers],
  connection: [integers],
  'state-object': [integers],
  // Object, writer, cause.
  'state-change': [integers, integers, integers],
  // Object, owner, cause.
  ownership: [integers, integers, integers],
  // Site, parent, cause, completed requests.
  call: [integers, integers, integers, list(integers)],
  // Call, status.
  return: [integers, integers],
  // Sender, path, cause, length, payload length, header, rest of the bytes.
  frame: [integers, integers, integers, integers, integers, headers, bytes],
  // Frame, fate, receiver, flipped bits.
  'frame-fate': [integers, integers, integers, list(integers)],
  // Component, cause, text.
  note: [integers, integers, bytes],
  end: [bytes],
  // Object, parent, cause.
  relink: [integers, integers, integers],
  // Component, name, value.
  counter: [integers, integers, integers],
  // Rule, severity, object, events, text.
  finding: [integers, integers, integers, list(integers), bytes],
  // First event, last event, author, text.
  annotation: [integers, integers, bytes, bytes],
  // Reason, lost records, from, until.
  loss: [integers, integers, integers, integers],
};

/** Columns of one member. */
const memberColumns: Readonly<Record<ShapeMember['kind'], readonly ColumnType[]>> = {
  number: [integers],
  status: [integers],
  text: [bytes],
  // Address, label.
  pointer: [keyed, integers],
  // Address, bytes.
  structure: [integers, bytes],
  'block-list': [bytes],
  // Address, data length, NET_BUFFERs, MDLs, status, bytes transferred, stream offset.
  'net-buffer-lists': [list(integers, integers, integers, integers, integers, integers, integers)],
  'variable-number': [keyed],
  'variable-bytes': [bytes],
};

/** Changes that list their variables: for objects whose changes are never the same ones. */
const listedChanges: readonly ColumnType[] = [list(integers, integers), list(bytes)];

/** Kinds of record that belong to a connection or to none, which a chunk tells in a block of its own. */
export const kindsWithConnection: ReadonlySet<Shape['kind']> = new Set<TraceRecord['kind']>([
  'call',
  'frame',
  'note',
]);

/** The columns that rows of a known kind have. */
export function columnsOf(
  kind: TraceRecord['kind'],
  parameter: number,
  members: readonly ShapeMember[],
): readonly ColumnType[] {
  const listed = kind === 'state-change' && parameter === 1 ? listedChanges : [];
  return [...ownColumns[kind], ...listed, ...members.flatMap((member) => memberColumns[member.kind])];
}

/** Columns as text: `i` numbers, `k` keyed numbers, `b` bytes, `h` keyed bytes (headers), parentheses around the columns of a list's items. */
export function columnsText(columns: readonly ColumnType[]): string {
  return columns
    .map((column) =>
      column.type === 'list'
        ? `(${columnsText(column.items)})`
        : column.type === 'bytes'
          ? column.keyed
            ? 'h'
            : 'b'
          : column.keyed
            ? 'k'
            : 'i',
    )
    .join('');
}

/** Undoes `columnsText`; undefined for any other text. Lists hold no lists. */
export function columnsFromText(text: string): readonly ColumnType[] | undefined {
  const columns: ColumnType[] = [];
  let items: ColumnType[] | undefined;
  for (const letter of text) {
    if (letter === '(' && items === undefined) items = [];
    else if (letter === ')' && items !== undefined) {
      columns.push(list(...items));
      items = undefined;
    } else {
      const column = { i: integers, k: keyed, b: bytes, h: headers }[letter];
      if (column === undefined) return undefined;
      (items ?? columns).push(column);
    }
  }
  return items === undefined ? columns : undefined;
}

/** How an argument appears in a shape. */
export function memberOf(argument: CallArgument): ShapeMember {
  switch (argument.kind) {
    case 'number':
      return { kind: 'number', name: argument.name, detail: argument.group ?? '' };
    case 'structure':
      return { kind: 'structure', name: argument.name, detail: argument.structure };
    case 'block-list':
      return { kind: 'block-list', name: argument.name, detail: argument.form };
    default:
      return { kind: argument.kind, name: argument.name, detail: '' };
  }
}

/** Whether an argument fits a member that stands in the same place, which decides whether its call has the member's shape. */
export function fits(argument: CallArgument, { kind, name, detail }: ShapeMember): boolean {
  if (argument.kind !== kind || argument.name !== name) return false;
  switch (argument.kind) {
    case 'number':
      return (argument.group ?? '') === detail;
    case 'structure':
      return argument.structure === detail;
    case 'block-list':
      return argument.form === detail;
    default:
      return true;
  }
}

/** Name of a kind of record by its number on disk; the number itself where this version does not know it. */
export function kindOf(number: number): Shape['kind'] {
  return recordKinds[number] ?? number;
}
