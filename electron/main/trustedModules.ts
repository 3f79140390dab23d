/** Digests of driver modules that the user has said to trust, kept over restarts: whoever chooses the same files again is not asked again. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Digests that are kept; the oldest are forgotten. */
const mostDigests = 500;

const schema = z.object({ sha256: z.array(z.string().regex(/^[0-9a-f]{64}$/)) });

/** See the file's head. */
export class TrustedModules {
  private digests: string[];

  /** @param file where they are kept; what can't be read there is nothing */
  constructor(private readonly file: string) {
    this.digests = readDigests(file);
  }

  /** Whether the user has trusted a module with this digest. */
  has(sha256: string): boolean {
    return this.digests.includes(sha256);
  }

  /** Remembers one. Where it can't be written, the user is asked again some day. */
  add(sha256: string): void {
    if (this.has(sha256)) return;
    this.digests = [...this.digests, sha256].slice(-mostDigests);
    try {
      mkdirSync(path.dirname(this.file), { recursive: true });
      writeFileSync(`${this.file}.new`, `${JSON.stringify({ sha256: this.digests }, null, 2)}\n`);
      renameSync(`${this.file}.new`, this.file);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
}

function readDigests(file: string): string[] {
  try {
    const read = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return read.success ? read.data.sha256 : [];
  } catch {
    return [];
  }
}
