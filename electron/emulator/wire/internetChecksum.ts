/**
 * The Internet checksum (RFC 1071). `sum` adds 16-bit big-endian words into a running total that may be carried across
 * ranges; `finish` folds and complements it.
 */

/** Whether numbers of several bytes begin with the least significant one in memory, as on every machine that Node runs on. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Below so many bytes looking for the words costs more than it saves. */
const fewBytes = 64;

/** Buffers of {@link wordBuffer} as 32-bit words. */
const wordsByBuffer = new WeakMap<ArrayBufferLike, Uint32Array>();

/** What was looked up last, and what before that: frames share buffers, and are copied from one to another. */
let lastBuffer: ArrayBufferLike | undefined;
let lastWords: Uint32Array = new Uint32Array(0);
let olderBuffer: ArrayBufferLike | undefined;
let olderWords: Uint32Array = lastWords;

/** Memory whose checksums are taken four bytes at a time; what lies elsewhere is summed byte by byte. `length` is rounded up. */
export function wordBuffer(length: number): ArrayBuffer {
  const words = new Uint32Array((length + 3) >>> 2);
  wordsByBuffer.set(words.buffer, words);
  return words.buffer;
}

function wordsOf(buffer: ArrayBufferLike): Uint32Array | undefined {
  if (buffer === lastBuffer) return lastWords;
  const words = buffer === olderBuffer ? olderWords : wordsByBuffer.get(buffer);
  if (words === undefined) return undefined;
  olderBuffer = lastBuffer;
  olderWords = lastWords;
  lastBuffer = buffer;
  lastWords = words;
  return words;
}

/** Adds bytes[start, end) to a running total; a range of odd length is padded with a zero byte at its end. */
export function sumWords(total: number, bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= fewBytes && isLittleEndian && ((bytes.byteOffset + start) & 1) === 0) {
    const words = wordsOf(bytes.buffer);
    if (words !== undefined) return total + sumByWords(words, bytes, start, end);
  }
  return sumByBytes(total, bytes, start, end);
}

function sumByBytes(total: number, bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  let high = 0;
  let low = 0;
  const unrolledEnd = end - 7;
  for (; index < unrolledEnd; index += 8) {
    high += bytes[index]! + bytes[index + 2]! + bytes[index + 4]! + bytes[index + 6]!;
    low += bytes[index + 1]! + bytes[index + 3]! + bytes[index + 5]! + bytes[index + 7]!;
  }
  for (; index + 1 < end; index += 2) {
    high += bytes[index]!;
    low += bytes[index + 1]!;
  }
  if (index < end) high += bytes[index]!;
  return total + high * 256 + low;
}

/**
 * As `sumByBytes`, folded to 16 bits. The order of bytes does not matter to the sum but in its end (RFC 1071 section 2(B)), and 32-bit
 * words may be added in place of 16-bit ones (section 2(C)): as doubles, which hold the sum of two million of them exactly.
 */
function sumByWords(words: Uint32Array, bytes: Uint8Array, start: number, end: number): number {
  const { byteOffset } = bytes;
  let index = start;
  let rest = 0;
  if (((byteOffset + index) & 2) !== 0) {
    rest += bytes[index]! | (bytes[index + 1]! << 8);
    index += 2;
  }
  let word = (byteOffset + index) >>> 2;
  const wordsEnd = (byteOffset + end) >>> 2;
  // Four sums, so that no addition waits for the one before it.
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (; word + 7 < wordsEnd; word += 8) {
    first += words[word]! + words[word + 1]!;
    second += words[word + 2]! + words[word + 3]!;
    third += words[word + 4]! + words[word + 5]!;
    fourth += words[word + 6]! + words[word + 7]!;
  }
  for (; word < wordsEnd; word++) first += words[word]!;
  index = (wordsEnd << 2) - byteOffset;
  if (index + 1 < end) {
    rest += bytes[index]! | (bytes[index + 1]! << 8);
    index += 2;
  }
  if (index < end) rest += bytes[index]!;
  const sum = first + second + third + fourth + rest;
  const low = sum >>> 0;
  let folded = (low & 0xffff) + (low >>> 16) + Math.floor(sum / 0x1_0000_0000);
  folded = (folded & 0xffff) + (folded >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return ((folded & 0xff) << 8) | (folded >>> 8);
}

/** Folds the carries of a total below 2^48 and complements it: the value of a checksum field. */
export function finishChecksum(total: number): number {
  let folded = total;
  while (folded > 0xffff_ffff) folded = (folded % 0x1_0000_0000) + Math.floor(folded / 0x1_0000_0000);
  folded = (folded & 0xffff) + (folded >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

/** Total of the pseudo-header of an upper layer over IPv4 (RFC 9293 section 3.1) or IPv6 (RFC 8200 section 8.1). */
export function sumPseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return sumWords(sumWords(protocol + length, source, 0, source.length), destination, 0, destination.length);
}
