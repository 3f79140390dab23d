import { closeSync, openSync, writeSync } from 'node:fs';
import type { TraceSink } from '../../shared/trace/traceEncoder';

/** Writes a trace into a file while it is recorded: what has been written stays readable whatever happens next. */
export class TraceFileSink implements TraceSink {
  private readonly descriptor: number;
  private closed = false;
  /** Bytes written. */
  bytesWritten = 0;

  /** @throws Error (with Node's `code`) if the file can't be made. */
  constructor(readonly path: string) {
    this.descriptor = openSync(path, 'w');
  }

  /** @throws Error (with Node's `code`) if the disk takes no more. */
  write(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) {
      const written = writeSync(this.descriptor, bytes, start, bytes.length - start);
      start += written;
      this.bytesWritten += written;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
  }
}
