/** Makes a recording that lies in a file what it is when it is saved: compact, and independent of when it was flushed. */
import { renameSync, rmSync } from 'node:fs';
import { compressTrace, rewriteTrace } from '../../shared/trace/compaction';
import { TraceFile } from '../../shared/trace/traceFile';
import { FileSource } from './fileSource';
import { TraceFileSink } from './traceFileSink';
import { zlibCodec } from './zlibCodec';

/**
 * Compacts a recording in its place. Until that is done the file stays as it is, so that nothing is lost when it can't be.
 * @param wasFlushed whether chunks were closed before they were full, by a clock
 * @throws Error (with Node's `code`) if the disk takes no more
 */
export async function saveTrace(
  path: string,
  wasFlushed: boolean,
  onProgress?: (fraction: number) => void,
): Promise<void> {
  const source = new FileSource(path);
  const temporary = `${path}.saving`;
  try {
    const sink = new TraceFileSink(temporary);
    try {
      if (wasFlushed) {
        const rewritten = await rewriteTrace(source, sink, zlibCodec, onProgress);
        if (!rewritten.ok) throw new Error(rewritten.error.message);
        // Somebody has changed the file: what stands behind the damage would be lost.
        if (rewritten.value.ending.kind === 'damaged') throw new Error(rewritten.value.ending.message);
      } else {
        const file = await TraceFile.open(source, { codec: zlibCodec });
        if (!file.ok) throw new Error(file.error.message);
        await compressTrace(file.value, source, sink, zlibCodec, onProgress);
      }
    } finally {
      sink.close();
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    source.close();
  }
}
