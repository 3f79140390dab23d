/** ULONG, the form of the simplest OIDs: four bytes, the lowest first. */

/** Bytes of a ULONG. */
export const unsignedLongSize = 4;

/** The bytes of a number from 0 to 2^32 - 1. */
export function writeUnsignedLong(value: number): Uint8Array {
  const bytes = new Uint8Array(unsignedLongSize);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The number, or undefined if there are other than four bytes. */
export function readUnsignedLong(bytes: Uint8Array): number | undefined {
  if (bytes.length !== unsignedLongSize) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
