/** UTF-8 without TextEncoder / TextDecoder, which a pure-ECMAScript room does not have. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      );
  }
  return Uint8Array.from(bytes);
}

const smallestCode = [0, 0, 0x80, 0x800, 0x10000];

/** Decodes UTF-8; each malformed sequence becomes U+FFFD, so that any bytes give a string. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let index = 0;
  while (index < bytes.length) {
    const lead = bytes[index]!;
    const length =
      lead < 0x80 ? 1 : lead >> 5 === 0b110 ? 2 : lead >> 4 === 0b1110 ? 3 : lead >> 3 === 0b11110 ? 4 : 0;
    let code = length === 1 ? lead : lead & (0x7f >> length);
    let valid = length > 0 && index + length <= bytes.length;
    for (let position = 1; valid && position < length; position++) {
      const next = bytes[index + position]!;
      if (next >> 6 !== 0b10) valid = false;
      code = (code << 6) | (next & 0x3f);
    }
    if (valid && (code < smallestCode[length]! || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)))
      valid = false;
    text += valid ? String.fromCodePoint(code) : '\ufffd';
    index += valid ? length : 1;
  }
  return text;
}
