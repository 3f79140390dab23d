/** `chimneysweep query`: SQL over traces. */
import { Option, type Command } from 'commander';
import { corpusColumns, tables } from '../../shared/export/tables';
import { TraceDatabase } from '../tables/traceDatabase';
import { corpusNames, openForTables } from './corpus';
import { writeOut } from './standardOutput';
import { complain } from './complain';
import { ProgressLine } from './progressLine';
import { printRows, queryFormats, type QueryFormat } from './queryOutput';

interface QueryOptions {
  readonly format: QueryFormat;
  readonly json?: boolean;
  readonly schema?: boolean;
}

/** Adds the verb to the program. */
export function addQueryCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('query')
    .description('Ask traces in SQL (DuckDB), over the tables that docs/sql.md describes.')
    .argument('[words...]', 'one or more .sweep files, and the query last')
    .addOption(new Option('--format <format>', 'how rows are printed').choices(queryFormats).default('table'))
    .option('--json', 'the same as --format json')
    .option('--schema', 'print the tables and their columns instead')
    .addHelpText(
      'after',
      '\nExit codes: 0 answered, 1 answered, but a trace is cut or damaged, 2 not answered.',
    )
    .action(async (words: readonly string[], options: QueryOptions) => {
      exitWith(await query(words, options));
    });
}

/** Tables and columns, for people or as JSON. */
export function schemaText(format: QueryFormat): string {
  if (format === 'json') {
    const described = tables.map(({ name, meaning, columns }) => ({
      name,
      meaning,
      columns: [...corpusColumns, ...columns].map((column) => ({
        name: column.name,
        type: column.type,
        nullable: column.nullable,
        meaning: column.meaning,
      })),
    }));
    return JSON.stringify(described, null, 2) + '\n';
  }
  const line = (name: string, type: string, nullable: boolean, meaning: string): string =>
    `  ${name.padEnd(24)} ${(nullable ? `${type}, null` : type).padEnd(14)} ${meaning}\n`;
  const describe = (columns: typeof corpusColumns): string =>
    columns.map(({ name, type, nullable, meaning }) => line(name, type, nullable, meaning)).join('');
  return (
    `Every table begins with these columns:\n${describe(corpusColumns)}\n` +
    tables.map(({ name, meaning, columns }) => `${name}: ${meaning}\n${describe(columns)}`).join('\n')
  );
}

async function query(words: readonly string[], options: QueryOptions): Promise<number> {
  const format = options.json === true ? 'json' : options.format;
  if (options.schema === true) {
    process.stdout.write(schemaText(format));
    return 0;
  }
  const paths = words.slice(0, -1);
  const sql = words.at(-1);
  if (sql === undefined || paths.length === 0)
    return complain('Name a trace, and then the query: chimneysweep query FILE.sweep "SELECT ..."');
  const created = await TraceDatabase.create(sql);
  if (!created.ok) return complain(created.error);
  const database = created.value;
  let endWait = (): void => undefined;
  try {
    let code = 0;
    const names = corpusNames(paths);
    for (const [index, path] of paths.entries()) {
      const opened = openForTables(path, names[index]!);
      if (!opened.ok) return complain(opened.error);
      const { source, name, flaw } = opened.value;
      if (flaw !== undefined) {
        process.stderr.write(`chimneysweep: ${path}: ${flaw}\n`);
        code = 1;
      }
      const progress = new ProgressLine(name);
      await database.add(source, name, (what) => {
        progress.tell(what);
      });
      progress.clear();
    }
    await database.lock();
    endWait = new ProgressLine('query').wait('at work');
    const answered = await database.query(sql);
    if (!answered.ok) return complain(answered.error.message);
    // Rows are made while they are printed: the first ones end the waiting.
    const print = (text: string): Promise<void> => {
      endWait();
      return writeOut(text);
    };
    const failure = await database.guard(() => printRows(answered.value, format, print));
    endWait();
    return failure === undefined ? code : complain(failure.message);
  } finally {
    endWait();
    database.close();
  }
}
