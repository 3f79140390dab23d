/** A trace that is made out of another one: written beside its place, so that what stands there is replaced by a whole trace or not at all. */
import { realpathSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { TraceSink } from '../../shared/trace/traceEncoder';
import { TraceFileSink } from './traceFileSink';

function whereItIs(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

/** Whether two names mean one file. */
export function isSameFile(left: string, right: string): boolean {
  return whereItIs(left) === whereItIs(right);
}

/**
 * Lets `write` make the trace, and puts it in its place where `write` says that it is good.
 * @returns what `write` answers
 * @throws Error (with Node's `code`) if the disk takes no more; then nothing is left behind
 */
export async function writeNewTrace<Answer>(
  out: string,
  write: (sink: TraceSink) => Promise<{ readonly isGood: boolean; readonly answer: Answer }>,
): Promise<{ readonly answer: Answer; readonly bytes: number }> {
  const temporary = `${out}.saving`;
  const sink = new TraceFileSink(temporary);
  try {
    const { isGood, answer } = await write(sink);
    sink.close();
    if (isGood) renameSync(temporary, out);
    else rmSync(temporary, { force: true });
    return { answer, bytes: isGood ? sink.bytesWritten : 0 };
  } catch (error) {
    sink.close();
    rmSync(temporary, { force: true });
    throw error;
  }
}
