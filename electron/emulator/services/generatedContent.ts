/**
 * Content that a server makes up: every byte is decided by a seed and its place, so that any part can be made and checked anywhere
 * without keeping the whole. A block of noise repeats, and each repetition begins with its number.
 */
import { Random } from '../../../shared/base/random';

/** Bytes of a block. */
const blockBytes = 64 * 1024;

/** See the file's head. */
export class GeneratedContent {
  private readonly noise = new Uint8Array(blockBytes);

  /** @param seed any unsigned 32-bit number */
  constructor(readonly seed: number) {
    new Random(seed, 6).fill(this.noise);
  }

  /** `length` bytes from `offset` on, in memory of their own. */
  bytes(offset: number, length: number): Uint8Array {
    const content = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const block = Math.floor((offset + at) / blockBytes);
      const from = (offset + at) % blockBytes;
      const count = Math.min(length - at, blockBytes - from);
      content.set(this.noise.subarray(from, from + count), at);
      for (let index = from; index < Math.min(8, from + count); index++)
        content[at + index - from] = Math.floor(block / 256 ** index) & 0xff;
      at += count;
    }
    return content;
  }
}
