/** Makes a readable trace of a recording whose thread has died, in its place. */
import { renameSync, rmSync } from 'node:fs';
import { recoverTrace } from '../../shared/trace/recovery';
import { FileSource } from '../files/fileSource';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibCodec } from '../files/zlibCodec';

/** Answers whether it could be done; where it could not, the file stays as it was left. */
export async function recoverFile(path: string): Promise<boolean> {
  const temporary = `${path}.recovering`;
  try {
    const source = new FileSource(path);
    try {
      const sink = new TraceFileSink(temporary);
      try {
        const recovered = await recoverTrace(source, sink, zlibCodec);
        if (!recovered.ok) return false;
      } finally {
        sink.close();
      }
    } finally {
      source.close();
    }
    renameSync(temporary, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return false;
  } finally {
    rmSync(temporary, { force: true });
  }
}
