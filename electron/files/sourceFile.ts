import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { fail, succeed, type Result } from '../../shared/base/result';
import { largestFileBytes } from '../../shared/contract/recording';
import { magic } from '../../shared/trace/layout';
import { fileProblem } from './fileProblem';

/** Reads a file that a scenario is to carry. The error is a sentence. */
export function readSourceFile(path: string): Result<Uint8Array, string> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const facts = fstatSync(descriptor);
      if (!facts.isFile()) return fail(`${path} is no ordinary file. Name a file.`);
      if (facts.size > largestFileBytes) {
        return fail(
          `${path} has ${facts.size} bytes; a scenario carries at most ${largestFileBytes}. Choose a smaller file.`,
        );
      }
      if (facts.size === 0) return fail(`${path} is empty: there is nothing to send. Choose another file.`);
      return succeed(new Uint8Array(readFileSync(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
}

/** Whether a file is to be opened as a trace: it is named like one or begins like one. The error is a sentence. */
export function looksLikeTrace(path: string): Result<boolean, string> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      if (path.toLowerCase().endsWith('.sweep')) return succeed(true);
      const start = new Uint8Array(magic.length);
      const count = readSync(descriptor, start, 0, start.length, 0);
      return succeed(count === magic.length && magic.every((byte, index) => start[index] === byte));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
}
