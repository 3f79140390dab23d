/** A trace is put where the user wants it: a whole one, or what stands there stays. */
import { copyFileSync, renameSync, rmSync } from 'node:fs';

/**
 * Copies a trace beside its place and then into it, so that neither a full disk nor the death of the process leaves half of it.
 * @throws Error (with Node's `code`) if it can't be read or written; then nothing is left behind
 */
export function copyTrace(from: string, to: string): void {
  const temporary = `${to}.saving`;
  try {
    copyFileSync(from, temporary);
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
