/** Tables as Arrow IPC files, written batch by batch by Arrow's own library. */
import type * as Arrow from 'apache-arrow';
import { fail, succeed, type Result } from '../../shared/base/result';
import {
  bigintOf,
  type Cell,
  type ColumnType,
  type Table,
  type TableSource,
} from '../../shared/export/tableTypes';

/** Rows of a record batch. */
const rowsInBatch = 65_536;

type ArrowModule = typeof Arrow;

/** Loads the library; answers the remedy where that is not possible. */
export async function loadArrow(): Promise<Result<ArrowModule, string>> {
  try {
    return succeed(await import('apache-arrow'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return fail(`Arrow's library can't be loaded (${why}). Run npm ci in the folder of Chimneysweep.`);
  }
}

function arrowType(arrow: ArrowModule, type: ColumnType): Arrow.DataType {
  switch (type) {
    case 'bigint':
      return new arrow.Int64();
    case 'integer':
      return new arrow.Int32();
    case 'double':
      return new arrow.Float64();
    case 'boolean':
      return new arrow.Bool();
    case 'varchar':
      return new arrow.Utf8();
    case 'blob':
      return new arrow.Binary();
  }
}

function columnData(arrow: ArrowModule, type: ColumnType, cells: readonly Cell[]): Arrow.Data {
  const builder = arrow.makeBuilder({ type: arrowType(arrow, type), nullValues: [null] });
  for (const cell of cells)
    builder.append(type === 'bigint' && cell !== null ? bigintOf(Number(cell)) : cell);
  return builder.finish().flush() as Arrow.Data;
}

/**
 * An Arrow IPC file of a table in pieces; the schema carries what columns mean, as metadata of their fields.
 * @throws whatever the rows of the table throw
 */
export async function* arrowFile(
  arrow: ArrowModule,
  table: Table,
  source: TableSource,
): AsyncGenerator<Uint8Array> {
  const fields = table.columns.map(
    ({ name, type, nullable, meaning }) =>
      new arrow.Field(name, arrowType(arrow, type), nullable, new Map([['meaning', meaning]])),
  );
  const schema = new arrow.Schema(fields, new Map([['meaning', table.meaning]]));
  async function* batches(): AsyncGenerator<Arrow.RecordBatch> {
    let any = false;
    for (const { rowCount, columns } of table.batches(source, rowsInBatch)) {
      any = true;
      const children = columns.map((cells, index) => columnData(arrow, table.columns[index]!.type, cells));
      const data = arrow.makeData({
        type: new arrow.Struct(fields),
        length: rowCount,
        nullCount: 0,
        children,
      });
      yield new arrow.RecordBatch(schema, data);
      // Whoever reads the pieces comes first, so that they do not pile up.
      await Promise.resolve();
    }
    // A file without a batch would have no schema either. A single argument would be taken for columns by their names.
    if (!any) yield new arrow.RecordBatch(schema, undefined);
  }
  const writer = new arrow.RecordBatchFileWriter();
  const writing = writer.writeAll(batches());
  // The library leaves its reader waiting where the batches throw.
  writing.catch((error: unknown) => {
    writer.abort(error);
  });
  try {
    for await (const piece of writer) yield piece;
  } catch (error) {
    // It puts an error into a wrapper of its own; this throws the error itself.
    await writing;
    throw error;
  }
  await writing;
}
