/**
 * Recordings outlive the app until somebody has saved them: each process records into a folder of its own below one that stays, and the
 * next process offers what it finds in the folders of processes that are gone.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError, LeftRecording } from '../../shared/contract/desktopBridge';
import { fileProblem } from '../files/fileProblem';

const traceSuffix = '.sweep';
const gone = 'The recording is no longer there.';

/** A recording that a process left behind. */
interface Left extends LeftRecording {
  readonly path: string;
  readonly folder: string;
}

/** Whether a process of this number runs; somebody else's counts. */
export function isProcessAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Name of a recording without the number that it has in its folder. */
function plainName(file: string): string {
  return file.replace(/^\d+-/, '');
}

/** See the file's head. */
export class KeptRecordings {
  /** Where this process records. */
  readonly folder: string;
  private offered: Left | undefined;

  /**
   * @param root folder that stays
   * @param isAlive tells whether a process still has its folder
   * @throws Error (with Node's `code`) if no folder can be made there
   */
  constructor(
    private readonly root: string,
    ownId: number = process.pid,
    private readonly isAlive: (id: number) => boolean = isProcessAlive,
  ) {
    mkdirSync(root, { recursive: true });
    this.folder = mkdtempSync(path.join(root, `${ownId}-`));
  }

  /** Offers the newest recording that was left behind; undefined: there is none. */
  offer(): LeftRecording | undefined {
    this.offered = this.newest();
    if (this.offered === undefined) return undefined;
    const { name, bytes, recordedAt } = this.offered;
    return { name, bytes, recordedAt };
  }

  /** Takes the offered one over into this process's folder; answers where it is then. */
  take(): Result<{ readonly path: string; readonly name: string }, BridgeError> {
    const { offered } = this;
    if (offered === undefined) return fail({ message: gone });
    const target = path.join(this.folder, `0-${offered.name}`);
    try {
      renameSync(offered.path, target);
    } catch (error) {
      return fail({ message: fileProblem(error, 'read', offered.path) });
    }
    this.settle(offered);
    return succeed({ path: target, name: offered.name });
  }

  /** Removes the offered one for good. */
  discard(): Result<null, BridgeError> {
    const { offered } = this;
    if (offered === undefined) return fail({ message: gone });
    try {
      rmSync(offered.path, { force: true });
    } catch (error) {
      return fail({ message: fileProblem(error, 'write', offered.path) });
    }
    this.settle(offered);
    return succeed(null);
  }

  /** Leaves this process's folder; `keep`: a file in it that the next process is to offer. */
  close(keep: string | undefined): void {
    if (keep === undefined) {
      rmSync(this.folder, { recursive: true, force: true });
      return;
    }
    for (const file of readdirSync(this.folder)) {
      const full = path.join(this.folder, file);
      if (full !== keep) rmSync(full, { force: true });
    }
  }

  private newest(): Left | undefined {
    let newest: Left | undefined;
    for (const folder of this.abandoned())
      for (const file of tracesIn(folder)) {
        const { size, mtimeMs } = statSync(file);
        if (size === 0 || (newest !== undefined && newest.recordedAt >= mtimeMs)) continue;
        const name = plainName(path.basename(file));
        newest = { path: file, folder, name, bytes: size, recordedAt: mtimeMs };
      }
    return newest;
  }

  /** Folders of processes that are gone. */
  private abandoned(): string[] {
    return readdirSync(this.root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && this.isAbandoned(entry.name))
      .map(({ name }) => path.join(this.root, name));
  }

  private isAbandoned(name: string): boolean {
    const id = /^(\d+)-/.exec(name)?.[1];
    return id !== undefined && path.join(this.root, name) !== this.folder && !this.isAlive(Number(id));
  }

  /** Nothing more can be done with it; its folder goes with its last recording. */
  private settle({ folder }: Left): void {
    this.offered = undefined;
    if (tracesIn(folder).length === 0) rmSync(folder, { recursive: true, force: true });
  }
}

function tracesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(traceSuffix))
    .map((file) => path.join(folder, file));
}
