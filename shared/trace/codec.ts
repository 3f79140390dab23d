/** How blocks of a chunk are compressed: raw deflate (RFC 1951), which Node and every browser can undo. */
import { deflateSync, Inflate, inflateSync } from 'fflate';
import { MalformedBytes } from './byteReader';

/** Codec of a block as it is numbered on disk; only append. */
export const codecNumbers = { plain: 0, deflate: 1 } as const;

/** Blocks that are shorter stay plain: compression would not pay. */
const shortestCompressed = 64;

/** Compresses and restores blocks. Node's rooms pass one on zlib; `portableCodec` runs anywhere. */
export interface TraceCodec {
  /** Raw deflate. */
  deflate(bytes: Uint8Array): Uint8Array;
  /**
   * Undoes `deflate`; the result is exactly `length` bytes.
   * @throws MalformedBytes for anything else.
   */
  inflate(bytes: Uint8Array, length: number): Uint8Array;
  /** CRC-32 of frames that are read, where it is faster than ours. */
  readonly checksum?: ((bytes: Uint8Array) => number) | undefined;
}

/** Compressed bytes that are inflated between two looks at how much has come of them; they can become 1,032 times as many. */
const pieceLength = 16 * 1024;

/** Inflates piece by piece, so that bytes which would become far more than they say are given up early. */
function inflatePieces(bytes: Uint8Array, length: number): Uint8Array {
  const inflated = new Uint8Array(length);
  let at = 0;
  const stream = new Inflate((piece) => {
    if (at + piece.length > length) throw new MalformedBytes('a compressed block has another length');
    inflated.set(piece, at);
    at += piece.length;
  });
  for (let start = 0; start < bytes.length; start += pieceLength)
    stream.push(bytes.subarray(start, start + pieceLength), start + pieceLength >= bytes.length);
  return inflated.subarray(0, at);
}

/** A codec in plain TypeScript. */
export const portableCodec: TraceCodec = {
  deflate: (bytes) => deflateSync(bytes, { level: 6 }),
  inflate(bytes, length) {
    let inflated: Uint8Array;
    try {
      // One byte more than it may be shows what is longer than it says; fflate never grows a buffer that it is given.
      inflated =
        bytes.length > pieceLength
          ? inflatePieces(bytes, length)
          : inflateSync(bytes, { out: new Uint8Array(length + 1) });
    } catch {
      throw new MalformedBytes('a compressed block does not inflate');
    }
    if (inflated.length !== length) throw new MalformedBytes('a compressed block has another length');
    return inflated;
  },
};

/** A block as it goes into a file. */
export interface StoredBlock {
  readonly codec: number;
  readonly bytes: Uint8Array;
}

/** A plain block, compressed where that makes it shorter. */
export function storeBlock(block: Uint8Array, codec: TraceCodec): StoredBlock {
  if (block.length >= shortestCompressed) {
    const compressed = codec.deflate(block);
    if (compressed.length < block.length) return { codec: codecNumbers.deflate, bytes: compressed };
  }
  return { codec: codecNumbers.plain, bytes: block };
}
