/**
 * CSV by RFC 4180: CRLF behind each record, quotes around what needs them, quotes doubled inside. Null is an empty field, and the empty
 * text is `""`; bytes are hexadecimal digits.
 *
 * A spreadsheet takes a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula, and a trace may come from
 * anybody. Such texts get an apostrophe before them unless the exact text is asked for. Numbers are never touched.
 */
import { hexBytes } from '../ddi/addressText';
import type { Cell, TableColumn } from './tableTypes';

/** Which texts are written. */
export type CsvTexts = 'safe' | 'exact';

const formulaStart = /^[=+\-@\t\r]/;

/** One field. */
export function csvField(cell: Cell | bigint, texts: CsvTexts): string {
  if (cell === null) return '';
  if (cell instanceof Uint8Array) return hexBytes(cell, '');
  if (typeof cell !== 'string') return String(cell);
  const text = texts === 'safe' && formulaStart.test(cell) ? `'${cell}` : cell;
  return text === '' || /[",\r\n]/.test(text) || text !== text.trim()
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}

/** One record. */
export function csvRecord(cells: readonly (Cell | bigint)[], texts: CsvTexts): string {
  return cells.map((cell) => csvField(cell, texts)).join(',') + '\r\n';
}

/** The record with the names of columns. */
export function csvHead(columns: readonly Pick<TableColumn, 'name'>[]): string {
  return csvRecord(
    columns.map(({ name }) => name),
    'exact',
  );
}
