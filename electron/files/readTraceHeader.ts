/** Reads what a trace says of itself, and no more of its file than that takes. */
import { fail, succeed, type Result } from '../../shared/base/result';
import type { TraceHeader } from '../../shared/trace/records';
import { TraceReader } from '../../shared/trace/traceReader';
import { filePieces } from './filePieces';
import { fileProblem } from './fileProblem';
import { zlibCodec } from './zlibCodec';

/** The header of a trace file; the error is for people and names the file. */
export function readTraceHeader(path: string): Result<TraceHeader, string> {
  const reader = new TraceReader([], zlibCodec);
  try {
    for (const piece of filePieces(path)) {
      const pushed = reader.push(piece);
      if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
      if (reader.store !== undefined) return succeed(reader.store.header);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const ending = reader.close();
  return ending.ok && reader.store !== undefined
    ? succeed(reader.store.header)
    : fail(`${path}: ${ending.ok ? 'There is no header.' : ending.error.message}`);
}
