/** Which line each byte of a structure belongs to, and the other way round. Pure. */
import type { StructureLine } from './structureLines';

/** How well a line stands for its bytes: innermost members first, live alternatives before others, padding last. */
function rank(line: StructureLine): number {
  const { row, role } = line;
  const kind = row.kind === 'field' ? 2 : 1;
  const alternative = role === 'other' ? 0 : role === 'open' ? 1 : 2;
  return kind * 1000 + alternative * 100 + row.depth;
}

/** Index of the line that stands for each byte; undefined where none does. */
export function byteOwners(lines: readonly StructureLine[], length: number): readonly (number | undefined)[] {
  const owners: (number | undefined)[] = new Array<number | undefined>(length).fill(undefined);
  lines.forEach((line, index) => {
    if (line.row.kind === 'missing') return;
    const end = Math.min(line.row.offset + line.row.size, length);
    for (let at = line.row.offset; at < end; at++) {
      const before = owners[at];
      if (before === undefined || rank(line) > rank(lines[before]!)) owners[at] = index;
    }
  });
  return owners;
}

/** Where an arrow key leads in a dump with `perLine` bytes a line; undefined for other keys. */
export function stepByte(key: string, at: number, length: number, perLine: number): number | undefined {
  const lineStart = at - (at % perLine);
  switch (key) {
    case 'ArrowLeft':
      return Math.max(at - 1, 0);
    case 'ArrowRight':
      return Math.min(at + 1, length - 1);
    case 'ArrowUp':
      return at - perLine < 0 ? at : at - perLine;
    case 'ArrowDown':
      return at + perLine >= length ? at : at + perLine;
    case 'Home':
      return lineStart;
    case 'End':
      return Math.min(lineStart + perLine, length) - 1;
    case 'PageUp':
      return at % perLine;
    case 'PageDown': {
      const lastLine = length - 1 - ((length - 1) % perLine);
      const wanted = lastLine + (at % perLine);
      return wanted < length ? wanted : wanted - perLine;
    }
    default:
      return undefined;
  }
}

/** Width of offset, one byte and one character of a dump, in characters of its font. */
const offsetCells = 6;
const byteCells = 3;

/** How a dump of `cells` characters a line is laid out: bytes a line, and whether their characters fit beside them. */
export function dumpShape(cells: number): { readonly perLine: 8 | 16; readonly characters: boolean } {
  const room = (perLine: number, characters: boolean): number =>
    offsetCells + perLine * byteCells + 1 + (characters ? perLine + 2 : 0);
  if (cells >= room(16, true)) return { perLine: 16, characters: true };
  if (cells >= room(16, false)) return { perLine: 16, characters: false };
  return { perLine: 8, characters: cells >= room(8, true) };
}
