/** How the rows of a query are printed: aligned, as CSV, or as JSON. */
import type { DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { csvRecord } from '../../shared/export/csv';
import { hexBytes } from '../../shared/ddi/addressText';

/** Ways to print rows. */
export const queryFormats = ['table', 'csv', 'json'] as const;

/** A way to print rows. */
export type QueryFormat = (typeof queryFormats)[number];

/** A value for JSON. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Objects of the engine are told apart by what is in them: its classes are not loaded here. */
function nested(
  value: object,
):
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'json'; readonly json: Json }
  | undefined {
  if ('bytes' in value && value.bytes instanceof Uint8Array) return { kind: 'bytes', bytes: value.bytes };
  if ('items' in value && Array.isArray(value.items))
    return { kind: 'json', json: (value.items as DuckDBValue[]).map(jsonOf) };
  if ('entries' in value && Array.isArray(value.entries)) {
    const entries = value.entries as { readonly key: DuckDBValue; readonly value: DuckDBValue }[];
    return {
      kind: 'json',
      json: entries.map((entry) => ({ key: jsonOf(entry.key), value: jsonOf(entry.value) })),
    };
  }
  if ('entries' in value && typeof value.entries === 'object' && value.entries !== null) {
    const entries = Object.entries(value.entries as Readonly<Record<string, DuckDBValue>>);
    return { kind: 'json', json: Object.fromEntries(entries.map(([name, inner]) => [name, jsonOf(inner)])) };
  }
  return undefined;
}

/**
 * A value as JSON: numbers as long as they are exact, whole numbers beyond 2^53 and what is no JSON number as text, bytes as
 * hexadecimal digits, lists and structures as such, the rest as the engine writes it.
 */
export function jsonOf(value: DuckDBValue): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  const inner = nested(value);
  if (inner?.kind === 'bytes') return hexBytes(inner.bytes, '');
  return inner?.kind === 'json' ? inner.json : String(value);
}

/** A value as a field of CSV or a table; null stays null. */
function plainOf(value: DuckDBValue): string | number | bigint | boolean | null {
  if (typeof value === 'bigint') return value;
  const json = jsonOf(value);
  return typeof json === 'object' && json !== null ? JSON.stringify(json) : json;
}

/** Characters that would move the cursor of a terminal, or hide something: a trace may come from anybody. */
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function forTerminal(value: DuckDBValue): string {
  const plain = plainOf(value);
  return plain === null ? 'NULL' : String(plain).replace(controls, '\ufffd');
}

/** Most rows whose widths decide how wide columns are; a longer answer goes on in the same columns. */
const rowsMeasured = 2048;

/** Prints all rows; answers how many there were. */
export async function printRows(
  result: DuckDBResult,
  format: QueryFormat,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const names = result.deduplicatedColumnNames();
  let rows = 0;
  if (format === 'csv') {
    await write(csvRecord(names, 'exact'));
    for await (const piece of result.yieldRows()) {
      await write(piece.map((row) => csvRecord(row.map(plainOf), 'safe')).join(''));
      rows += piece.length;
    }
    return rows;
  }
  if (format === 'json') {
    await write('[');
    for await (const piece of result.yieldRows()) {
      let text = '';
      for (const row of piece) {
        const entries = row.map((value, index) => [names[index]!, jsonOf(value)] as const);
        text += `${rows++ === 0 ? '\n' : ',\n'}  ${JSON.stringify(Object.fromEntries(entries))}`;
      }
      await write(text);
    }
    await write(rows === 0 ? ']\n' : '\n]\n');
    return rows;
  }
  let widths: readonly number[] | undefined;
  let numeric: readonly boolean[] = [];
  for await (const piece of result.yieldRows()) {
    const texts = piece.map((row) => row.map(forTerminal));
    if (widths === undefined) {
      const measured = texts.slice(0, rowsMeasured);
      widths = names.map((name, index) =>
        Math.max(name.length, ...measured.map((row) => row[index]!.length)),
      );
      numeric = names.map((_, index) =>
        piece.every((row) => row[index] === null || typeof row[index] !== 'string'),
      );
      await write(tableLine(names, widths, numeric));
      await write(widths.map((width) => '─'.repeat(width)).join('  ') + '\n');
    }
    const columns = widths;
    await write(texts.map((row) => tableLine(row, columns, numeric)).join(''));
    rows += piece.length;
  }
  if (widths === undefined) await write(names.join('  ') + '\n');
  await write(`(${rows} ${rows === 1 ? 'row' : 'rows'})\n`);
  return rows;
}

function tableLine(texts: readonly string[], widths: readonly number[], numeric: readonly boolean[]): string {
  const cells = texts.map((text, index) =>
    numeric[index] === true ? text.padStart(widths[index]!) : text.padEnd(widths[index]!),
  );
  return cells.join('  ').trimEnd() + '\n';
}
