/**
 * The frames of a `.sweep` file, which writer and reader share; docs/trace-format.md describes them for strangers.
 *
 * A file is `magic`, then frames until it ends. A frame is a 12-byte head (tag, payload length, CRC-32 of the payload; all
 * u32, little-endian) and the payload.
 */
import { crc32 } from '../base/crc32';
import { ByteWriter } from './byteWriter';

/** 0x89 "SWEEP" CR LF: the first byte and the line end show a file that a text transfer has damaged. */
export const magic: readonly number[] = [0x89, 0x53, 0x57, 0x45, 0x45, 0x50, 0x0d, 0x0a];

/** Frame tags as little-endian u32 of four ASCII letters. */
export const frameTags = {
  /** The header, UTF-8 JSON; the first frame, once. */
  head: 0x44414548,
  /** `DEFS`: definitions that later frames refer to. */
  definitions: 0x53464544,
  /** `CHNK`: rows of events as columns. */
  chunk: 0x4b4e4843,
  /** `STAT`: every state variable as it was behind the chunk before it. */
  checkpoint: 0x54415453,
  /** `INDX`: where everything stands. */
  index: 0x58444e49,
  /** `TAIL`: where the index stands; the last frame of a complete file, of fixed length. */
  tail: 0x4c494154,
} as const;

/** Bytes of a frame head. */
export const frameHeadLength = 12;

/** No reader accepts a longer frame: a damaged length must not make it allocate without bound. */
export const largestFrameLength = 64 * 1024 * 1024;

/** Rows at which a chunk is closed, and the most that a reader accepts. */
export const mostRowsOfChunk = 65_536;

/** Rows at which the first chunk is closed; each further one has four times as many until there are `mostRowsOfChunk`. */
export const rowsOfFirstChunk = 256;

/** A chunk is also closed when what it holds beside numbers reaches this many bytes. */
export const targetChunkBytes = 4 * 1024 * 1024;

/** A writer puts a frame's head before `payload`; `checksum` is CRC-32, where a room has a faster one. */
export function frameHead(tag: number, payload: Uint8Array, checksum: Checksum = crc32): Uint8Array {
  const head = new ByteWriter(frameHeadLength);
  head.u32(tag);
  head.u32(payload.length);
  head.u32(checksum(payload));
  return head.bytes;
}

/** CRC-32 as in zlib. */
export type Checksum = (bytes: Uint8Array) => number;
