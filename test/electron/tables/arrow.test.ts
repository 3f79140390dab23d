/**
 * Arrow IPC files, read by flechette: a reader that shares no code with the library that wrote them. What it reads is compared with the trace,
 * and with what Apache's library reads.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as flechette from '@uwdata/flechette';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTargets } from '../../../electron/cli/exportTargets';
import { arrowFile } from '../../../electron/tables/arrow';
import { tables } from '../../../shared/export/tables';
import {
  bigintOf,
  type Cell,
  type ColumnType,
  type Table,
  type TableSource,
} from '../../../shared/export/tableTypes';
import { sourceOf } from '../../harness/corpus';
import { recordScenario } from '../../harness/recordScenario';
import { syntheticTrace } from '../../harness/syntheticTrace';

/** How a value of Arrow is compared: bytes in hexadecimal digits, so that kinds of arrays don't matter. */
function comparable(value: unknown): unknown {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : value;
}

/** What a cell is in Arrow. */
function expected(type: ColumnType, cell: Cell): unknown {
  if (cell === null) return null;
  return type === 'bigint' ? bigintOf(Number(cell)) : comparable(cell);
}

/** The columns of a table as they come out of the trace. */
function cellsOf(table: Table, source: TableSource): unknown[][] {
  const columns: unknown[][] = table.columns.map(() => []);
  for (const batch of table.batches(source))
    for (const [index, cells] of batch.columns.entries())
      for (const cell of cells) columns[index]!.push(expected(table.columns[index]!.type, cell));
  return columns;
}

const typeNames: Readonly<Record<ColumnType, flechette.DataType>> = {
  bigint: flechette.int64(),
  integer: flechette.int32(),
  double: flechette.float64(),
  boolean: flechette.bool(),
  varchar: flechette.utf8(),
  blob: flechette.binary(),
};

function readIndependently(bytes: Uint8Array): flechette.Table {
  return flechette.tableFromIPC(bytes, { useBigInt: true });
}

describe.each([
  [
    'a transfer with losses',
    () => recordScenario('transfer', { seed: 4, fileBytes: 150_000, loss: 0.02 }).bytes,
  ],
  ['a trace that was made by hand', () => syntheticTrace()],
  ['a trace that is cut', () => syntheticTrace({ withoutEnd: true })],
])('the Arrow files of %s', (_what, bytes) => {
  let folder = '';
  let source: TableSource;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-arrow-'));
    source = sourceOf(bytes());
    const target = exportTargets.find(({ name }) => name === 'arrow')!;
    const written = await target.write({
      source,
      name: 'trace',
      out: folder,
      texts: 'safe',
      replace: false,
      told: () => undefined,
    });
    expect(written.ok).toBe(true);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(tables.map((table) => [table.name, table] as const))('table %s', (name, table) => {
    const file = (): Uint8Array => readFileSync(path.join(folder, `${name}.arrow`));

    it('has the columns with their types, nullability and meanings', () => {
      const { fields, metadata } = readIndependently(file()).schema;
      expect(
        fields.map((field) => ({
          name: field.name,
          type: field.type,
          nullable: field.nullable,
          meaning: field.metadata.get('meaning'),
        })),
      ).toEqual(
        table.columns.map(({ name: column, type, nullable, meaning }) => ({
          name: column,
          type: typeNames[type],
          nullable,
          meaning,
        })),
      );
      expect(metadata?.get('meaning')).toBe(table.meaning);
    });

    it('has the rows of the trace, value by value and null by null', () => {
      const read = readIndependently(file());
      const cells = cellsOf(table, source);
      expect(read.numRows).toBe(cells[0]!.length);
      for (const [index, { name: column }] of table.columns.entries()) {
        const values = read.getChildAt<unknown>(index);
        expect(Array.from(values, comparable), column).toEqual(cells[index]);
        expect(values.nullCount, column).toBe(cells[index]!.filter((cell) => cell === null).length);
      }
    });

    it("is the same to Apache's library", () => {
      const theirs = arrow.tableFromIPC(file());
      const read = readIndependently(file());
      expect(theirs.numRows).toBe(read.numRows);
      expect(theirs.batches.length).toBe(read.children[0]!.data.length);
      for (let index = 0; index < table.columns.length; index++)
        expect(Array.from(theirs.getChildAt(index)!, comparable), table.columns[index]!.name).toEqual(
          Array.from(read.getChildAt<unknown>(index), comparable),
        );
    });
  });
});

describe('an Arrow file', () => {
  const numbers: Table = {
    name: 'numbers',
    meaning: 'Values at the edges',
    columns: [
      { name: 'big', type: 'bigint', nullable: true, meaning: 'a' },
      { name: 'small', type: 'integer', nullable: false, meaning: 'b' },
      { name: 'real', type: 'double', nullable: true, meaning: 'c' },
      { name: 'truth', type: 'boolean', nullable: true, meaning: 'd' },
      { name: 'text', type: 'varchar', nullable: true, meaning: 'e' },
      { name: 'bytes', type: 'blob', nullable: true, meaning: 'f' },
    ],
    *batches() {
      for (let first = 0; first < 3000; first += 1000) {
        const rows = Array.from({ length: 1000 }, (_, index) => first + index);
        const edges = [2 ** 53 - 1, -(2 ** 53) + 1, null, 0];
        yield {
          rowCount: rows.length,
          columns: [
            rows.map((row) => edges[row % 4]!),
            rows.map((row) => (row % 2 === 0 ? row : -(2 ** 31) + row)),
            rows.map((row) => [Math.PI * row, null, -0, Number.MAX_VALUE][row % 4]!),
            rows.map((row) => [true, null, false][row % 3]!),
            rows.map((row) => ['', null, 'größer 🧹', 'x'.repeat(row)][row % 4]!),
            rows.map((row) => [new Uint8Array(0), null, new Uint8Array(row).fill(row)][row % 3]!),
          ],
        };
      }
    },
  };
  const source = sourceOf(syntheticTrace());

  async function fileOf(table: Table): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of arrowFile(arrow, table, source)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  it('keeps several record batches, and values at the edges of their types', async () => {
    const read = readIndependently(await fileOf(numbers));
    expect(read.children[0]!.data).toHaveLength(3);
    const cells = cellsOf(numbers, source);
    for (const index of numbers.columns.keys())
      expect(Array.from(read.getChildAt<unknown>(index), comparable)).toEqual(cells[index]);
  });

  it('of a table without rows has its columns', async () => {
    const empty: Table = { ...numbers, *batches() {} };
    const read = readIndependently(await fileOf(empty));
    expect(read.numRows).toBe(0);
    expect(read.names).toEqual(numbers.columns.map(({ name }) => name));
  });

  it('ends with the error of the rows where these have one', async () => {
    const failing: Table = {
      ...numbers,
      *batches() {
        yield* numbers.batches(source);
        throw new Error('no further rows');
      },
    };
    await expect(fileOf(failing)).rejects.toThrow('no further rows');
  });
});
