/** DuckDB, loaded when somebody asks for it and not before. */
import type * as DuckDb from '@duckdb/node-api';
import { fail, succeed, type Result } from '../../shared/base/result';

/** What the package exports. */
export type DuckDbModule = typeof DuckDb;

/** Loads the engine; answers the remedy where that is not possible. */
export async function loadDuckDb(): Promise<Result<DuckDbModule, string>> {
  try {
    return succeed(await import('@duckdb/node-api'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return fail(`The SQL engine can't be loaded (${why}). Run npm ci in the folder of Chimneysweep.`);
  }
}

/** First paragraph of what the engine complains about: the sentence, and where in the SQL. */
export function engineProblem(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trimEnd();
}

/** An SQL text constant. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An SQL name. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
