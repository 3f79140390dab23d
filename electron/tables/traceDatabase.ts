/**
 * Traces as tables of a database in memory, for SQL. A trace and a query are data: once the tables are there, the database can reach no
 * file, no network and no extension, and its settings can't be changed.
 */
import type { DuckDBConnection, DuckDBInstance, DuckDBResult } from '@duckdb/node-api';
import { fail, succeed, type Result } from '../../shared/base/result';
import { tables, tablesNamedIn } from '../../shared/export/tables';
import type { Table, TableSource } from '../../shared/export/tableTypes';
import { engineProblem, loadDuckDb, sqlName, sqlText, type DuckDbModule } from './duckdb';
import { createTable, fillTable } from './tableFiller';

/** Schema in which the rows of each trace are; the views over them are in the main one. */
const storage = 'storage';

/** What was wrong with a query, with its place in the text. */
export interface QueryProblem {
  readonly code: 'query';
  readonly message: string;
}

/** See the file's head. Add traces, `lock`, and ask. */
export class TraceDatabase {
  /** Parts of each view: one SELECT a trace. */
  private readonly parts = new Map<string, string[]>(tables.map(({ name }) => [name, []]));
  private added = 0;

  private constructor(
    private readonly duckdb: DuckDbModule,
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly filled: readonly Table[],
  ) {}

  /** A database that is to answer a query: it fills those tables that the query names. */
  static async create(sql: string): Promise<Result<TraceDatabase, string>> {
    const duckdb = await loadDuckDb();
    if (!duckdb.ok) return duckdb;
    const instance = await duckdb.value.DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    // Nothing is spilled to the folder in which somebody happens to ask.
    await connection.run(`SET temp_directory = ''; CREATE SCHEMA ${storage}`);
    return succeed(new TraceDatabase(duckdb.value, instance, connection, tablesNamedIn(sql)));
  }

  /** Adds a trace under a name that no other has. `told` hears what is being filled. */
  async add(
    source: TableSource,
    name: string,
    told: (what: string) => void = () => undefined,
  ): Promise<void> {
    const { scenario, seed } = source.store.header;
    const number = this.added++;
    for (const table of this.filled) {
      const place = { schema: storage, name: `${table.name}_${number}` };
      const quoted = `${storage}.${sqlName(place.name)}`;
      await createTable(this.connection, quoted, table);
      await fillTable(this.duckdb, this.connection, place, table, table.batches(source), (rows) => {
        told(`${table.name}, ${rows} rows`);
      });
      this.parts
        .get(table.name)!
        .push(
          `SELECT ${sqlText(scenario)} AS scenario, ${seed}::BIGINT AS seed, ${sqlText(name)} AS trace, * FROM ${quoted}`,
        );
    }
  }

  /** Makes the views and closes every way out. */
  async lock(): Promise<void> {
    for (const table of tables) {
      let parts = this.parts.get(table.name)!;
      if (parts.length === 0) {
        const quoted = `${storage}.${sqlName(`${table.name}_none`)}`;
        await createTable(this.connection, quoted, table);
        parts = [`SELECT '' AS scenario, 0::BIGINT AS seed, '' AS trace, * FROM ${quoted}`];
      }
      await this.connection.run(`CREATE VIEW ${sqlName(table.name)} AS ${parts.join(' UNION ALL ')}`);
    }
    for (const setting of [
      'autoinstall_known_extensions = false',
      'autoload_known_extensions = false',
      'enable_external_access = false',
      'lock_configuration = true',
    ])
      await this.connection.run(`SET ${setting}`);
  }

  /** Runs the statements of a query; the rows of the last one come out in pieces. */
  async query(sql: string): Promise<Result<DuckDBResult, QueryProblem>> {
    try {
      return succeed(await this.connection.stream(sql));
    } catch (error) {
      return fail({ code: 'query', message: engineProblem(error) });
    }
  }

  /** Reads rows of a query; answers what was wrong with it where that shows only now. */
  async guard(read: () => Promise<unknown>): Promise<QueryProblem | undefined> {
    try {
      await read();
      return undefined;
    } catch (error) {
      return { code: 'query', message: engineProblem(error) };
    }
  }

  /** Gives back what the engine holds. */
  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
