/** The Toeplitz hash of receive side scaling (WDK "RSS Hashing Functions"). */

/** The secret key of the WDK's verification suite, so that known values can be compared. */
export const secretKey = Uint8Array.from([
  0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca,
  0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b,
  0xbe, 0xac, 0x01, 0xfa,
]);

/** For each byte of the input, what each of its values contributes: one lookup a byte instead of eight shifts. */
const contributions: readonly Uint32Array[] = Array.from({ length: secretKey.length - 4 }, (_, index) => {
  const table = new Uint32Array(256);
  for (let value = 0; value < 256; value++) {
    let contribution = 0;
    for (let bit = 0; bit < 8; bit++) if ((value << bit) & 0x80) contribution ^= windowAt(index * 8 + bit);
    table[value] = contribution;
  }
  return table;
});

/** 32 bits of the key from a bit on. */
function windowAt(bit: number): number {
  let window = 0;
  for (let offset = 0; offset < 32; offset++) {
    const at = bit + offset;
    window = (window << 1) | ((secretKey[at >>> 3]! >>> (7 - (at & 7))) & 1);
  }
  return window;
}

/** Hash of `length` bytes from `start` on; at most 36 bytes, which is what IPv6 takes. Allocates nothing. */
export function toeplitzHash(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0;
  for (let index = 0; index < length; index++) hash ^= contributions[index]![bytes[start + index]!]!;
  return hash >>> 0;
}
