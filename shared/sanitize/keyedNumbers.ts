/** Numbers that depend on a secret key, for pseudonyms: the same input and key give the same number, and without the key nobody can go back. */

/** A keyed hash of at least 16 bytes (HMAC-SHA256, say) of a text. Its answers must not change while a trace is written. */
export type KeyedHash = (text: string) => Uint8Array;

/** Rounds of the Feistel network that permutes numbers. */
const rounds = 6;

/** A number of `bits` bits (at most 48) that the key gives to a text. */
export function keyedNumber(hash: KeyedHash, text: string, bits: number): number {
  const bytes = hash(text);
  let number = 0;
  for (let index = 0; index < 6; index++) number = number * 256 + bytes[index]!;
  return number % 2 ** bits;
}

/**
 * A keyed permutation of the numbers from `low` to `high`, which lie below 2^`bits`; `bits` is even and at most 30.
 * A Feistel network, walked until it comes back into the range.
 */
export function permuted(
  hash: KeyedHash,
  label: string,
  bits: number,
  value: number,
  low = 0,
  high = 2 ** bits - 1,
): number {
  const half = bits / 2;
  const mask = 2 ** half - 1;
  let number = value;
  do {
    let left = number >>> half;
    let right = number & mask;
    for (let round = 0; round < rounds; round++) {
      const mixed = left ^ keyedNumber(hash, `${label} ${round} ${right}`, half);
      left = right;
      right = mixed;
    }
    number = left * 2 ** half + right;
  } while (number < low || number > high);
  return number;
}
