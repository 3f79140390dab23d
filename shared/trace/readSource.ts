/** Reads all of a source into a reader, piece by piece. */
import type { Result } from '../base/result';
import type { TraceEnding, TraceError } from './traceError';
import type { TraceReader } from './traceReader';
import type { TraceSource } from './traceSource';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/** See the file's head; answers how the trace ended. `onProgress` is told how far it has come, 0 to 1. */
export async function readSource(
  source: TraceSource,
  reader: TraceReader,
  onProgress: (fraction: number) => void,
): Promise<Result<TraceEnding, TraceError>> {
  for (let offset = 0; offset < source.size; offset += pieceLength) {
    const pushed = reader.push(await source.read(offset, Math.min(pieceLength, source.size - offset)));
    if (!pushed.ok) return pushed;
    onProgress(offset / source.size);
  }
  return reader.close();
}
