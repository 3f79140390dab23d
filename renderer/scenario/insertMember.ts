/** Writes a member into the text of a scenario where there is none yet. Pure. */
import { schemaAt, type SchemaNode } from '../../shared/scenario/schemaNames';
import { quantityKind } from '../../shared/scenario/quantityText';
import type { TreePath } from '../../shared/scenario/yamlTree';
import { isWritten, partAt, type YamlOutline } from '../../shared/scenario/yamlOutline';

/** A text with what has been written, and where that is. */
export interface Insertion {
  readonly text: string;
  /** Offsets of the new value, to be overwritten. */
  readonly start: number;
  readonly end: number;
}

const examples = { duration: '1ms', size: '1MiB', rate: '100Mbit/s' } as const;

/** A value to begin with. */
function beginning(node: SchemaNode | undefined): string {
  if (node === undefined) return '';
  if (['string', 'number', 'boolean'].includes(typeof node.default))
    return JSON.stringify(node.default).replaceAll('"', '');
  if (node.enum !== undefined) return String(node.enum[0]);
  const kind = quantityKind(node.anyOf?.find(({ pattern }) => pattern !== undefined)?.pattern);
  if (kind !== undefined) return examples[kind];
  if (node.type === 'boolean') return 'true';
  if (node.type === 'integer' || node.type === 'number' || node.anyOf !== undefined) return '1';
  return '';
}

/** Adds the member at a path, with the mappings around it that are missing; undefined where the text around it is not in block style. */
export function insertMember(text: string, outline: YamlOutline, path: TreePath): Insertion | undefined {
  if (isWritten(outline, path)) return undefined;
  const around = partAt(outline, path);
  const known = around?.path.length ?? 0;
  let indent = 0;
  let at = text.trimEnd().length;
  if (around !== undefined) {
    const own = text.slice(around.start, around.end);
    const first = outline.parts.find(
      (part) => part.path.length === known + 1 && part.start > around.start && part.end <= around.end,
    );
    const isEmpty = /:\s*$/.test(own);
    if (first === undefined && !isEmpty) return undefined;
    if (first !== undefined && typeof first.path.at(-1) === 'number') return undefined;
    const lineStart = text.lastIndexOf('\n', around.start - 1) + 1;
    indent =
      first === undefined
        ? around.start - lineStart + 2
        : first.start - (text.lastIndexOf('\n', first.start - 1) + 1);
    // A member on the line of its mapping's bracket: flow style.
    if (/^[{[]/.test(own.replace(/^[^:]*:\s*/, ''))) return undefined;
    at = around.end;
  }
  const missing = path.slice(known);
  if (missing.some((key) => typeof key === 'number')) return undefined;
  const value = beginning(schemaAt(outline.value, path));
  const lines = missing.map((key, depth) => `${' '.repeat(indent + 2 * depth)}${String(key)}:`);
  const before = text.slice(0, at);
  const written = `${before}${before === '' ? '' : '\n'}${lines.join('\n')} `;
  return {
    text: `${written}${value}${text.slice(at) === '' ? '\n' : text.slice(at)}`,
    start: written.length,
    end: written.length + value.length,
  };
}
