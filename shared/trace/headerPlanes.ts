/**
 * Headers of frames as planes of differences: each header is taken from that of the frame before it which the same component sent on the same
 * connection, byte by byte, so that all that stays the same becomes zeros.
 */

/** Keys fall into so many places; two that share one cost some bytes and nothing else. */
const places = 0x1_0000;

/** Row that fell into a place last, and the column in which that was. */
const lastRows = new Int32Array(places);
const lastColumns = new Uint32Array(places);
let columnNumber = 0;

/** The row that each row is taken from: -1 for the first one, which stands as it is. */
function rowsBefore(connections: Float64Array, senders: Float64Array, rows: number): Int32Array {
  const before = new Int32Array(rows);
  columnNumber++;
  for (let row = 0; row < rows; row++) {
    const place = (connections[row]! * 4 + (senders[row]! % 4)) % places;
    before[row] = lastColumns[place] === columnNumber ? lastRows[place]! : row - 1;
    lastColumns[place] = columnNumber;
    lastRows[place] = row;
  }
  return before;
}

/**
 * Writes `rows` headers of `width` bytes, one after another in `bytes`, as planes into `target` from `at`.
 * @param connections connection of each row plus one; 0 for none
 */
export function writeHeaderPlanes(
  bytes: Uint8Array,
  width: number,
  rows: number,
  connections: Float64Array,
  senders: Float64Array,
  target: Uint8Array,
  at: number,
): void {
  const before = rowsBefore(connections, senders, rows);
  for (let row = 0; row < rows; row++) {
    const own = row * width;
    const other = before[row]! * width;
    let place = at + row;
    if (other < 0)
      for (let index = 0; index < width; index++, place += rows) target[place] = bytes[own + index]!;
    else
      for (let index = 0; index < width; index++, place += rows)
        target[place] = bytes[own + index]! - bytes[other + index]!;
  }
}

/** Undoes `writeHeaderPlanes`: the headers one after another, from planes that begin at `at`. */
export function readHeaderPlanes(
  planes: Uint8Array,
  at: number,
  width: number,
  rows: number,
  connections: Float64Array,
  senders: Float64Array,
): Uint8Array {
  const before = rowsBefore(connections, senders, rows);
  const bytes = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const own = row * width;
    const other = before[row]! * width;
    let place = at + row;
    if (other < 0)
      for (let index = 0; index < width; index++, place += rows) bytes[own + index] = planes[place]!;
    else
      for (let index = 0; index < width; index++, place += rows)
        bytes[own + index] = planes[place]! + bytes[other + index]!;
  }
  return bytes;
}
