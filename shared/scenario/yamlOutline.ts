/** Where the parts of a YAML text stand, as far as they can be told from a text that may be wrong: for editors, not for reading. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import { longestText, type TreePath } from './yamlTree';

/** Deepest part that is told apart, and most parts. */
const deepest = 12;
const mostParts = 20_000;

/** A part of a text: a member of a mapping with its key, or an item of a list. */
export interface OutlinePart {
  readonly path: TreePath;
  /** Offsets in the text: of its first character, and behind its last that is no space. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** See the file's head. Parts stand before those inside them. */
export interface YamlOutline {
  readonly parts: readonly OutlinePart[];
  /** Plain values of the text as far as it could be read. */
  readonly value: unknown;
}

function startsWith(path: TreePath, prefix: TreePath): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => String(path[index]) === String(key));
}

/** The part at a path, or the innermost one around where it would stand; undefined for the whole text. */
export function partAt({ parts }: YamlOutline, path: TreePath): OutlinePart | undefined {
  let found: OutlinePart | undefined;
  for (const part of parts)
    if (startsWith(path, part.path) && part.path.length > (found?.path.length ?? 0)) found = part;
  return found;
}

/** Whether a part stands in the text. */
export function isWritten(outline: YamlOutline, path: TreePath): boolean {
  return path.length === 0 || partAt(outline, path)?.path.length === path.length;
}

/** The innermost part that a line belongs to; undefined where there is none. */
export function partOnLine({ parts }: YamlOutline, line: number): OutlinePart | undefined {
  let found: OutlinePart | undefined;
  for (const part of parts)
    if (part.firstLine <= line && line <= part.lastLine && part.path.length >= (found?.path.length ?? 0))
      found = part;
  return found;
}

function isRange(range: unknown): range is readonly [number, number, number] {
  return Array.isArray(range);
}

/** See the file's head. A text that is too long, or too deep for the parser, has no parts. */
export function yamlOutline(text: string): YamlOutline {
  const parts: OutlinePart[] = [];
  if (text.length > longestText) return { parts, value: undefined };
  const lines = new LineCounter();
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const add = (path: TreePath, start: number, rawEnd: number): void => {
    const end = start + text.slice(start, rawEnd).trimEnd().length;
    parts.push({ path, start, end, firstLine: lineOf(start), lastLine: lineOf(Math.max(start, end - 1)) });
  };
  const walk = (node: unknown, path: TreePath): unknown => {
    if (isScalar(node)) return node.value;
    if (path.length >= deepest || parts.length >= mostParts) return undefined;
    if (isSeq(node))
      return node.items.map((item, index) => {
        const range = (item as Partial<Node> | null)?.range;
        const inside = [...path, index];
        if (isRange(range)) add(inside, range[0], range[1]);
        return walk(item, inside);
      });
    if (!isMap(node)) return undefined;
    const members: Record<string, unknown> = {};
    for (const { key, value } of node.items) {
      if (!isScalar(key) || !isRange(key.range)) continue;
      const name = String(key.value);
      const inside = [...path, name];
      const range = (value as Partial<Node> | null)?.range;
      add(inside, key.range[0], range?.[1] ?? key.range[1]);
      if (name !== '__proto__') members[name] = walk(value, inside);
    }
    return members;
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    return { parts, value: walk(document.contents, []) };
  } catch (error) {
    if (error instanceof RangeError) return { parts: [], value: undefined };
    throw error;
  }
}
