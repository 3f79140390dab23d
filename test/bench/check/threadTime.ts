/** CPU time of single threads. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where the thread that checks leaves what it took, s. */
export const checkingThreadFile = path.join(tmpdir(), `chimneysweep-checking-${process.pid}`);

/** CPU time of this thread so far, s; NaN where the system doesn't say (it is Linux that does). */
export function threadTime(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e9;
  } catch {
    return NaN;
  }
}
