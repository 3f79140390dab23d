/** Runs the command line as a user does. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The command line as npx finds it. */
export const launcher = path.resolve(import.meta.dirname, '../../bin/chimneysweep.mjs');

/** What a call of the command line left. */
export interface CommandAnswer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Calls `chimneysweep` with these words and waits for it; the first call may have to build it. */
export function chimneysweep(...words: string[]): CommandAnswer {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}
