/**
 * One chunk of a trace: bytes, and the columns that have been looked at. Columns are decoded when they are needed and can be dropped again.
 */
import { ByteReader, MalformedBytes } from './byteReader';
import { blockNumbers } from './chunkWriter';
import { codecNumbers, type TraceCodec } from './codec';
import { byteLayouts } from './columns';
import { readHeaderPlanes } from './headerPlanes';
import { readIntegers } from './integerColumn';
import { withinLimit } from './limits';
import type { EventId, VirtualTime } from './records';
import { kindsWithConnection, type ColumnType, type Shape } from './shapes';

/** Bytes of any length by row. */
export interface BytesValues {
  readonly type: 'bytes';
  /** Bytes of row `row`, a copy. */
  at(row: number): Uint8Array;
  readonly lengths: Float64Array;
}

/** Items by row: those of row `row` stand at [starts[row], starts[row + 1]) of the item columns. */
export interface ListValues {
  readonly type: 'list';
  readonly starts: Float64Array;
  readonly items: readonly ColumnValues[];
}

/** A decoded column. */
export type ColumnValues =
  { readonly type: 'integers'; readonly values: Float64Array } | BytesValues | ListValues;

/** Where a block stands. */
interface Block {
  readonly number: number;
  readonly codec: number;
  readonly start: number;
  readonly stored: number;
  readonly length: number;
  readonly rows: number;
}

function readBytes(input: ByteReader, rows: number, keys: (() => RowKeys) | undefined): BytesValues {
  const lengths = readIntegers(input, rows);
  if (rows === 0) return { type: 'bytes', lengths, at: () => new Uint8Array(0) };
  const layout = input.u8();
  const starts = new Float64Array(rows + 1);
  for (let row = 0; row < rows; row++) starts[row + 1] = starts[row]! + lengths[row]!;
  const used = starts[rows]!;
  if (!(used <= input.end - input.position))
    throw new MalformedBytes('a column has fewer bytes than it says');
  const at = input.skip(used);
  const { bytes } = input;
  if (layout === byteLayouts.inRows)
    return {
      type: 'bytes',
      lengths,
      at: (row) => bytes.slice(at + starts[row]!, at + starts[row + 1]!),
    };
  if (layout !== byteLayouts.inPlanes && !(layout === byteLayouts.inHeaderPlanes && keys !== undefined))
    throw new MalformedBytes(`unknown layout ${layout} of bytes`);
  const width = lengths[0]!;
  for (let row = 1; row < rows; row++)
    if (lengths[row] !== width) throw new MalformedBytes('planes of rows of different lengths');
  if (layout === byteLayouts.inHeaderPlanes) {
    const { connections, firsts } = keys!();
    let headers: Uint8Array | undefined;
    return {
      type: 'bytes',
      lengths,
      at: (row) => {
        headers ??= readHeaderPlanes(bytes, at, width, rows, connections, firsts);
        return headers.slice(row * width, (row + 1) * width);
      },
    };
  }
  return {
    type: 'bytes',
    lengths,
    at: (row) => {
      const value = new Uint8Array(width);
      for (let plane = 0; plane < width; plane++) value[plane] = bytes[at + plane * rows + row]!;
      return value;
    },
  };
}

/** Decodes a column; `spend` is told of the memory that it is about to take. */
function readColumn(
  input: ByteReader,
  type: ColumnType,
  rows: number,
  keys: (() => RowKeys) | undefined,
  spend: (bytes: number) => void,
): ColumnValues {
  spend(rows * 8);
  switch (type.type) {
    case 'integers':
      return {
        type: 'integers',
        values: readIntegers(input, rows, type.keyed && keys !== undefined ? () => keys().keys : undefined),
      };
    case 'bytes':
      return readBytes(input, rows, type.keyed ? keys : undefined);
    case 'list': {
      const counts = readIntegers(input, rows);
      const starts = new Float64Array(rows + 1);
      for (let row = 0; row < rows; row++) starts[row + 1] = starts[row]! + counts[row]!;
      const items = withinLimit(starts[rows]!, 'items of a column');
      return {
        type: 'list',
        starts,
        items: type.items.map((item) => readColumn(input, item, items, undefined, spend)),
      };
    }
  }
}

/** What columns of a shape may be told by. */
interface RowKeys {
  /** Connection of each row plus one (0 for none) where the kind of record has one, otherwise the first column. */
  readonly keys: Float64Array;
  /** `keys` where the kind of record has a connection; otherwise empty. */
  readonly connections: Float64Array;
  readonly firsts: Float64Array;
}

/** Rows of one shape, decoded. */
export interface ShapeColumns {
  readonly shape: Shape;
  readonly rows: number;
  readonly columns: readonly ColumnValues[];
}

/** See the file's head. */
export class Chunk {
  readonly firstEvent: EventId;
  readonly rows: number;
  readonly firstTime: VirtualTime;
  readonly lastTime: VirtualTime;
  private readonly blocks: readonly Block[];
  private decodedShapes: Uint16Array | undefined;
  private decodedTimes: Float64Array | undefined;
  private decodedRanks: Uint16Array | undefined;
  private decodedConnections: Float64Array | undefined;
  private decodedKeys: readonly Float64Array[] | undefined;
  private readonly decodedColumns = new Map<number, ShapeColumns>();
  /** Bytes that decoded columns take, roughly. */
  decodedBytes = 0;

  /**
   * @param payload of the frame; the chunk keeps it
   * @throws MalformedBytes where it is no chunk
   */
  constructor(
    private readonly payload: Uint8Array,
    private readonly shapeList: readonly Shape[],
    private readonly codec: TraceCodec,
  ) {
    const input = new ByteReader(payload, 0, payload.length);
    this.firstEvent = input.varint();
    this.rows = withinLimit(input.varint(), 'rows of a chunk');
    if (this.rows === 0) throw new MalformedBytes('a chunk without rows');
    if (!Number.isSafeInteger(this.firstEvent + this.rows))
      throw new MalformedBytes('a chunk of events beyond 2^53 - 1');
    this.firstTime = input.f64();
    this.lastTime = input.f64();
    if (!(Number.isSafeInteger(this.firstTime) && this.firstTime >= 0 && Number.isSafeInteger(this.lastTime)))
      throw new MalformedBytes('a chunk has times that are no whole numbers of nanoseconds');
    const count = input.count(5);
    const directory: Omit<Block, 'start'>[] = [];
    let total = 0;
    for (let left = count; left > 0; left--) {
      const number = input.varint();
      if (number <= (directory.at(-1)?.number ?? -1)) throw new MalformedBytes('blocks out of order');
      const codecNumber = input.u8();
      const stored = input.varint();
      const length = withinLimit(input.varint(), 'bytes of a block');
      total = withinLimit(total + length, 'bytes of a chunk');
      directory.push({ number, codec: codecNumber, stored, length, rows: input.varint() });
    }
    const blocks: Block[] = [];
    let shapeRows = 0;
    let withConnection = 0;
    for (const entry of directory) {
      blocks.push({ ...entry, start: input.skip(entry.stored) });
      if (entry.number < blockNumbers.firstShape) continue;
      shapeRows += entry.rows;
      const shape = shapeList[entry.number - blockNumbers.firstShape];
      if (shape === undefined)
        throw new MalformedBytes(`undefined shape ${entry.number - blockNumbers.firstShape}`);
      if (entry.rows === 0) throw new MalformedBytes('a block without rows');
      if (kindsWithConnection.has(shape.kind)) withConnection += entry.rows;
    }
    const [shapes, times, connections] = blocks;
    if (shapes?.number !== 0 || times?.number !== 1 || connections?.number !== 2)
      throw new MalformedBytes('a chunk without shapes, times and connections');
    if (shapes.rows !== this.rows || times.rows !== this.rows || shapeRows !== this.rows)
      throw new MalformedBytes(`a chunk promises ${this.rows} rows and has others`);
    if (connections.rows !== withConnection)
      throw new MalformedBytes('a chunk has another number of connections than of rows with one');
    this.blocks = blocks;
  }

  /** Id behind the last event. */
  get endEvent(): EventId {
    return this.firstEvent + this.rows;
  }

  /** Bytes of the payload. */
  get length(): number {
    return this.payload.length;
  }

  /** Shapes that occur, by number. */
  shapeNumbers(): number[] {
    return this.blocks.slice(blockNumbers.firstShape).map(({ number }) => number - blockNumbers.firstShape);
  }

  /** Rows of a shape; 0 where it doesn't occur. */
  rowsOf(shape: number): number {
    return this.block(blockNumbers.firstShape + shape)?.rows ?? 0;
  }

  /** Number of the shape of each row. */
  shapes(): Uint16Array {
    if (this.decodedShapes === undefined) {
      const values = readIntegers(this.open(this.blocks[0]!), this.rows);
      const shapes = new Uint16Array(this.rows);
      const counts = new Uint32Array(this.shapeList.length);
      for (let row = 0; row < this.rows; row++) {
        const shape = values[row]!;
        if (shape >= counts.length) throw new MalformedBytes(`undefined shape ${shape}`);
        shapes[row] = shape;
        counts[shape]!++;
      }
      for (let shape = 0; shape < counts.length; shape++)
        if (counts[shape]! > 0 && counts[shape] !== this.rowsOf(shape))
          throw new MalformedBytes(`shape ${shape} has other rows than it says`);
      this.decodedShapes = shapes;
      this.decodedBytes += this.rows * 2;
    }
    return this.decodedShapes;
  }

  /** Time of each row, ns. */
  times(): Float64Array {
    if (this.decodedTimes === undefined) {
      const times = readIntegers(this.open(this.blocks[1]!), this.rows);
      let time = this.firstTime;
      for (let row = 0; row < this.rows; row++) times[row] = time += times[row]!;
      if (time !== this.lastTime) throw new MalformedBytes('a chunk ends at another time than it says');
      this.decodedTimes = times;
      this.decodedBytes += this.rows * 8;
    }
    return this.decodedTimes;
  }

  /** How many rows of its shape stand before each row. */
  ranks(): Uint16Array {
    if (this.decodedRanks === undefined) {
      const shapes = this.shapes();
      const ranks = new Uint16Array(this.rows);
      const next = new Uint32Array(this.shapeList.length);
      for (let row = 0; row < this.rows; row++) ranks[row] = next[shapes[row]!]!++;
      this.decodedRanks = ranks;
      this.decodedBytes += this.rows * 2;
    }
    return this.decodedRanks;
  }

  /** Connection of each row plus one; 0 for none. */
  connections(): Float64Array {
    if (this.decodedConnections === undefined) {
      const values = readIntegers(this.open(this.blocks[2]!), this.blocks[2]!.rows);
      const shapes = this.shapes();
      const has = this.shapeList.map(({ kind }) => kindsWithConnection.has(kind));
      const connections = new Float64Array(this.rows);
      let at = 0;
      for (let row = 0; row < this.rows; row++) if (has[shapes[row]!]!) connections[row] = values[at++]!;
      this.decodedConnections = connections;
      this.decodedBytes += this.rows * 8;
    }
    return this.decodedConnections;
  }

  /** Connection plus one (0 for none) of each row of a shape whose kind has one. */
  private connectionsOf(shape: number): Float64Array {
    if (this.decodedKeys === undefined) {
      const all = this.connections();
      const shapes = this.shapes();
      const keys: Float64Array[] = [];
      for (const number of this.shapeNumbers())
        if (kindsWithConnection.has(this.shapeList[number]!.kind))
          keys[number] = new Float64Array(this.rowsOf(number));
      const next = new Uint32Array(this.shapeList.length);
      for (let row = 0; row < this.rows; row++) {
        const number = shapes[row]!;
        const own = keys[number];
        if (own !== undefined) own[next[number]!++] = all[row]!;
      }
      this.decodedKeys = keys;
      this.decodedBytes += this.rows * 8;
    }
    return this.decodedKeys[shape]!;
  }

  /** The columns of a shape that occurs. */
  columns(shape: number): ShapeColumns {
    const known = this.decodedColumns.get(shape);
    if (known !== undefined) return known;
    const block = this.block(blockNumbers.firstShape + shape)!;
    const input = this.open(block);
    const definition = this.shapeList[shape]!;
    const columns: ColumnValues[] = [];
    const spend = (bytes: number): void => {
      this.decodedBytes = withinLimit(this.decodedBytes + bytes, 'bytes of a decoded chunk');
    };
    spend(block.length);
    const keys = (): RowKeys => {
      const [first] = columns;
      if (first?.type !== 'integers') throw new MalformedBytes('a column by a key that is not there');
      const firsts = first.values;
      if (!kindsWithConnection.has(definition.kind))
        return { keys: firsts, connections: new Float64Array(block.rows), firsts };
      const connections = this.connectionsOf(shape);
      return { keys: connections, connections, firsts };
    };
    for (const type of definition.columns) columns.push(readColumn(input, type, block.rows, keys, spend));
    if (input.position !== input.end) throw new MalformedBytes('a block is longer than its columns');
    const decoded = { shape: definition, rows: block.rows, columns };
    this.decodedColumns.set(shape, decoded);
    return decoded;
  }

  /** Row of the first event at or after a time: `rows` if there is none. */
  firstRowAtOrAfter(time: VirtualTime): number {
    const times = this.times();
    let low = 0;
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives the memory of decoded columns back. */
  forget(): void {
    this.decodedShapes = this.decodedTimes = this.decodedRanks = this.decodedConnections = undefined;
    this.decodedKeys = undefined;
    this.decodedColumns.clear();
    this.decodedBytes = 0;
  }

  private block(number: number): Block | undefined {
    const { blocks } = this;
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (blocks[middle]!.number < number) low = middle + 1;
      else high = middle;
    }
    const found = blocks[low];
    return found?.number === number ? found : undefined;
  }

  private open({ codec, start, stored, length }: Block): ByteReader {
    if (codec === codecNumbers.plain) {
      if (stored !== length) throw new MalformedBytes('a plain block has two lengths');
      return new ByteReader(this.payload, start, start + length);
    }
    if (codec !== codecNumbers.deflate) throw new MalformedBytes(`unknown codec ${codec}`);
    return new ByteReader(
      this.codec.inflate(this.payload.subarray(start, start + stored), length),
      0,
      length,
    );
  }
}
