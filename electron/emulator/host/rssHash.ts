/** The Toeplitz hash over an IPv4 four-tuple that RSS uses (WDK "RSS Hashing Functions"); goes into HashValue. */
import type { Ipv4Address } from '../wire/address';

/** The secret key of the WDK's verification suite, so that known values can be compared. */
export const secretKey = Uint8Array.from([
  0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca,
  0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b,
  0xbe, 0xac, 0x01, 0xfa,
]);

/** Hash of a received segment's source and destination addresses and ports. */
export function rssHash(
  source: Ipv4Address,
  destination: Ipv4Address,
  sourcePort: number,
  destinationPort: number,
): number {
  const input = [
    ...source,
    ...destination,
    sourcePort >>> 8,
    sourcePort & 0xff,
    destinationPort >>> 8,
    destinationPort & 0xff,
  ];
  let window = ((secretKey[0]! << 24) | (secretKey[1]! << 16) | (secretKey[2]! << 8) | secretKey[3]!) >>> 0;
  let hash = 0;
  input.forEach((byte, index) => {
    for (let bit = 7; bit >= 0; bit--) {
      if ((byte >>> bit) & 1) hash ^= window;
      window = ((window << 1) | ((secretKey[index + 4]! >>> bit) & 1)) >>> 0;
    }
  });
  return hash >>> 0;
}
