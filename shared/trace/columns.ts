/** The open columns of a chunk: values are appended at the door, and become bytes when the chunk is closed. */
import type { ByteWriter } from './byteWriter';
import { writeHeaderPlanes } from './headerPlanes';
import { writeIntegers } from './integerColumn';
import type { ColumnType } from './shapes';

/** How the bytes of a column lie; numbers on disk, only append. */
export const byteLayouts = { inRows: 0, inPlanes: 1, inHeaderPlanes: 2 } as const;

/** Longest rows of equal length that lie as planes: the first byte of every row, then the second, and so on. */
const longestPlanes = 256;

/** Whole numbers from 0 to 2^53 - 1. */
export class IntegerColumn {
  values = new Float64Array(64);
  length = 0;

  constructor(private readonly keyed: boolean) {}

  /** @throws RangeError for anything else than such a number. */
  push(value: number): void {
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw new RangeError(`a trace holds whole numbers from 0 to 2^53 - 1, not ${value}`);
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  /** An optional number: 0 is undefined, others are stored plus one. */
  pushOptional(value: number | undefined): void {
    this.push(value === undefined ? 0 : value + 1);
  }

  write(out: ByteWriter, keys: Float64Array | undefined): void {
    writeIntegers(out, this.values, this.length, this.keyed ? keys : undefined);
  }

  truncate(rows: number): void {
    this.length = Math.min(this.length, rows);
  }

  clear(): void {
    this.length = 0;
  }
}

/** Bytes of any length in each row. */
export class BytesColumn {
  readonly lengths = new IntegerColumn(false);
  private bytes = new Uint8Array(256);
  private used = 0;

  constructor(private readonly keyed = false) {}

  /** Appends a row and answers how many bytes it adds to the chunk. */
  push(source: Uint8Array, start = 0, end = source.length): number {
    const count = end - start;
    if (this.used + count > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.used + count));
      grown.set(this.bytes.subarray(0, this.used));
      this.bytes = grown;
    }
    const { bytes, used } = this;
    // A view costs more than a short copy.
    if (count <= 96) for (let index = 0; index < count; index++) bytes[used + index] = source[start + index]!;
    else bytes.set(source.subarray(start, end), used);
    this.used = used + count;
    this.lengths.push(count);
    return count;
  }

  /**
   * @param keys connection of each row plus one, and who sent it, where the column may be told by them
   */
  write(out: ByteWriter, keys?: Float64Array, first?: Float64Array): void {
    const { lengths, bytes, used } = this;
    const rows = lengths.length;
    lengths.write(out, undefined);
    if (rows === 0) return;
    const width = lengths.values[0]!;
    const planes = rows > 1 && width > 1 && width <= longestPlanes && this.areEqual();
    if (planes && this.keyed && keys !== undefined && first !== undefined) {
      out.u8(byteLayouts.inHeaderPlanes);
      out.reserve(used);
      writeHeaderPlanes(bytes, width, rows, keys, first, out.bytes, out.length);
      out.length += used;
      return;
    }
    out.u8(planes ? byteLayouts.inPlanes : byteLayouts.inRows);
    if (!planes) {
      out.raw(bytes, 0, used);
      return;
    }
    out.reserve(used);
    const target = out.bytes;
    let at = out.length;
    for (let plane = 0; plane < width; plane++)
      for (let from = plane; from < used; from += width) target[at++] = bytes[from]!;
    out.length = at;
  }

  truncate(rows: number): void {
    this.lengths.truncate(rows);
    let used = 0;
    for (let row = 0; row < this.lengths.length; row++) used += this.lengths.values[row]!;
    this.used = used;
  }

  clear(): void {
    this.lengths.clear();
    this.used = 0;
  }

  private areEqual(): boolean {
    const { values, length } = this.lengths;
    for (let row = 1; row < length; row++) if (values[row] !== values[0]) return false;
    return true;
  }
}

/** Any number of items in each row; their columns stand side by side. */
export class ListColumn {
  readonly counts = new IntegerColumn(false);

  constructor(readonly items: readonly Column[]) {}

  write(out: ByteWriter): void {
    this.counts.write(out, undefined);
    for (const item of this.items) item.write(out, undefined);
  }

  truncate(rows: number): void {
    this.counts.truncate(rows);
    let items = 0;
    for (let row = 0; row < this.counts.length; row++) items += this.counts.values[row]!;
    for (const item of this.items) item.truncate(items);
  }

  clear(): void {
    this.counts.clear();
    for (const item of this.items) item.clear();
  }
}

/** One column of an open chunk. */
export type Column = IntegerColumn | BytesColumn | ListColumn;

/** An empty column of a type. */
export function columnOf(type: ColumnType): Column {
  switch (type.type) {
    case 'integers':
      return new IntegerColumn(type.keyed);
    case 'bytes':
      return new BytesColumn(type.keyed);
    case 'list':
      return new ListColumn(type.items.map(columnOf));
  }
}
