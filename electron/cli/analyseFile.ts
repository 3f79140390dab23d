/** Reads a trace file for verbs that need figures of it, and no object per event. */
import { TraceAnalysis } from '../../shared/analysis/traceAnalysis';
import { fail, succeed, type Result } from '../../shared/base/result';
import { TraceReader } from '../../shared/trace/traceReader';
import type { TraceStore } from '../../shared/trace/traceStore';
import { filePieces } from '../files/filePieces';
import { fileProblem } from '../files/fileProblem';
import { flawOf } from '../../shared/trace/traceError';
import { zlibCodec } from '../files/zlibCodec';
import { ProgressLine } from './progressLine';

export { sameFiles } from '../files/sameFiles';

/** A trace as far as it could be read. */
export interface AnalysedFile {
  readonly store: TraceStore;
  readonly analysis: TraceAnalysis;
  /** What is wrong with the rest of the file; undefined if it is whole. */
  readonly flaw: string | undefined;
}

/** Reads a file; the error is for people and names the file. */
export function analyseFile(path: string): Result<AnalysedFile, string> {
  const progress = new ProgressLine('read');
  const analysis = new TraceAnalysis();
  const reader = new TraceReader(analysis.listeners, zlibCodec);
  try {
    const pieces = filePieces(path, (fraction) => {
      progress.show(fraction);
    });
    for (const piece of pieces) {
      const pushed = reader.push(piece);
      if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  } finally {
    progress.clear();
  }
  const ending = reader.close();
  if (!ending.ok) return fail(`${path}: ${ending.error.message}`);
  const flaw = flawOf(ending.value);
  return succeed({ store: reader.store!, analysis, flaw });
}
