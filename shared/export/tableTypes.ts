/** What a table of a trace is: its columns with their meanings, and how its rows come out of a trace, in one place. */
import type { TraceModel } from '../analysis/traceModel';
import type { EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';

/**
 * Types of columns. Only those that DuckDB, Spark, Trino and ClickHouse all read from Parquet without a loss: no unsigned numbers, no
 * enumerations, no nanosecond timestamps.
 */
export type ColumnType = 'bigint' | 'integer' | 'double' | 'boolean' | 'varchar' | 'blob';

/**
 * A value of a column: a whole number for `bigint` and `integer`, bytes for `blob`, null where there is nothing. Whole numbers are
 * exact up to 2^53.
 */
export type Cell = number | string | boolean | Uint8Array | null;

/** One column of a table, as it is documented. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether cells may be null. */
  readonly nullable: boolean;
  /** What it says, its unit if it has one, and what null says. */
  readonly meaning: string;
}

/** What rows are made from. */
export interface TableSource {
  readonly model: TraceModel;
  /** The records; the model's own. */
  readonly store: TraceStore;
  /** Whether the recording came to its end; rows of others stop where the file does. */
  readonly complete: boolean;
}

/** Some rows of a table: for each column as many cells as there are rows. */
export interface TableBatch {
  readonly rowCount: number;
  readonly columns: readonly (readonly Cell[])[];
}

/** A table: what it is, and how to get it. */
export interface Table {
  readonly name: string;
  /** What a row stands for. */
  readonly meaning: string;
  readonly columns: readonly TableColumn[];
  /** The rows in their fixed order, at most so many at a time; a batch is the caller's to keep. */
  batches(source: TableSource, rowsInBatch?: number): Iterable<TableBatch>;
}

/** A column and how its cell is read off a row. */
export interface ColumnDefinition<Row> extends TableColumn {
  cell(row: Row): Cell;
}

/** What a table is made of. */
export interface TableDefinition<Row> {
  readonly name: string;
  readonly meaning: string;
  readonly rows: (source: TableSource) => Iterable<Row>;
  readonly columns: readonly ColumnDefinition<Row>[];
}

/** Rows that a batch holds if nobody asks for another number: what DuckDB takes as one vector. */
export const defaultRowsInBatch = 2048;

/** A column that always has a value. */
export function column<Row>(
  name: string,
  type: ColumnType,
  meaning: string,
  cell: (row: Row) => Exclude<Cell, null>,
): ColumnDefinition<Row> {
  return { name, type, nullable: false, meaning, cell };
}

/** A column that may have no value; undefined becomes null. */
export function optional<Row>(
  name: string,
  type: ColumnType,
  meaning: string,
  cell: (row: Row) => Cell | undefined,
): ColumnDefinition<Row> {
  return { name, type, nullable: true, meaning, cell: (row) => cell(row) ?? null };
}

/** A table out of its definition. */
export function table<Row>({ name, meaning, rows, columns }: TableDefinition<Row>): Table {
  return {
    name,
    meaning,
    columns,
    *batches(source, rowsInBatch = defaultRowsInBatch) {
      let cells: Cell[][] = columns.map(() => []);
      let rowCount = 0;
      for (const row of rows(source)) {
        for (let index = 0; index < columns.length; index++) cells[index]!.push(columns[index]!.cell(row));
        if (++rowCount < rowsInBatch) continue;
        yield { rowCount, columns: cells };
        cells = columns.map(() => []);
        rowCount = 0;
      }
      if (rowCount > 0) yield { rowCount, columns: cells };
    },
  };
}

/** A record with its place in the trace. */
export interface TimedRecord<Record extends TraceRecord = TraceRecord> {
  readonly event: EventId;
  readonly time: VirtualTime;
  readonly record: Record;
}

/** All records of a kind in order, decoded one at a time. */
export function* recordsOf<Kind extends TraceRecord['kind']>(
  store: TraceStore,
  kind: Kind,
): Generator<TimedRecord<Extract<TraceRecord, { readonly kind: Kind }>>> {
  for (let event = 0; event < store.length; event++) {
    if (store.kind(event) !== kind) continue;
    const record = store.record(event) as Extract<TraceRecord, { readonly kind: Kind }>;
    yield { event, time: store.time(event), record };
  }
}

const largestBigint = 2n ** 63n - 1n;

/** A cell of a `bigint` column as such. A broken trace may say anything: fractions go, and what no 64 bits hold stops at their end. */
export function bigintOf(cell: number): bigint {
  if (Number.isNaN(cell)) return 0n;
  if (!Number.isFinite(cell) || Math.abs(cell) >= 2 ** 63) return cell < 0 ? -largestBigint : largestBigint;
  return BigInt(Math.trunc(cell));
}

/** Name of a component; undefined for none. */
export function componentName(store: TraceStore, component: number | undefined): string | undefined {
  return component === undefined ? undefined : store.components[component]?.name;
}
