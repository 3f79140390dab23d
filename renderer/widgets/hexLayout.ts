/** Splits bytes into the lines of a hex dump, and each line where the marked stretch begins and ends. Pure. */

/** A run of bytes of one line that look alike. */
export interface HexPart {
  readonly hex: string;
  readonly text: string;
  readonly marked: boolean;
}

/** Sixteen bytes, or what is left of them. */
export interface HexLine {
  readonly offset: number;
  readonly parts: readonly HexPart[];
}

const perLine = 16;

/** Longest dump; more than that is for other tools. */
const mostBytes = 16 * 1024;

/** See the file's head. */
export function layoutHex(
  bytes: Uint8Array,
  mark?: { readonly offset: number; readonly length: number },
): HexLine[] {
  const isMarked = (at: number): boolean =>
    mark !== undefined && at >= mark.offset && at < mark.offset + mark.length;
  const lines: HexLine[] = [];
  const end = Math.min(bytes.length, mostBytes);
  for (let offset = 0; offset < end; offset += perLine) {
    const parts: { hex: string; text: string; marked: boolean }[] = [];
    for (let at = offset; at < Math.min(offset + perLine, end); at++) {
      const byte = bytes[at]!;
      const last = parts[parts.length - 1];
      const hex = `${byte.toString(16).padStart(2, '0')}${at % 16 === 7 ? '  ' : ' '}`;
      const text = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
      if (last !== undefined && last.marked === isMarked(at)) {
        last.hex += hex;
        last.text += text;
      } else parts.push({ hex, text, marked: isMarked(at) });
    }
    lines.push({ offset, parts });
  }
  return lines;
}
