/** The hash of a received segment's addresses and ports; goes into HashValue (WDK "RSS Hashing Functions"). */
import type { IpAddress } from '../wire/address';
import { toeplitzHash } from '../wire/toeplitzHash';

/** Hash of a received segment's source and destination addresses and ports. */
export function rssHash(
  source: IpAddress,
  destination: IpAddress,
  sourcePort: number,
  destinationPort: number,
): number {
  const input = Uint8Array.from([
    ...source,
    ...destination,
    sourcePort >>> 8,
    sourcePort & 0xff,
    destinationPort >>> 8,
    destinationPort & 0xff,
  ]);
  return toeplitzHash(input, 0, input.length);
}
