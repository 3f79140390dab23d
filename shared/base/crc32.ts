/** Bytes that are taken at a time ("slicing by eight"). */
const slices = 8;

/**
 * For each position of a byte among those taken at a time, what each of its values contributes: 256 entries, then the next position.
 * Entry `value` of the first is the remainder of that byte alone.
 */
const tables = new Uint32Array(256 * slices);
for (let value = 0; value < 256; value++) {
  let remainder = value;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  tables[value] = remainder;
}
for (let entry = 256; entry < tables.length; entry++) {
  const before = tables[entry - 256]!;
  tables[entry] = (before >>> 8) ^ tables[before & 0xff]!;
}

/** CRC-32 (ISO 3309, as in zlib and PNG) of bytes[start, end). */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let remainder = -1;
  let index = start;
  for (; index + slices <= end; index += slices) {
    const first =
      remainder ^
      (bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24));
    remainder =
      tables[0x700 + (first & 0xff)]! ^
      tables[0x600 + ((first >>> 8) & 0xff)]! ^
      tables[0x500 + ((first >>> 16) & 0xff)]! ^
      tables[0x400 + (first >>> 24)]! ^
      tables[0x300 + bytes[index + 4]!]! ^
      tables[0x200 + bytes[index + 5]!]! ^
      tables[0x100 + bytes[index + 6]!]! ^
      tables[bytes[index + 7]!]!;
  }
  for (; index < end; index++) {
    remainder = (remainder >>> 8) ^ tables[(remainder ^ bytes[index]!) & 0xff]!;
  }
  return ~remainder >>> 0;
}
