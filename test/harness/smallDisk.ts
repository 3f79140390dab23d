/** A disk that is full soon, for what writes. */
import { execFileSync } from 'node:child_process';

/** Mounts a disk of 256 KiB at a folder; answers why that can't be had here, undefined where it was mounted. */
export function mountSmallDisk(folder: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  }
}
