/** What a chunk says about state objects, read off its columns: made once for a chunk that is looked at, and forgotten with it. */
import { MalformedBytes } from './byteReader';
import type { BytesValues, Chunk, ColumnValues, ListValues, ShapeColumns } from './chunk';
import type { EventId } from './records';
import type { Shape } from './shapes';
import { applyChange, type TrackedObject } from './stateTracker';

/** Takes the row of a shape that has so many of its shape before it into an object. */
type Apply = (object: TrackedObject, rank: number, event: EventId) => void;

/** Rows of a chunk that declare or change state objects. */
export interface ChunkStates {
  /** Objects that are declared in the chunk: the first id, and the row of each. */
  readonly declaredFrom: number;
  readonly declaredRows: readonly number[];
  /** Objects that change. */
  readonly objects: ReadonlySet<number>;
  /** Whether an object changes in a row after `from`, up to and with `to`. */
  changesBetween(object: number, from: number, to: number): boolean;
  /** Takes the rows of an object up to and with `to` in; `begin` gives the object once there is one. */
  apply(object: number, to: number, begin: () => TrackedObject): void;
}

function numbers(column: ColumnValues | undefined): Float64Array {
  return (column as { readonly values: Float64Array }).values;
}

/** How rows of a shape change an object; undefined for shapes that don't. */
function applierOf({ shape, columns }: ShapeColumns): Apply | undefined {
  switch (shape.kind) {
    case 'ownership': {
      const owners = numbers(columns[1]);
      return (object, rank, event) => {
        object.owner = owners[rank]!;
        object.ownerEvent = event + 1;
      };
    }
    case 'relink': {
      const parents = numbers(columns[1]);
      return (object, rank) => {
        const parent = parents[rank]!;
        object.parent = parent === 0 ? undefined : parent - 1;
      };
    }
    case 'state-change':
      return shape.parameter === 1 ? listedChanges(columns) : namedChanges(shape, columns);
    default:
      return undefined;
  }
}

function namedChanges(shape: Shape, columns: readonly ColumnValues[]): Apply {
  const members = shape.members.map(({ detail }, index) => ({
    variable: Number(detail),
    column: columns[3 + index]!,
  }));
  return (object, rank, event) => {
    for (const { variable, column } of members) {
      const value = column.type === 'bytes' ? column.at(rank) : numbers(column)[rank]!;
      applyChange(object, event, variable, value);
    }
  };
}

function listedChanges(columns: readonly ColumnValues[]): Apply {
  const list = columns[3] as ListValues;
  const blocks = columns[4] as ListValues;
  return (object, rank, event) => {
    let block = blocks.starts[rank]!;
    for (let at = list.starts[rank]!; at < list.starts[rank + 1]!; at++) {
      const tagged = numbers(list.items[0])[at]!;
      const isBytes = tagged % 2 === 1;
      if (isBytes && block === blocks.starts[rank + 1])
        throw new MalformedBytes('a change has fewer values than variables');
      const value = isBytes ? (blocks.items[0] as BytesValues).at(block++) : numbers(list.items[1])[at]!;
      applyChange(object, event, Math.floor(tagged / 2), value);
    }
  };
}

const known = new WeakMap<Chunk, ChunkStates>();

/**
 * What a chunk says about state objects; `shapes` are the trace's.
 * @throws MalformedBytes where it is damaged
 */
export function statesOf(chunk: Chunk, shapes: readonly Shape[]): ChunkStates {
  let states = known.get(chunk);
  if (states === undefined) known.set(chunk, (states = collect(chunk, shapes)));
  return states;
}

function collect(chunk: Chunk, shapes: readonly Shape[]): ChunkStates {
  /** By shape: 0 for others, 1 for declarations, 2 for changes. */
  const roles = new Uint8Array(shapes.length);
  const objectsOf: (Float64Array | undefined)[] = [];
  const appliers: (Apply | undefined)[] = [];
  let most = 0;
  for (const number of chunk.shapeNumbers()) {
    const { kind } = shapes[number]!;
    const isDeclaration = kind === 'state-object';
    if (!isDeclaration && kind !== 'state-change' && kind !== 'ownership' && kind !== 'relink') continue;
    const columns = chunk.columns(number);
    roles[number] = isDeclaration ? 1 : 2;
    objectsOf[number] = numbers(columns.columns[0]);
    appliers[number] = applierOf(columns);
    most += columns.rows;
  }
  const declaredRows: number[] = [];
  let declaredFrom = 0;
  const rows = new Uint16Array(most);
  const rowShapes = new Uint16Array(most);
  const ranks = new Uint16Array(most);
  /** Entry that is about the same object and comes next, plus one. */
  const next = new Int32Array(most);
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const nextRank = new Uint32Array(shapes.length);
  const all = chunk.shapes();
  let entries = 0;
  for (let row = 0; most > 0 && row < chunk.rows; row++) {
    const shape = all[row]!;
    const role = roles[shape]!;
    if (role === 0) continue;
    const rank = nextRank[shape]!++;
    const object = objectsOf[shape]![rank]!;
    if (role === 1) {
      if (declaredRows.length === 0) declaredFrom = object;
      declaredRows.push(row);
      continue;
    }
    rows[entries] = row;
    rowShapes[entries] = shape;
    ranks[entries] = rank;
    const before = last.get(object);
    if (before === undefined) first.set(object, entries);
    else next[before] = entries + 1;
    last.set(object, entries++);
  }
  return {
    declaredFrom,
    declaredRows,
    objects: new Set(first.keys()),
    changesBetween(object, from, to) {
      for (let entry = first.get(object) ?? -1; entry >= 0 && rows[entry]! <= to; entry = next[entry]! - 1)
        if (rows[entry]! > from) return true;
      return false;
    },
    apply(object, to, begin) {
      let entry = first.get(object) ?? -1;
      if (entry < 0 || rows[entry]! > to) return;
      const tracked = begin();
      for (; entry >= 0 && rows[entry]! <= to; entry = next[entry]! - 1)
        appliers[rowShapes[entry]!]!(tracked, ranks[entry]!, chunk.firstEvent + rows[entry]!);
    },
  };
}
