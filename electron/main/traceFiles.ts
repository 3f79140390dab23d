import { randomUUID } from 'node:crypto';

/** A trace that the window shows or has shown. */
export interface TraceFile {
  readonly path: string;
  readonly name: string;
}

/** Traces that the window knows by tokens: it can neither see nor invent a path. */
export class TraceFiles {
  private readonly files = new Map<string, TraceFile>();

  /** The token of a file, the same for the same path. */
  tokenOf(file: TraceFile): string {
    for (const [token, { path }] of this.files) if (path === file.path) return token;
    const token = randomUUID();
    this.files.set(token, file);
    return token;
  }

  /** The file behind a token; undefined where the window has never shown it. */
  fileOf(token: string): TraceFile | undefined {
    return this.files.get(token);
  }
}
