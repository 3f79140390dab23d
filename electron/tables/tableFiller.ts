/** Puts the rows of a table of a trace into a table of DuckDB, some thousands at a time. */
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import {
  bigintOf,
  type Cell,
  type ColumnType,
  type Table,
  type TableBatch,
} from '../../shared/export/tableTypes';
import { sqlName, type DuckDbModule } from './duckdb';

function engineType(duckdb: DuckDbModule, type: ColumnType): DuckDBType {
  switch (type) {
    case 'bigint':
      return duckdb.BIGINT;
    case 'integer':
      return duckdb.INTEGER;
    case 'double':
      return duckdb.DOUBLE;
    case 'boolean':
      return duckdb.BOOLEAN;
    case 'varchar':
      return duckdb.VARCHAR;
    case 'blob':
      return duckdb.BLOB;
  }
}

/** Cells as the engine takes them. */
function engineValues(
  duckdb: DuckDbModule,
  type: ColumnType,
  cells: readonly Cell[],
): readonly DuckDBValue[] {
  if (type === 'bigint') return cells.map((cell) => (cell === null ? null : bigintOf(Number(cell))));
  if (type === 'blob')
    return cells.map((cell) => (cell instanceof Uint8Array ? new duckdb.DuckDBBlobValue(cell) : null));
  return cells as readonly DuckDBValue[];
}

/** Makes an empty table with the columns of a table of ours. `name` is `schema.name`, already quoted. */
export async function createTable(
  connection: DuckDBConnection,
  name: string,
  { columns }: Table,
): Promise<void> {
  const list = columns.map(
    (column) => `${sqlName(column.name)} ${column.type.toUpperCase()}${column.nullable ? '' : ' NOT NULL'}`,
  );
  await connection.run(`CREATE TABLE ${name} (${list.join(', ')})`);
}

/** Appends batches to a table that {@link createTable} made, telling the rows behind each; answers their number. */
export async function fillTable(
  duckdb: DuckDbModule,
  connection: DuckDBConnection,
  place: { readonly schema: string; readonly name: string },
  { columns }: Table,
  batches: Iterable<TableBatch>,
  told: (rows: number) => void = () => undefined,
): Promise<number> {
  const types = columns.map(({ type }) => engineType(duckdb, type));
  const appender = await connection.createAppender(place.name, place.schema);
  let rows = 0;
  for (const batch of batches) {
    const chunk = duckdb.DuckDBDataChunk.create(types, batch.rowCount);
    chunk.setColumns(batch.columns.map((cells, index) => engineValues(duckdb, columns[index]!.type, cells)));
    appender.appendDataChunk(chunk);
    rows += batch.rowCount;
    told(rows);
  }
  appender.closeSync();
  return rows;
}
