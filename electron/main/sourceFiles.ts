import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError, ChosenFile } from '../../shared/contract/desktopBridge';
import { fileProblem } from '../files/fileProblem';

/** Files that the user has chosen or dropped, known to the page by tokens: it can neither see nor invent a path. */
export class SourceFiles {
  private readonly paths = new Map<string, string>();

  /** Takes a file in and answers what the page may know of it. */
  register(file: string): Result<ChosenFile, BridgeError> {
    try {
      const facts = statSync(file);
      if (!facts.isFile())
        return fail({ message: `${path.basename(file)} is no ordinary file. Choose a file.` });
      const token = randomUUID();
      this.paths.set(token, file);
      return succeed({ token, name: path.basename(file), bytes: facts.size });
    } catch (error) {
      return fail({ message: fileProblem(error, 'read', file) });
    }
  }

  /** The path behind a token. */
  pathOf(token: string): string | undefined {
    return this.paths.get(token);
  }
}
