/** Texts as bytes that lose nothing: half of a surrogate pair has no UTF-8. */

/** Two bytes for each unit of a text, little-endian. */
export function encodeUtf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'));
}

/** The text in such bytes. */
export function decodeUtf16(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf16le');
}
