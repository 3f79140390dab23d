/** Reads a whole trace file for a verb of the command line. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fail, succeed, type Result } from '../../shared/base/result';
import { TraceModel } from '../../shared/analysis/traceModel';
import { fileProblem } from '../files/fileProblem';
import { ProgressLine } from './progressLine';
import { zlibCodec } from '../files/zlibCodec';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/** A trace as far as it could be read. */
export interface OpenedTrace {
  readonly model: TraceModel;
  /** What is wrong with the rest of the file; undefined if it is whole. */
  readonly flaw: string | undefined;
}

/** Reads a file; the error is for people and names the file. */
export function openTrace(path: string): Result<OpenedTrace, string> {
  const progress = new ProgressLine('read');
  const model = new TraceModel(zlibCodec);
  try {
    const descriptor = openSync(path, 'r');
    try {
      const piece = new Uint8Array(pieceLength);
      const { size } = fstatSync(descriptor);
      let done = 0;
      for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
        const pushed = model.push(piece.subarray(0, count));
        if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
        done += count;
        progress.show(done / Math.max(1, size));
      }
    } finally {
      progress.clear();
      closeSync(descriptor);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const ending = model.close();
  if (!ending.ok) return fail(`${path}: ${ending.error.message}`);
  return succeed({ model, flaw: ending.value.kind === 'complete' ? undefined : ending.value.message });
}
