/** The open chunk of a trace: rows go in one by one, a `CHNK` payload comes out. */
import { ByteWriter } from './byteWriter';
import { codecNumbers, storeBlock, type TraceCodec } from './codec';
import type { ChunkSummary } from './chunkSummary';
import { DistinctNumbers } from './chunkSummary';
import { BytesColumn, columnOf, type Column, IntegerColumn } from './columns';
import { mostRowsOfChunk } from './layout';
import { kindsWithConnection, type Shape } from './shapes';

/** Blocks of a chunk that are not about one shape; that of a shape has the shape's number behind them. */
export const blockNumbers = { shapes: 0, times: 1, connections: 2, firstShape: 3 } as const;

/** Rows of one shape in the open chunk. */
export class ShapeRows {
  readonly columns: readonly Column[];
  readonly hasConnection: boolean;
  /** Connection of each row plus one, 0 for none; empty where the kind has none. */
  readonly connections = new IntegerColumn(false);
  /** Rows in the open chunk. */
  rows = 0;

  constructor(
    readonly number: number,
    readonly shape: Shape,
  ) {
    this.columns = shape.columns.map(columnOf);
    this.hasConnection = kindsWithConnection.has(shape.kind);
  }

  /** The column at a place, which its shape says is of numbers. */
  integers(place: number): IntegerColumn {
    return this.columns[place] as IntegerColumn;
  }

  /** Takes back what a row that could not be finished has left. */
  truncate(): void {
    for (const column of this.columns) column.truncate(this.rows);
    this.connections.truncate(this.rows);
  }
}

/** Kinds of record whose first column is a state object. */
const kindsAboutObjects: ReadonlySet<Shape['kind']> = new Set(['state-change', 'ownership', 'relink']);

/** What a closed chunk is, but for its place in the file. */
export interface ClosedChunk {
  readonly payload: Uint8Array;
  readonly summary: Omit<ChunkSummary, 'offset' | 'length'>;
}

/** See the file's head. */
export class ChunkWriter {
  private readonly shapes = new Uint16Array(mostRowsOfChunk);
  private readonly times = new Float64Array(mostRowsOfChunk);
  private readonly connections = new IntegerColumn(false);
  private readonly used: ShapeRows[] = [];
  private readonly distinct = new DistinctNumbers();
  private readonly directory = new ByteWriter(1024);
  private readonly blocks = new ByteWriter(256 * 1024);
  private readonly scratch = new Float64Array(mostRowsOfChunk);
  /** Rows so far. */
  rows = 0;
  /** Bytes that rows hold beside numbers. */
  bytes = 0;

  /** Id of the first event, once there are rows. */
  firstEvent = 0;

  /** Time of the first row. */
  get firstTime(): number {
    return this.times[0]!;
  }

  /** Time of the last row. */
  get lastTime(): number {
    return this.rows === 0 ? 0 : this.times[this.rows - 1]!;
  }

  /** Appends a row whose columns have been filled. */
  add(rows: ShapeRows, event: number, time: number, connection: number | undefined): void {
    if (rows.hasConnection) {
      this.connections.pushOptional(connection);
      rows.connections.pushOptional(connection);
    }
    if (this.rows === 0) this.firstEvent = event;
    if (rows.rows++ === 0) this.used.push(rows);
    this.shapes[this.rows] = rows.number;
    this.times[this.rows++] = time;
  }

  /** The payload of the chunk and what the index says of it; the next chunk begins empty. The payload is the writer's until the next call. */
  close(codec: TraceCodec | undefined): ClosedChunk {
    const { rows, scratch, times, shapes } = this;
    const { directory, blocks } = this;
    directory.length = blocks.length = 0;
    this.used.sort((left, right) => left.number - right.number);
    const summary = this.summary();
    directory.varint(this.firstEvent);
    directory.varint(rows);
    directory.f64(this.firstTime);
    directory.f64(this.lastTime);
    directory.varint(blockNumbers.firstShape + this.used.length);
    for (let row = 0; row < rows; row++) scratch[row] = shapes[row]!;
    this.block(blockNumbers.shapes, rows, codec, () => columnFrom(scratch, rows).write(blocks, undefined));
    for (let row = rows - 1; row > 0; row--) scratch[row] = times[row]! - times[row - 1]!;
    scratch[0] = 0;
    this.block(blockNumbers.times, rows, codec, () => columnFrom(scratch, rows).write(blocks, undefined));
    this.block(blockNumbers.connections, this.connections.length, codec, () =>
      this.connections.write(blocks, undefined),
    );
    for (const shape of this.used) {
      this.block(blockNumbers.firstShape + shape.number, shape.rows, codec, () => {
        const [first] = shape.columns;
        const firsts = first instanceof IntegerColumn ? first.values : undefined;
        const keys = shape.hasConnection ? shape.connections.values : firsts;
        for (const column of shape.columns)
          if (column instanceof BytesColumn) column.write(blocks, keys, firsts);
          else column.write(blocks, keys);
      });
      for (const column of shape.columns) column.clear();
      shape.connections.clear();
      shape.rows = 0;
    }
    directory.raw(blocks.bytes, 0, blocks.length);
    this.used.length = 0;
    this.connections.clear();
    this.rows = this.bytes = 0;
    return { payload: directory.bytes.subarray(0, directory.length), summary };
  }

  private summary(): ClosedChunk['summary'] {
    const { distinct, connections, used } = this;
    const collect = (about: (shape: ShapeRows) => boolean, place: number, base: number): number[] => {
      distinct.begin();
      for (const shape of used)
        if (about(shape)) distinct.add(shape.integers(place).values, shape.rows, base);
      return distinct.end();
    };
    const objects = collect(({ shape }) => kindsAboutObjects.has(shape.kind), 0, 0);
    const statuses = collect(({ shape }) => shape.kind === 'return', 1, 1);
    distinct.begin();
    distinct.add(connections.values, connections.length, 1);
    return {
      firstEvent: this.firstEvent,
      rows: this.rows,
      firstTime: this.firstTime,
      lastTime: this.lastTime,
      shapes: used.map(({ number }) => number),
      connections: distinct.end(),
      objects,
      statuses,
    };
  }

  /** Appends a block and its entry in the directory. */
  private block(number: number, rows: number, codec: TraceCodec | undefined, fill: () => void): void {
    const { blocks, directory } = this;
    const start = blocks.length;
    fill();
    const length = blocks.length - start;
    let codecNumber: number = codecNumbers.plain;
    if (codec !== undefined) {
      const stored = storeBlock(blocks.bytes.subarray(start, blocks.length), codec);
      codecNumber = stored.codec;
      if (codecNumber !== codecNumbers.plain) {
        blocks.length = start;
        blocks.raw(stored.bytes);
      }
    }
    directory.varint(number);
    directory.u8(codecNumber);
    directory.varint(blocks.length - start);
    directory.varint(length);
    directory.varint(rows);
  }
}

/** Values as a column, without a copy. */
function columnFrom(values: Float64Array<ArrayBuffer>, length: number): IntegerColumn {
  const column = new IntegerColumn(false);
  column.values = values;
  column.length = length;
  return column;
}
