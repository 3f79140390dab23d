/** Opens a trace for a verb that reads here and there instead of all of it. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { rewriteTrace } from '../../shared/trace/compaction';
import { TraceFile } from '../../shared/trace/traceFile';
import { memorySource, type TraceSource } from '../../shared/trace/traceSource';
import { fileProblem } from '../files/fileProblem';
import { FileSource } from '../files/fileSource';
import { zlibCodec } from '../files/zlibCodec';

/** An open trace; `close` gives its file back. */
export interface OpenTraceFile {
  readonly file: TraceFile;
  readonly source: TraceSource;
  /** What is wrong with the end of the file; undefined if it is whole. */
  readonly flaw: string | undefined;
  close(): void;
}

/** Bytes that are written piece by piece. */
class Pieces {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  write(bytes: Uint8Array): void {
    this.pieces.push(bytes.slice());
    this.length += bytes.length;
  }

  joined(): Uint8Array {
    const joined = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }
}

/**
 * Opens a file; the error is for people and names the file. Traces of older versions are upgraded in memory.
 * @param onProgress told how far the walk over a file without an index has come, 0 to 1
 */
export async function openTraceFile(
  path: string,
  onProgress?: (fraction: number) => void,
): Promise<Result<OpenTraceFile, string>> {
  let source: FileSource;
  try {
    source = new FileSource(path);
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const close = (): void => {
    source.close();
  };
  try {
    const opened = await TraceFile.open(source, { codec: zlibCodec, onProgress });
    if (opened.ok) {
      const { flaw } = opened.value;
      const told =
        flaw === undefined
          ? undefined
          : `This trace is not whole: at byte ${flaw.byteOffset} ${flaw.message}. What stands before that is used.`;
      return succeed({ file: opened.value, source, flaw: told, close });
    }
    if (opened.error.code !== 'older-version') {
      close();
      return fail(`${path}: ${opened.error.message}`);
    }
    return await upgraded(path, source, close);
  } catch (error) {
    close();
    return fail(fileProblem(error, 'read', path));
  }
}

async function upgraded(
  path: string,
  source: FileSource,
  close: () => void,
): Promise<Result<OpenTraceFile, string>> {
  const pieces = new Pieces();
  const rewritten = await rewriteTrace(source, pieces, zlibCodec);
  close();
  if (!rewritten.ok) return fail(`${path}: ${rewritten.error.message}`);
  const memory = memorySource(pieces.joined());
  const opened = await TraceFile.open(memory, { codec: zlibCodec });
  if (!opened.ok) return fail(`${path}: ${opened.error.message}`);
  return succeed({ file: opened.value, source: memory, flaw: rewritten.value.flaw, close });
}
