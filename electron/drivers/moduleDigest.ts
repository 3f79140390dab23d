/** The files of a driver module and what is in them, without running any of it: what trust is remembered by, and what changes are noticed by. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import { fileProblem } from '../files/fileProblem';
import { importedFile } from './importedFile';

/** What a module consists of at a moment. */
export interface ModuleDigest {
  /** SHA-256 over names and contents of all files. */
  readonly sha256: string;
  /** Absolute, real paths, the main file first; those that it imports by relative paths, directly or not, and that are there. */
  readonly files: readonly string[];
}

/** Reads a module's files. The error is a sentence: the main file can't be read. */
export async function moduleDigest(file: string): Promise<Result<ModuleDigest, string>> {
  const { default: compiler } = await import('typescript');
  const hash = createHash('sha256');
  const files: string[] = [];
  const take = (one: string): void => {
    if (files.includes(one)) return;
    const bytes = readFileSync(one);
    files.push(one);
    hash.update(`${path.basename(one)}\n${bytes.length}\n`).update(bytes);
    if (one.endsWith('.json')) return;
    const { importedFiles } = compiler.preProcessFile(bytes.toString('utf8'), true, true);
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const found = importedFile(fileName, one);
      if (found !== undefined) take(found);
    }
  };
  try {
    take(realpathSync(file));
  } catch (error) {
    return fail(fileProblem(error, 'read', file));
  }
  return succeed({ sha256: hash.digest('hex'), files });
}
