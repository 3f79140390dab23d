/** A structure as text or JSON for the clipboard. Pure. */
import { structureLayout, type StructureName } from '../../../shared/ddi/catalogue';
import { describeStructure, type DecodeOptions } from '../../../shared/ddi/structureCodec';
import { roleTitles, structureLines } from './structureLines';

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** One line a member: offset, name, value, unit; nested members are indented. */
export function structureAsText(name: StructureName, bytes: Uint8Array, options: DecodeOptions = {}): string {
  const { lines, problems } = structureLines(name, bytes, options);
  const cells = lines.map((line) => ({
    line,
    name: `${'  '.repeat(line.row.depth)}${line.nameParts.join('')}${line.bits === '' ? '' : ` (${line.bits})`}`,
  }));
  const width = Math.max(0, ...cells.map((cell) => cell.name.length));
  const body = cells.map(({ line, name: cell }) => {
    const offset = `+${line.row.offset.toString(16).padStart(3, '0')}`;
    const role = line.role === undefined ? '' : `[${roleTitles[line.role]}]`;
    const value = [line.text, line.unit, role].filter((part) => part !== '').join(' ');
    return `  ${offset}  ${cell.padEnd(width)}  ${value}`.trimEnd();
  });
  const head = `${name}, ${bytes.length} of ${structureLayout(name).size} bytes`;
  return [head, ...problems.map((problem) => `  ! ${problem}`), ...body].join('\n');
}

/** The members with offset, size, value, unit, class and bytes, for programs. */
export function structureAsJson(name: StructureName, bytes: Uint8Array, options: DecodeOptions = {}): string {
  const members = describeStructure(name, bytes, options)
    .filter((row) => row.kind === 'field' || row.kind === 'missing')
    .map((row) => ({
      member: row.path,
      type: row.ctype,
      offset: row.offset,
      size: row.size,
      bitOffset: row.bitOffset,
      bitWidth: row.bitWidth,
      text: row.kind === 'missing' ? undefined : row.text,
      unit: row.unit,
      class: row.class,
      union: row.union,
      live: row.live,
      missing: row.kind === 'missing' ? true : undefined,
      bytes: row.kind === 'missing' ? undefined : hexOf(row.bytes),
    }));
  const size = structureLayout(name).size;
  return JSON.stringify({ structure: name, size, bytes: hexOf(bytes), members }, null, 2);
}
