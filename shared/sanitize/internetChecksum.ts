/** The checksum of IP, TCP, UDP and ICMP (RFC 1071), and how it follows changes (RFC 1624). */

/** The sum of 16-bit words in one's complement; `skip` is the offset of a word that counts as zero. An odd byte at the end is the high one of a word. */
export function wordSum(bytes: Uint8Array, from: number, to: number, skip = -1): number {
  let sum = 0;
  for (let at = from; at < to; at += 2) {
    if (at === skip) continue;
    sum += bytes[at]! * 256 + (at + 1 < to ? bytes[at + 1]! : 0);
  }
  return folded(sum);
}

function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest % 0x1_0000) + Math.floor(rest / 0x1_0000);
  return rest;
}

/** The checksum of what sums up to `sum`. */
export function checksumOf(...sums: readonly number[]): number {
  return 0xffff - folded(sums.reduce((total, sum) => total + sum, 0));
}

/** A checksum after words that summed up to `before` have become such that sum up to `after`: right if it was right, and wrong if it was wrong. */
export function adjustedChecksum(checksum: number, before: number, after: number): number {
  return 0xffff - folded(0xffff - checksum + (0xffff - folded(before)) + folded(after));
}
