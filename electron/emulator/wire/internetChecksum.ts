/**
 * The Internet checksum (RFC 1071). `sum` adds 16-bit big-endian words into a running total that may be carried across
 * ranges; `finish` folds and complements it.
 */

/** Adds bytes[start, end) to a running total; a range of odd length is padded with a zero byte at its end. */
export function sumWords(total: number, bytes: Uint8Array, start: number, end: number): number {
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

/** Folds the carries of a total below 2^48 and complements it: the value of a checksum field. */
export function finishChecksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
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
