/** The documented tables of a trace, in the order of the documentation. */
import type { Table, TableColumn } from './tableTypes';
import { blocks, callArguments, calls, completions, netBufferLists } from './tables/callTables';
import { counters } from './tables/counterTable';
import { events } from './tables/eventTable';
import { frames, packets } from './tables/frameTables';
import { components, connections, notes, settings, traces } from './tables/runTables';
import { objects, ownership, states } from './tables/stateTables';

/** All tables. */
export const tables: readonly Table[] = [
  traces,
  settings,
  components,
  connections,
  notes,
  events,
  calls,
  completions,
  callArguments,
  blocks,
  netBufferLists,
  frames,
  packets,
  objects,
  states,
  ownership,
  counters,
];

/**
 * Columns that every table has in a corpus, before its own: they say which trace a row is from. In Parquet they are the names of
 * folders, in SQL they are columns like any other.
 */
export const corpusColumns: readonly TableColumn[] = [
  {
    name: 'scenario',
    type: 'varchar',
    nullable: false,
    meaning: 'Scenario of the trace, for example `transfer`',
  },
  { name: 'seed', type: 'bigint', nullable: false, meaning: 'Seed of the trace' },
  {
    name: 'trace',
    type: 'varchar',
    nullable: false,
    meaning: 'Name of the trace in the corpus: the key of every join',
  },
];

/** A table by its name. */
export function tableNamed(name: string): Table | undefined {
  return tables.find((candidate) => candidate.name === name);
}

/**
 * Tables that an SQL text may read: those whose names are in it, or all where it might make names up. What it does not read need not be
 * filled.
 */
export function tablesNamedIn(sql: string): readonly Table[] {
  if (/\bquery(_table)?\s*\(|u&"|\\/i.test(sql)) return tables;
  const words = new Set(sql.toLowerCase().match(/\w+/g));
  return tables.filter(({ name }) => words.has(name));
}

/**
 * Name of a trace in a corpus, from the name of its file: letters, digits, `.`, `_` and `-`, beginning with a letter, so that it is the
 * same as the name of a folder, and is taken for no number or date.
 */
export function corpusName(fileName: string): string {
  const plain = fileName
    .replace(/^.*[\\/]/, '')
    .replace(/\.sweep$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-');
  return /^[A-Za-z]/.test(plain) ? plain : `t-${plain}`;
}

/** The tables as Markdown, as they stand in docs/sql.md. */
export function tablesMarkdown(): string {
  const row = ({ name, type, nullable, meaning }: TableColumn): string =>
    `| \`${name}\` | ${type}${nullable ? ', null' : ''} | ${meaning.replaceAll('|', '\\|')} |`;
  const head = ['| Column | Type | Meaning |', '| --- | --- | --- |'];
  const parts = tables.map(({ name, meaning, columns }) =>
    [`### \`${name}\``, '', meaning, '', ...head, ...columns.map(row), ''].join('\n'),
  );
  return [
    ['### In every table', '', 'Which trace a row is from.', '', ...head, ...corpusColumns.map(row), ''].join(
      '\n',
    ),
    ...parts,
  ].join('\n');
}
