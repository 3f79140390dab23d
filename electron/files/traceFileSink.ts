import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
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

  /**
   * Writes all of the bytes or none of them: where the disk takes only some, these are taken back, so that the file ends with a whole frame.
   * @throws Error (with Node's `code`) if the disk takes no more.
   */
  write(bytes: Uint8Array): void {
    const begun = this.bytesWritten;
    try {
      for (let start = 0; start < bytes.length;)
        start += writeSync(this.descriptor, bytes, start, bytes.length - start, begun + start);
      this.bytesWritten = begun + bytes.length;
    } catch (error) {
      try {
        ftruncateSync(this.descriptor, begun);
      } catch {
        // What was taken stays behind the last whole frame, as if the process had been killed; the next write goes over it.
      }
      throw error;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
  }
}
