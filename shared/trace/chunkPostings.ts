/** Which rows of a chunk belong to which connection: made once for a chunk that is looked at, and forgotten with it. */
import type { Chunk } from './chunk';

/** Connections up to here are counted in an array, higher ones in a map. */
const mostCounted = 0x10_0000;

/** Rows of a chunk by connection. */
export interface ConnectionRows {
  /** Rows of a connection, ascending. */
  of(connection: number): Uint16Array;
}

const known = new WeakMap<Chunk, ConnectionRows>();
const noRows = new Uint16Array(0);

/** The rows of a chunk by connection. */
export function connectionRows(chunk: Chunk): ConnectionRows {
  let rows = known.get(chunk);
  if (rows === undefined) known.set(chunk, (rows = collect(chunk)));
  return rows;
}

function collect(chunk: Chunk): ConnectionRows {
  const connections = chunk.connections();
  const { rows } = chunk;
  let largest = 0;
  for (let row = 0; row < rows; row++) if (connections[row]! > largest) largest = connections[row]!;
  if (largest > mostCounted) return collectWide(connections, rows);
  const starts = new Uint32Array(largest + 2);
  for (let row = 0; row < rows; row++) starts[connections[row]! + 1]!++;
  for (let connection = 0; connection <= largest; connection++)
    starts[connection + 1]! += starts[connection]!;
  const next = starts.slice();
  const sorted = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) sorted[next[connections[row]!]!++] = row;
  return {
    of: (connection) =>
      connection + 1 > largest ? noRows : sorted.subarray(starts[connection + 1], starts[connection + 2]),
  };
}

function collectWide(connections: Float64Array, rows: number): ConnectionRows {
  const lists = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const list = lists.get(connections[row]!);
    if (list === undefined) lists.set(connections[row]!, [row]);
    else list.push(row);
  }
  return { of: (connection) => Uint16Array.from(lists.get(connection + 1) ?? []) };
}
