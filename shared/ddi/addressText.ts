/** Bytes as hexadecimal pairs with a separator, lower case. */
export function hexBytes(bytes: Uint8Array, separator = ' '): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

/** A number as `0x` and at least `digits` hexadecimal digits, upper case. */
export function hexNumber(value: number | bigint, digits = 1): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
}

/**
 * The link-layer address in a fixed array: the six bytes of an Ethernet address where the rest is zero, all
 * bytes otherwise.
 */
export function linkAddressText(bytes: Uint8Array): string {
  const ethernet = bytes.length > 6 && bytes.subarray(6).every((byte) => byte === 0);
  return hexBytes(ethernet ? bytes.subarray(0, 6) : bytes, ':');
}

/** An IPv6 address in the canonical form of RFC 5952 (section 4), without the mixed notation of section 5. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0),
  );
  let longestStart = -1;
  let longestLength = 1;
  let start = 0;
  while (start < 8) {
    let end = start;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - start > longestLength) {
      longestStart = start;
      longestLength = end - start;
    }
    start = end + 1;
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (longestStart < 0) return text(groups);
  return `${text(groups.slice(0, longestStart))}::${text(groups.slice(longestStart + longestLength))}`;
}

/**
 * An IP address in network byte order: 4 bytes dotted, 16 bytes per RFC 5952, any other length as hex bytes.
 */
export function ipAddressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return bytes.length === 16 ? ipv6Text(bytes) : hexBytes(bytes);
}

/** A GUID as Windows keeps it in memory, in registry form. */
export function guidText(bytes: Uint8Array): string {
  const part = (from: number, to: number, reversed: boolean): string => {
    const slice = bytes.slice(from, to);
    return hexBytes(reversed ? slice.reverse() : slice, '');
  };
  const head = [part(0, 4, true), part(4, 6, true), part(6, 8, true)].join('-');
  return `{${head}-${part(8, 10, false)}-${part(10, 16, false)}}`;
}
