/** Several traces of the command line as a corpus: opened one after the other, each with a name of its own. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { corpusName } from '../../shared/export/tables';
import type { TableSource } from '../../shared/export/tableTypes';
import { openTrace } from './openTrace';

/** A trace of a corpus. */
export interface CorpusTrace {
  readonly path: string;
  /** Its name in the corpus. */
  readonly name: string;
  readonly source: TableSource;
  /** What is wrong with the rest of the file; undefined if it is whole. */
  readonly flaw: string | undefined;
}

/** Names for the traces in these files: those of the files, with a number where two are the same. */
export function corpusNames(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const plain = corpusName(path);
    let name = plain;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${plain}-${number}`;
    // Folders differ by more than case only on some systems.
    taken.add(name.toLowerCase());
    return name;
  });
}

/** Opens one trace of a corpus; the error is for people. */
export function openForTables(path: string, name: string): Result<CorpusTrace, string> {
  const opened = openTrace(path);
  if (!opened.ok) return opened;
  const { model, flaw } = opened.value;
  const { store } = model;
  if (store === undefined) return fail(`${path}: it has no header.`);
  return succeed({ path, name, flaw, source: { model, store, complete: flaw === undefined } });
}
