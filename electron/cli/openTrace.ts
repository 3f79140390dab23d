/** Reads a whole trace file for a verb of the command line. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { TraceModel } from '../../shared/analysis/traceModel';
import { filePieces } from '../files/filePieces';
import { fileProblem } from '../files/fileProblem';
import { ProgressLine } from './progressLine';
import { flawOf } from '../../shared/trace/traceError';
import type { TraceListener } from '../../shared/trace/traceReader';
import { zlibCodec } from '../files/zlibCodec';

/** A trace as far as it could be read. */
export interface OpenedTrace {
  readonly model: TraceModel;
  /** What is wrong with the rest of the file; undefined if it is whole. */
  readonly flaw: string | undefined;
}

/** Reads a file; the error is for people and names the file. `further` see the records as well. */
export function openTrace(path: string, further: readonly TraceListener[] = []): Result<OpenedTrace, string> {
  const progress = new ProgressLine('read');
  const model = new TraceModel(zlibCodec, further);
  try {
    const pieces = filePieces(path, (fraction) => {
      progress.show(fraction);
    });
    for (const piece of pieces) {
      const pushed = model.push(piece);
      if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  } finally {
    progress.clear();
  }
  const ending = model.close();
  if (!ending.ok) return fail(`${path}: ${ending.error.message}`);
  return succeed({ model, flaw: flawOf(ending.value) });
}
