import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpusColumns, corpusName, tables, tablesNamedIn } from '../../../shared/export/tables';
import { bigintOf, type Cell, type ColumnType, type TableSource } from '../../../shared/export/tableTypes';
import { splitEndpoint } from '../../../shared/export/tables/runTables';
import { sourceOf, threeTraces } from '../../harness/corpus';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { encodeTrace } from '../../harness/traceBytes';
import { syntheticTrace } from '../../harness/syntheticTrace';

const fits: Readonly<Record<ColumnType, (cell: Exclude<Cell, null>) => boolean>> = {
  bigint: (cell) => Number.isInteger(cell),
  integer: (cell) => Number.isSafeInteger(cell) && Math.abs(Number(cell)) < 2 ** 31,
  double: (cell) => typeof cell === 'number',
  boolean: (cell) => typeof cell === 'boolean',
  varchar: (cell) => typeof cell === 'string',
  blob: (cell) => cell instanceof Uint8Array,
};

/** Cells that are not what their column promises. */
function misfits(source: TableSource): string[] {
  const found: string[] = [];
  for (const table of tables) {
    for (const batch of table.batches(source)) {
      table.columns.forEach(({ name, type, nullable }, index) => {
        for (const cell of batch.columns[index]!)
          if (cell === null ? !nullable : !fits[type](cell))
            found.push(`${table.name}.${name} ${type}: ${String(cell)}`);
      });
    }
  }
  return found;
}

describe('the tables of a trace', () => {
  it('hold in each column what its type and nullability promise', () => {
    for (const { source } of threeTraces()) expect(misfits(source)).toEqual([]);
  });

  it('do so for anything that a trace can hold', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        expect(misfits(sourceOf(encodeTrace(records)))).toEqual([]);
      }),
      property(150),
    );
  });

  it('hold what there is where a recording was cut, and say so', () => {
    const source = sourceOf(syntheticTrace({ withoutEnd: true }));
    expect(misfits(source)).toEqual([]);
    const traces = tables.find(({ name }) => name === 'traces')!;
    const [batch] = [...traces.batches(source)];
    const cell = (name: string): unknown =>
      batch!.columns[traces.columns.findIndex((column) => column.name === name)]![0];
    expect([cell('complete'), cell('success'), cell('events')]).toEqual([false, null, source.store.length]);
  });

  it('have names that no other table and no other column has', () => {
    const names = tables.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { columns } of tables) {
      const all = [...corpusColumns, ...columns].map(({ name }) => name);
      expect(new Set(all).size).toBe(all.length);
      for (const name of all) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });

  it('come in batches of no more rows than asked for, and the same rows in whatever batches', () => {
    const source = sourceOf(syntheticTrace());
    for (const table of tables) {
      const small = [...table.batches(source, 7)];
      const large = [...table.batches(source, 100_000)];
      expect(Math.max(0, ...small.map(({ rowCount }) => rowCount))).toBeLessThanOrEqual(7);
      const joined = table.columns.map((_, index) => small.flatMap(({ columns }) => columns[index]!));
      const whole = table.columns.map((_, index) => large.flatMap(({ columns }) => columns[index]!));
      expect(joined).toEqual(whole);
    }
  });
});

describe('tablesNamedIn', () => {
  const named = (sql: string): string[] => tablesNamedIn(sql).map(({ name }) => name);

  it('finds the tables that a query names, in whatever case', () => {
    expect(named('select * from CALLS join "frames" using (trace)')).toEqual(['calls', 'frames']);
    expect(named('select 1')).toEqual([]);
  });

  it.each(["from query_table('calls')", "from query('from ca' || 'lls')", 'from U&"\\0063alls"'])(
    'takes all where the text could make a name up: %s',
    (sql) => {
      expect(named(sql)).toHaveLength(tables.length);
    },
  );
});

describe('corpusName', () => {
  it.each([
    ['/tmp/a b/transfer.sweep', 'transfer'],
    ['C:\\traces\\first run.SWEEP', 'first-run'],
    ['2026-11-23.sweep', 't-2026-11-23'],
    ['7', 't-7'],
    ['../..', 't-..'],
    ['a=b/ü.sweep', 't--'],
  ])('makes of %s the name %s', (file, name) => {
    expect(corpusName(file)).toBe(name);
  });
});

describe('bigintOf', () => {
  it.each([
    [1.9, 1n],
    [-3, -3n],
    [2 ** 53, 9007199254740992n],
    [1e300, 2n ** 63n - 1n],
    [-Infinity, -(2n ** 63n - 1n)],
    [NaN, 0n],
  ])('makes of %d what 64 bits hold', (number, expected) => {
    expect(bigintOf(number)).toBe(expected);
  });
});

describe('splitEndpoint', () => {
  it.each([
    ['192.0.2.1:49152', { address: '192.0.2.1', port: 49152 }],
    ['[2001:db8::1]:7', { address: '2001:db8::1', port: 7 }],
    ['2001:db8::1:7', { address: '2001:db8::1', port: 7 }],
    ['pipe', undefined],
  ])('takes %s apart', (text, expected) => {
    expect(splitEndpoint(text)).toEqual(expected);
  });
});
