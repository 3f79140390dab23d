/** A file from its beginning to its end, piece by piece. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/**
 * The pieces of a file; each may be used until the next one is asked for. `onProgress` is told how far they have been used, 0 to 1.
 * @throws Error (with Node's `code`) if the file can't be read.
 */
export function* filePieces(
  path: string,
  onProgress: (fraction: number) => void = () => undefined,
): Generator<Uint8Array, void, undefined> {
  const descriptor = openSync(path, 'r');
  try {
    const piece = new Uint8Array(pieceLength);
    const { size } = fstatSync(descriptor);
    let done = 0;
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
      yield piece.subarray(0, count);
      done += count;
      onProgress(done / Math.max(1, size));
    }
  } finally {
    closeSync(descriptor);
  }
}
