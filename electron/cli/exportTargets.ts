/** What a trace can be exported to, and how each is written. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Result } from '../../shared/base/result';
import { succeed } from '../../shared/base/result';
import { chromeJson } from '../../shared/export/chromeJson';
import { csvHead, csvRecord, type CsvTexts } from '../../shared/export/csv';
import { htmlReport } from '../../shared/export/htmlReport';
import { perfettoTrace } from '../../shared/export/perfetto';
import { tables } from '../../shared/export/tables';
import type { TableSource } from '../../shared/export/tableTypes';
import { TraceFileSink } from '../files/traceFileSink';
import { arrowFile, loadArrow } from '../tables/arrow';
import { partitionsOf, writeParquet } from '../tables/parquet';

/** One file that an export wrote. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** Rows of a table; undefined for what is none. */
  readonly rows?: number;
}

/** What an export is to do. */
export interface ExportJob {
  readonly source: TableSource;
  /** Name of the trace: that of its file. */
  readonly name: string;
  /** The file or folder. */
  readonly out: string;
  readonly texts: CsvTexts;
  /** Whether what is there already may be replaced. */
  readonly replace: boolean;
  /** Hears what is being written, for a progress line. */
  readonly told: (what: string) => void;
}

/** A way out of a trace that is made from its model. */
export interface ExportTarget {
  readonly name: string;
  readonly describes: string;
  /** What `--out` is where nobody says it. */
  readonly defaultOut: (name: string) => string;
  /** @throws Error (with Node's `code`) if the place can't be written. */
  readonly write: (job: ExportJob) => Promise<Result<readonly WrittenFile[], string>>;
}

const encoder = new TextEncoder();

/** Writes a file out of pieces, telling the bytes behind each; answers what it is. */
export async function writeFilePieces(
  file: string,
  pieces: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  told: (what: string) => void = () => undefined,
): Promise<WrittenFile> {
  const sink = new TraceFileSink(file);
  try {
    for await (const piece of pieces) {
      sink.write(typeof piece === 'string' ? encoder.encode(piece) : piece);
      told(`${(sink.bytesWritten / 1e6).toFixed(1)} MB written`);
    }
    return { path: file, bytes: sink.bytesWritten };
  } finally {
    sink.close();
  }
}

async function writeCsv({
  source,
  out,
  texts,
  told,
}: ExportJob): Promise<Result<readonly WrittenFile[], string>> {
  mkdirSync(out, { recursive: true });
  const files: WrittenFile[] = [];
  for (const table of tables) {
    told(table.name);
    let rows = 0;
    const records = function* (): Generator<string> {
      yield csvHead(table.columns);
      for (const { rowCount, columns } of table.batches(source)) {
        let text = '';
        for (let row = 0; row < rowCount; row++)
          text += csvRecord(
            columns.map((cells) => cells[row]!),
            texts,
          );
        rows += rowCount;
        told(`${table.name}, ${rows} rows`);
        yield text;
      }
    };
    const written = await writeFilePieces(path.join(out, `${table.name}.csv`), records());
    files.push({ ...written, rows });
  }
  return succeed(files);
}

async function writeArrow({ source, out, told }: ExportJob): Promise<Result<readonly WrittenFile[], string>> {
  const arrow = await loadArrow();
  if (!arrow.ok) return arrow;
  mkdirSync(out, { recursive: true });
  const files: WrittenFile[] = [];
  for (const table of tables) {
    told(table.name);
    const file = path.join(out, `${table.name}.arrow`);
    const tell = (what: string): void => {
      told(`${table.name}, ${what}`);
    };
    files.push(await writeFilePieces(file, arrowFile(arrow.value, table, source), tell));
  }
  return succeed(files);
}

async function writeParquetCorpus(job: ExportJob): Promise<Result<readonly WrittenFile[], string>> {
  const { source, name, out, replace, told } = job;
  if (!replace && partitionsOf(out, name).length > 0)
    return {
      ok: false,
      error: `${out} has a trace ${name} already. Give --replace to put this one in its place, or rename the file.`,
    };
  const written = await writeParquet(source, name, out, told);
  if (!written.ok) return written;
  return succeed(
    written.value.map(({ files, rows, bytes }) => ({ path: path.dirname(files[0]!), rows, bytes })),
  );
}

/** All of them but pcapng, which is made while the trace is read. */
export const exportTargets: readonly ExportTarget[] = [
  {
    name: 'perfetto',
    describes: 'tracks, flows and counters for ui.perfetto.dev',
    defaultOut: (name) => `${name}.pftrace`,
    write: async ({ source, out, told }) =>
      succeed([await writeFilePieces(out, perfettoTrace(source), told)]),
  },
  {
    name: 'chrome-json',
    describes: "the same in the JSON of Chrome's tracing",
    defaultOut: (name) => `${name}.trace.json`,
    write: async ({ source, out, told }) => succeed([await writeFilePieces(out, chromeJson(source), told)]),
  },
  {
    name: 'html',
    describes: 'a report in one file, without a script',
    defaultOut: (name) => `${name}.html`,
    write: async ({ source, out, told }) => succeed([await writeFilePieces(out, htmlReport(source), told)]),
  },
  {
    name: 'csv',
    describes: 'a folder with a CSV file for each table of docs/sql.md',
    defaultOut: (name) => `${name}-csv`,
    write: writeCsv,
  },
  {
    name: 'parquet',
    describes: 'a corpus of Parquet files, to which further traces can be added',
    defaultOut: () => 'corpus',
    write: writeParquetCorpus,
  },
  {
    name: 'arrow',
    describes: 'a folder with an Arrow IPC file for each table',
    defaultOut: (name) => `${name}-arrow`,
    write: writeArrow,
  },
];
