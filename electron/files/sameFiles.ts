/** Whether two files hold the same bytes. */
import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/**
 * See the file's head.
 * @throws what the file system throws.
 */
export function sameFiles(left: string, right: string): boolean {
  const one = openSync(left, 'r');
  try {
    const other = openSync(right, 'r');
    try {
      const piece = Buffer.alloc(pieceLength);
      const otherPiece = Buffer.alloc(pieceLength);
      for (;;) {
        const count = readFully(one, piece);
        const otherCount = readFully(other, otherPiece);
        if (count !== otherCount) return false;
        if (!piece.subarray(0, count).equals(otherPiece.subarray(0, count))) return false;
        if (count < pieceLength) return true;
      }
    } finally {
      closeSync(other);
    }
  } finally {
    closeSync(one);
  }
}

/** Fills the buffer as far as the file goes; answers the number of bytes. */
function readFully(descriptor: number, into: Buffer): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(descriptor, into, filled, into.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
