import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Json } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceDatabase } from '../../../electron/tables/traceDatabase';
import { tables } from '../../../shared/export/tables';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { encodeTrace, plainHeader } from '../../harness/traceBytes';
import { sourceOf, threeTraces, type CorpusTrace } from '../../harness/corpus';
import { callsOf } from '../../harness/traceQueries';

let traces: readonly CorpusTrace[];
let folder = '';

beforeAll(() => {
  traces = threeTraces();
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-sql-'));
  writeFileSync(path.join(folder, 'secret.csv'), 'a\r\n1\r\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function ask(sql: string): Promise<readonly Readonly<Record<string, Json>>[] | string> {
  const created = await TraceDatabase.create(sql);
  if (!created.ok) throw new Error(created.error);
  try {
    for (const { source, name } of traces) await created.value.add(source, name);
    await created.value.lock();
    const answered = await created.value.query(sql);
    return answered.ok ? await answered.value.getRowObjectsJson() : answered.error.message;
  } finally {
    created.value.close();
  }
}

describe('the tables of several traces', () => {
  it('count what the model counts', async () => {
    const rows = await ask(
      "SELECT trace, count(*) AS n FROM calls WHERE function = 'MiniportTcpOffloadSend' GROUP BY trace ORDER BY trace",
    );
    const expected = [...traces]
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ name, source }) => ({
        trace: name,
        n: String(callsOf(source.model, 'MiniportTcpOffloadSend').length),
      }));
    expect(rows).toEqual(expected);
  });

  it('say of each row which trace it is from', async () => {
    expect(
      await ask('SELECT DISTINCT scenario, seed::INTEGER AS seed, trace FROM frames ORDER BY trace'),
    ).toEqual([
      { scenario: 'transfer', seed: 2, trace: 'lossy' },
      { scenario: 'transfer', seed: 1, trace: 'plain' },
      { scenario: 'first-sweep', seed: 7, trace: 'synthetic' },
    ]);
  });

  it.each(tables.map(({ name }) => name))('can be described without being filled: %s', async (name) => {
    const rows = await ask(`DESCRIBE ${name}`);
    expect(rows).toHaveLength(tables.find((table) => table.name === name)!.columns.length + 3);
  });

  it('are all filled where a query could make up a name', async () => {
    expect(await ask("SELECT count(*)::INTEGER > 0 AS some FROM query_table('no' || 'tes')")).toEqual([
      { some: true },
    ]);
  });

  it('keep the order of what happened: events follow one another in time', async () => {
    const late = await ask(
      'SELECT count(*)::INTEGER AS n FROM (SELECT time_ns - lag(time_ns) OVER (PARTITION BY trace ORDER BY event) AS step FROM events) WHERE step < 0',
    );
    expect(late).toEqual([{ n: 0 }]);
  });

  it('join by their keys: every row finds its trace, connection, component and call', async () => {
    const orphans = await ask(`
      SELECT (SELECT count(*) FROM calls ANTI JOIN components c ON calls.trace = c.trace AND callee = c.component)::INTEGER AS calls,
             (SELECT count(*) FROM arguments ANTI JOIN calls USING (trace, call))::INTEGER AS arguments,
             (SELECT count(*) FROM packets ANTI JOIN frames USING (trace, frame))::INTEGER AS packets,
             (SELECT count(*) FROM completions c ANTI JOIN calls r ON c.trace = r.trace AND c.request = r.call)::INTEGER AS completions,
             (SELECT count(*) FROM states ANTI JOIN objects USING (trace, object))::INTEGER AS states,
             (SELECT count(*) FROM calls ANTI JOIN events ON calls.trace = events.trace AND call = events.event AND kind = 'call')::INTEGER AS events`);
    expect(orphans).toEqual([{ calls: 0, arguments: 0, packets: 0, completions: 0, states: 0, events: 0 }]);
  });
});

describe('a trace is data', () => {
  it('fills every table whatever a trace holds', async () => {
    const sql = tables.map(({ name }) => `SELECT count(*) FROM ${name}`).join(' UNION ALL ');
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), async (records) => {
        const source = sourceOf(encodeTrace(records));
        const created = await TraceDatabase.create(sql);
        if (!created.ok) throw new Error(created.error);
        await created.value.add(source, 'any');
        await created.value.lock();
        const answered = await created.value.query(sql);
        created.value.close();
        expect(answered.ok).toBe(true);
      }),
      property(15),
    );
  });

  it('is quoted where its header stands in SQL', async () => {
    const header = { ...plainHeader, scenario: "a' AS x; DROP TABLE calls; --" };
    const created = await TraceDatabase.create('FROM traces');
    if (!created.ok) throw new Error(created.error);
    await created.value.add(sourceOf(encodeTrace([], header)), "it's");
    await created.value.lock();
    const answered = await created.value.query('SELECT scenario, trace FROM traces');
    if (!answered.ok) throw new Error(answered.error.message);
    expect(await answered.value.getRowsJson()).toEqual([[header.scenario, "it's"]]);
    created.value.close();
  });
});

describe('a query is data', () => {
  it.each([
    ['reads no file', (at: string) => `SELECT * FROM read_csv('${at}/secret.csv')`],
    ['reads no file by its name', (at: string) => `SELECT * FROM '${at}/secret.csv'`],
    ['reads no file as text', (at: string) => `SELECT * FROM read_text('${at}/secret.csv')`],
    ['lists no folder', (at: string) => `SELECT * FROM glob('${at}/*')`],
    ['writes no file', (at: string) => `COPY (SELECT 1) TO '${at}/out.csv'`],
    ['exports no database', (at: string) => `EXPORT DATABASE '${at}/out'`],
    ['attaches no database', (at: string) => `ATTACH '${at}/out.db' AS other`],
    ['installs no extension', () => 'INSTALL httpfs'],
    ['loads no extension', () => 'LOAD httpfs'],
    ['opens its lock not again', () => 'SET enable_external_access = true'],
    ['changes no setting', () => 'SET lock_configuration = false'],
    ['asks no network', () => "SELECT * FROM 'https://example.com/x.parquet'"],
  ])('%s', async (_, sql) => {
    const answer = await ask(sql(folder));
    expect(answer).toEqual(expect.stringMatching(/disabled|locked|does not exist|Missing Extension/));
    expect(readdirSync(folder)).toEqual(['secret.csv']);
    expect(existsSync(path.join(folder, 'out.csv'))).toBe(false);
  });

  it('is refused with its place where it is wrong', async () => {
    expect(await ask('SELECT nothing FROM calls')).toEqual(expect.stringMatching(/nothing[^]*LINE 1/));
    expect(await ask('SELEC 1')).toEqual(expect.stringMatching(/syntax error[^]*LINE 1/i));
  });
});
