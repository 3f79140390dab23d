/**
 * Traces as Parquet in the folders of Hive: `DIR/calls/scenario=transfer/seed=1/trace=NAME/part-0.parquet`. A table is a folder, a trace a
 * partition of each, so that a corpus grows by one trace at a time and engines skip what a query does not ask for.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { encodeUtf8 } from '../../shared/base/utf8';
import { tables } from '../../shared/export/tables';
import type { Table, TableBatch, TableSource } from '../../shared/export/tableTypes';
import { loadDuckDb, sqlText, type DuckDbModule } from './duckdb';
import { createTable, fillTable } from './tableFiller';
import { succeed, type Result } from '../../shared/base/result';

/** Rows of a file; a table with more goes on in the next. Bounds what is held in memory. */
const rowsInFile = 500_000;

/** What was written. */
export interface WrittenTable {
  readonly table: string;
  readonly rows: number;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** A value in the name of a partition's folder: what engines take for something else is written as `%` and two digits, as Hive does. */
export function partitionValue(text: string): string {
  if (text === '') return '__HIVE_DEFAULT_PARTITION__';
  return text.replace(/[^A-Za-z0-9._-]/gu, (character) =>
    Array.from(encodeUtf8(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}

/** Folder of a trace's partition below the folder of a table. */
export function partitionFolder({ store }: TableSource, name: string): string {
  const { scenario, seed } = store.header;
  return path.join(`scenario=${partitionValue(scenario)}`, `seed=${seed}`, `trace=${partitionValue(name)}`);
}

/** Names of the folders below a folder; none where there is no such folder. */
function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/**
 * Partitions that a corpus has for a trace of this name, of whatever scenario and seed: one at most, as the name is the key of every
 * join. Paths are relative to the folder of a table.
 */
export function partitionsOf(corpus: string, name: string): string[] {
  const found = new Set<string>();
  const last = `trace=${partitionValue(name)}`;
  for (const table of tables) {
    const base = path.join(corpus, table.name);
    for (const scenario of foldersIn(base))
      for (const seed of foldersIn(path.join(base, scenario)))
        if (existsSync(path.join(base, scenario, seed, last))) found.add(path.join(scenario, seed, last));
  }
  return [...found];
}

/** Batches in groups of at most so many rows; at least one group, which may be empty. */
function* grouped(batches: Iterable<TableBatch>): Generator<TableBatch[]> {
  let group: TableBatch[] = [];
  let rows = 0;
  let groups = 0;
  for (const batch of batches) {
    group.push(batch);
    rows += batch.rowCount;
    if (rows < rowsInFile) continue;
    yield group;
    groups++;
    group = [];
    rows = 0;
  }
  if (group.length > 0 || groups === 0) yield group;
}

async function writeTable(
  duckdb: DuckDbModule,
  table: Table,
  source: TableSource,
  folder: string,
  told: (what: string) => void,
): Promise<WrittenTable> {
  mkdirSync(folder, { recursive: true });
  const instance = await duckdb.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files: string[] = [];
  let rows = 0;
  try {
    for (const group of grouped(table.batches(source))) {
      await createTable(connection, 'piece', table);
      rows += await fillTable(duckdb, connection, { schema: 'main', name: 'piece' }, table, group, (more) => {
        told(`${table.name}, ${rows + more} rows`);
      });
      const file = path.join(folder, `part-${files.length}.parquet`);
      await connection.run(`COPY piece TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`);
      await connection.run('DROP TABLE piece');
      files.push(file);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return { table: table.name, rows, files, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) };
}

/**
 * Writes a trace into a corpus, over what the corpus has of it. `told` hears of each table and its rows.
 * @throws Error (with Node's `code`, or the engine's) if the folder can't be written.
 */
export async function writeParquet(
  source: TableSource,
  name: string,
  corpus: string,
  told: (what: string) => void,
): Promise<Result<readonly WrittenTable[], string>> {
  const duckdb = await loadDuckDb();
  if (!duckdb.ok) return duckdb;
  const written: WrittenTable[] = [];
  for (const old of partitionsOf(corpus, name))
    for (const table of tables) rmSync(path.join(corpus, table.name, old), { recursive: true, force: true });
  for (const table of tables) {
    told(table.name);
    const folder = path.join(corpus, table.name, partitionFolder(source, name));
    written.push(await writeTable(duckdb.value, table, source, folder, told));
  }
  return succeed(written);
}
