import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DuckDBBlobValue,
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBValue,
  type Json,
} from '@duckdb/node-api';
import { RecordBatchReader, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../../../shared/export/tables';
import type { Cell, TableSource } from '../../../shared/export/tableTypes';
import { sourceOf } from '../../harness/corpus';
import { recordScenario } from '../../harness/recordScenario';
import { syntheticTrace } from '../../harness/syntheticTrace';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';
let engine: DuckDBConnection;
/** What is in b.sweep. */
let source: TableSource;

function chimneysweep(...words: string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8', cwd: folder });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** A value of the engine and a cell of ours in one spelling. */
function comparable(value: DuckDBValue | Cell): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value instanceof DuckDBBlobValue ? Buffer.from(value.bytes).toString('hex') : value;
}

async function asked(sql: string): Promise<readonly Readonly<Record<string, Json>>[]> {
  return (await engine.runAndReadAll(sql)).getRowObjectsJson();
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-exports-'));
  writeFileSync(path.join(folder, 'a.sweep'), syntheticTrace());
  writeFileSync(path.join(folder, 'cut.sweep'), syntheticTrace({ withoutEnd: true }));
  const { bytes } = recordScenario('transfer', { seed: 4, fileBytes: 60_000, loss: 0.02 });
  writeFileSync(path.join(folder, 'b.sweep'), bytes);
  source = sourceOf(bytes);
  engine = await (await DuckDBInstance.create(':memory:')).connect();
  // The first call may have to build the command line.
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  engine.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep query', () => {
  const sends =
    "SELECT trace, count(*) AS n FROM calls WHERE function = 'MiniportTcpOffloadSend' GROUP BY trace";

  it('prints rows aligned, as CSV and as JSON', () => {
    expect(chimneysweep('query', 'a.sweep', sends)).toMatchObject({
      code: 0,
      err: '',
      out: 'trace   n\n─────  ──\na      40\n(1 row)\n',
    });
    expect(chimneysweep('query', 'a.sweep', sends, '--format', 'csv').out).toBe('trace,n\r\na,40\r\n');
    expect(JSON.parse(chimneysweep('query', 'a.sweep', sends, '--json').out)).toEqual([
      { trace: 'a', n: 40 },
    ]);
  });

  it('takes several traces for a corpus, and tells two files of one name apart', () => {
    const rows = chimneysweep(
      'query',
      'a.sweep',
      'b.sweep',
      './a.sweep',
      '--json',
      'SELECT trace FROM traces ORDER BY 1',
    );
    expect(JSON.parse(rows.out)).toEqual([{ trace: 'a' }, { trace: 'a-2' }, { trace: 'b' }]);
  });

  it('writes nested values, bytes, large and odd numbers so that JSON holds them', () => {
    const sql =
      "SELECT [1, 2] AS list, {'a': 1} AS struct, map {'k': 2} AS map, '\\x01\\xAB'::BLOB AS bytes, 9007199254740993 AS large, 'nan'::DOUBLE AS odd, 1.50::DECIMAL(4,2) AS money, NULL AS nothing";
    expect(JSON.parse(chimneysweep('query', 'a.sweep', sql, '--json').out)).toEqual([
      {
        list: [1, 2],
        struct: { a: 1 },
        map: [{ key: 'k', value: 2 }],
        bytes: '01ab',
        large: '9007199254740993',
        odd: 'NaN',
        money: '1.50',
        nothing: null,
      },
    ]);
  });

  it('answers what a cut trace holds, says so, and exits with 1', () => {
    const answer = chimneysweep('query', 'cut.sweep', sends, '--json');
    expect(answer).toMatchObject({ code: 1 });
    expect(answer.err).toContain('incomplete');
    expect(JSON.parse(answer.out)).toEqual([{ trace: 'cut', n: 40 }]);
  });

  it('moves no cursor: control characters of a trace are shown as such', () => {
    expect(chimneysweep('query', 'a.sweep', "SELECT chr(27) || '[2J' AS x").out).not.toContain('\u001b');
  });

  it('prints the tables', () => {
    const described = JSON.parse(chimneysweep('query', '--schema', '--json').out) as { name: string }[];
    expect(described.map(({ name }) => name)).toEqual(tables.map(({ name }) => name));
    expect(chimneysweep('query', '--schema').out).toContain('latency_ns');
  });

  it.each([
    [['a.sweep', 'SELECT x FROM calls'], /x.*LINE 1/s],
    [['a.sweep'], /Name a trace, and then the query/],
    [[], /Name a trace, and then the query/],
    [['missing.sweep', 'SELECT 1'], /There is no file missing.sweep/],
    [['a.sweep', 'SELECT 1', '--format', 'xml'], /Allowed choices are table, csv, json/],
    [['a.sweep', "SELECT * FROM read_text('b.sweep')"], /disabled by configuration/],
    [['a.sweep', "SELECT error('no')"], /no/],
  ])('refuses %j with exit code 2', (words, complaint) => {
    const refused = chimneysweep('query', ...words);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(complaint);
  });
});

describe('chimneysweep export --to parquet', () => {
  it('writes a corpus to which traces can be added, each in its partition', async () => {
    expect(chimneysweep('export', 'a.sweep', '--to', 'parquet', '--out', 'corpus')).toMatchObject({
      code: 0,
      err: '',
    });
    expect(chimneysweep('export', 'b.sweep', '--to', 'parquet', '--out', 'corpus')).toMatchObject({
      code: 0,
      err: '',
    });
    const file = path.join(folder, 'corpus/calls/scenario=transfer/seed=4/trace=b/part-0.parquet');
    expect(existsSync(file)).toBe(true);
    const sql = 'SELECT scenario, seed, trace, count(*)::INTEGER AS n FROM calls GROUP BY ALL ORDER BY ALL';
    const view = `read_parquet('${folder}/corpus/calls/**/*.parquet', hive_partitioning = true)`;
    const theirs = await asked(sql.replace('calls', view).replace('seed,', 'seed::INTEGER AS seed,'));
    expect(theirs).toEqual(JSON.parse(chimneysweep('query', 'a.sweep', 'b.sweep', sql, '--json').out));
  });

  it('keeps what is there unless told otherwise, whatever its scenario', () => {
    writeFileSync(path.join(folder, 'again.sweep'), syntheticTrace());
    expect(chimneysweep('export', 'again.sweep', '--to', 'parquet', '--out', 'corpus').code).toBe(0);
    const { bytes } = recordScenario('transfer', { seed: 9, fileBytes: 20_000 });
    writeFileSync(path.join(folder, 'again.sweep'), bytes);
    const refused = chimneysweep('export', 'again.sweep', '--to', 'parquet', '--out', 'corpus');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('has a trace again already');
    expect(
      chimneysweep('export', 'again.sweep', '--to', 'parquet', '--out', 'corpus', '--replace').code,
    ).toBe(0);
    expect(existsSync(path.join(folder, 'corpus/calls/scenario=first-sweep/seed=7/trace=again'))).toBe(false);
    expect(existsSync(path.join(folder, 'corpus/calls/scenario=transfer/seed=9/trace=again'))).toBe(true);
  });
});

describe('chimneysweep export --to csv', () => {
  it('writes tables that DuckDB reads back as the same rows', async () => {
    const made = chimneysweep('export', 'b.sweep', '--to', 'csv', '--json', '--exact-texts');
    expect(made).toMatchObject({ code: 0, err: '' });
    const report = JSON.parse(made.out) as { traces: { files: { path: string; rows: number }[] }[] };
    expect(report.traces[0]!.files.map(({ path: file }) => path.basename(file, '.csv'))).toEqual(
      tables.map(({ name }) => name),
    );
    for (const table of tables) {
      const types = table.columns.map(
        ({ name, type }) => `'${name}': '${type === 'blob' ? 'VARCHAR' : type}'`,
      );
      const list = table.columns.map(({ name, type }) =>
        type === 'blob' ? `unhex("${name}")` : `"${name}"`,
      );
      const file = `'${folder}/b-csv/${table.name}.csv'`;
      const options = `header = true, quote = '"', escape = '"', delim = ',', allow_quoted_nulls = false, columns = {${types.join(', ')}}`;
      const read = await engine.runAndReadAll(`SELECT ${list.join(', ')} FROM read_csv(${file}, ${options})`);
      const theirs = read.getRows().map((row) => row.map(comparable));
      const ours = [...table.batches(source)].flatMap(({ rowCount, columns }) =>
        Array.from({ length: rowCount }, (_, row) => columns.map((cells) => comparable(cells[row]!))),
      );
      expect(theirs).toEqual(ours);
    }
  });
});

describe('chimneysweep export --to arrow', () => {
  it("writes files that Arrow's library reads, with the rows and meanings of the tables", () => {
    expect(chimneysweep('export', 'b.sweep', '--to', 'arrow')).toMatchObject({ code: 0, err: '' });
    const query = 'SELECT * EXCLUDE (scenario, seed, trace) FROM calls ORDER BY call';
    const expected = JSON.parse(chimneysweep('query', 'b.sweep', query, '--json').out) as Record<
      string,
      unknown
    >[];
    const read = tableFromIPC(readFileSync(path.join(folder, 'b-arrow/calls.arrow')));
    const rows = read
      .toArray()
      .map((row: { toJSON(): Record<string, unknown> }) =>
        Object.fromEntries(
          Object.entries(row.toJSON()).map(([name, value]) => [
            name,
            typeof value === 'bigint' ? Number(value) : value,
          ]),
        ),
      );
    expect(rows).toEqual(expected);
    expect(read.schema.fields[0]!.metadata.get('meaning')).toBe('Id of the call: its event');
    for (const { name, columns } of tables) {
      const reader = RecordBatchReader.from(readFileSync(path.join(folder, `b-arrow/${name}.arrow`))).open();
      expect(reader.isFile()).toBe(true);
      expect(reader.schema.fields.map((field) => field.name)).toEqual(columns.map((column) => column.name));
    }
  });
});

describe('chimneysweep export', () => {
  it.each([
    ['perfetto', 'a.pftrace', '\n'],
    ['chrome-json', 'a.trace.json', '{"displayTimeUnit"'],
    ['html', 'a.html', '<!doctype html>'],
  ])('writes %s into %s', (format, file, start) => {
    const made = chimneysweep('export', 'a.sweep', '--to', format);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(new RegExp(`^${format}: \\d+ bytes in ${file}`));
    expect(readFileSync(path.join(folder, file), 'utf8').startsWith(start)).toBe(true);
  });

  it('makes the capture that the verb pcapng makes', () => {
    chimneysweep('pcapng', 'b.sweep', '--out', 'verb.pcapng');
    const made = chimneysweep('export', 'b.sweep', '--to', 'pcapng', '--json');
    expect(made.code).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({ format: 'pcapng', out: 'b.pcapng' });
    expect(readFileSync(path.join(folder, 'b.pcapng'))).toEqual(
      readFileSync(path.join(folder, 'verb.pcapng')),
    );
  });

  it('exports what a cut trace holds, and exits with 1', () => {
    const made = chimneysweep('export', 'cut.sweep', '--to', 'csv', '--json');
    expect(made.code).toBe(1);
    expect(made.err).toContain('incomplete');
    expect(JSON.parse(made.out)).toMatchObject({ traces: [{ complete: false }] });
    expect(readdirSync(path.join(folder, 'cut-csv'))).toHaveLength(tables.length);
  });

  it.each([
    [['a.sweep'], /--to <format>.*not specified/],
    [['a.sweep', '--to', 'doc'], /Allowed choices are/],
    [['missing.sweep', '--to', 'csv'], /There is no file missing.sweep/],
    [['a.sweep', 'b.sweep', '--to', 'csv'], /Only parquet takes several/],
    [['a.sweep', '--to', 'csv', '--out', 'a.sweep'], /would overwrite/],
    [['a.sweep', '--to', 'csv', '--out', 'b.sweep'], /could not be written|exists/],
  ])('refuses %j with exit code 2', (words, complaint) => {
    const refused = chimneysweep('export', ...words);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(complaint);
  });
});
