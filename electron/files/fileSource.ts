/** A trace file that is read here and there. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { TraceSource } from '../../shared/trace/traceSource';

/** See the file's head. */
export class FileSource implements TraceSource {
  private readonly descriptor: number;
  readonly size: number;
  private closed = false;

  /** @throws Error (with Node's `code`) if the file can't be opened. */
  constructor(readonly path: string) {
    this.descriptor = openSync(path, 'r');
    this.size = fstatSync(this.descriptor).size;
  }

  /** @throws Error (with Node's `code`) where the file can't be read, or has become shorter. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(this.descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw Object.assign(new Error(`${this.path} has become shorter`), { code: 'ESHORT' });
      done += count;
    }
    return bytes;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
  }
}
