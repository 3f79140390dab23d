import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBResult, type Json } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeParquet } from '../../../electron/tables/parquet';
import { TraceDatabase } from '../../../electron/tables/traceDatabase';
import { corpusColumns, tables, tablesMarkdown } from '../../../shared/export/tables';
import { threeTraces, type CorpusTrace } from '../../harness/corpus';
import { between, codeBlocks, page } from '../../harness/markdownTables';

const recipes = codeBlocks(page('sql.md'), 'sql');
let traces: readonly CorpusTrace[];
let corpus = '';
let engine: DuckDBConnection;

async function rowsOf(result: DuckDBResult): Promise<readonly Readonly<Record<string, Json>>[]> {
  return await result.getRowObjectsJson();
}

/** Rows that `chimneysweep query` would print. */
async function asked(sql: string): Promise<readonly Readonly<Record<string, Json>>[]> {
  const created = await TraceDatabase.create(sql);
  if (!created.ok) throw new Error(created.error);
  for (const { source, name } of traces) await created.value.add(source, name);
  await created.value.lock();
  const answered = await created.value.query(sql);
  if (!answered.ok) throw new Error(answered.error.message);
  const rows = await rowsOf(answered.value);
  created.value.close();
  return rows;
}

/** Rows out of the Parquet files, by an engine that has never seen a trace. */
async function askedOfParquet(sql: string): Promise<readonly Readonly<Record<string, Json>>[]> {
  return rowsOf(await engine.run(sql));
}

beforeAll(async () => {
  traces = threeTraces();
  corpus = mkdtempSync(path.join(tmpdir(), 'chimneysweep-corpus-'));
  for (const { source, name } of traces) {
    const written = await writeParquet(source, name, corpus, () => undefined);
    if (!written.ok) throw new Error(written.error);
  }
  engine = await (await DuckDBInstance.create(':memory:')).connect();
  for (const { name } of tables)
    await engine.run(
      `CREATE VIEW ${name} AS FROM read_parquet('${corpus}/${name}/**/*.parquet', hive_partitioning = true)`,
    );
});

afterAll(() => {
  engine.closeSync();
  rmSync(corpus, { recursive: true, force: true });
});

describe('docs/sql.md', () => {
  it('describes the tables as they are', () => {
    expect(between(page('sql.md'), '<!-- tables:', '<!-- /tables -->').trim()).toBe(tablesMarkdown().trim());
  });

  it('has ten recipes or more', () => {
    expect(recipes.length).toBeGreaterThanOrEqual(10);
  });

  it.each(recipes)('$heading: the same rows from traces and from Parquet', async ({ heading, code }) => {
    const rows = await asked(code);
    expect(rows).toEqual(await askedOfParquet(code));
    // These three traces complete every request that they leave pending.
    if (heading.includes('never completed')) expect(rows).toEqual([]);
    else expect(rows.length).toBeGreaterThan(0);
  });
});

describe('a corpus of three traces in Parquet', () => {
  it.each(tables.map(({ name }) => name))('has the rows of %s that the traces have', async (name) => {
    const columns = tables.find((table) => table.name === name)!.columns.map((column) => column.name);
    const sql = `SELECT scenario, seed, trace, ${columns.map((column) => `"${column}"`).join(', ')} FROM ${name} ORDER BY ALL`;
    const rows = await askedOfParquet(sql);
    expect(rows).toEqual(await asked(sql));
    const expected = traces.flatMap(({ source }) =>
      [...tables.find((table) => table.name === name)!.batches(source)].map(({ rowCount }) => rowCount),
    );
    expect(rows.length).toBe(expected.reduce((sum, count) => sum + count, 0));
  });

  it.each(tables.map(({ name }) => name))('has the documented types of %s', async (name) => {
    const described = await askedOfParquet(`DESCRIBE ${name}`);
    const found = new Map(
      described.map((row) => [
        row['column_name'],
        JSON.stringify(row['column_type']).slice(1, -1).toLowerCase(),
      ]),
    );
    for (const column of [...corpusColumns, ...tables.find((table) => table.name === name)!.columns])
      expect(`${column.name} ${found.get(column.name) ?? ''}`).toBe(`${column.name} ${column.type}`);
    expect(found.size).toBe(
      corpusColumns.length + tables.find((table) => table.name === name)!.columns.length,
    );
  });

  it('opens no file of another trace where one is asked for', async () => {
    const plan = JSON.stringify(
      await askedOfParquet(`EXPLAIN ANALYZE SELECT count(*) FROM calls WHERE trace = 'lossy'`),
    );
    expect(plan).toMatch(/Scanning Files: 1\/3/);
  });
});
