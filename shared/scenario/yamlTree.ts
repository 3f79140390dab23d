/** Reads YAML as a tree of plain values that knows where each of them stands. Any text is bounded in what it can cost. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml';
import { fail, succeed, type Result } from '../base/result';

/** Longest text, in characters. */
export const longestText = 256 * 1024;

/** Deepest nesting of lists and mappings. */
const deepest = 32;

/** Most values in a text. */
const mostValues = 100_000;

/** Something wrong with a text, and where. */
export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A place in a tree: the keys that lead there. */
export type TreePath = readonly PropertyKey[];

/** A text that could be read. */
export interface YamlTree {
  /** Mappings, lists, texts, numbers, booleans and nulls. */
  readonly value: unknown;
  /** Where something stands, or the innermost thing around it that does; of a member of a mapping, its key if `isKey`. */
  place(path: TreePath, isKey?: boolean): { readonly line: number; readonly column: number };
}

/** Thrown where the tree is not one that is taken; caught in this file. */
class Refused extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

function offsetOf(node: unknown): number {
  return (node as Partial<Node> | null)?.range?.[0] ?? 0;
}

/** Makes plain values of nodes. */
class Reader {
  private values = 0;

  value(node: unknown, depth: number, at: number): unknown {
    if (node === null || node === undefined) return null;
    const offset = offsetOf(node) || at;
    if (++this.values > mostValues) throw new Refused(offset, `There are more than ${mostValues} values.`);
    if (depth > deepest)
      throw new Refused(offset, `Lists and mappings are nested deeper than ${deepest} levels.`);
    if (isAlias(node)) throw new Refused(offset, 'Aliases are not taken. Write the value out.');
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.value(item, depth + 1, offset));
    if (!isMap(node)) throw new Refused(offset, 'This is neither a value, nor a list, nor a mapping.');
    const members: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = keyOf(pair);
      if (key === undefined || key === '__proto__')
        throw new Refused(offsetOf(pair.key) || offset, 'The key of a member must be a simple name.');
      if (Object.hasOwn(members, key))
        throw new Refused(offsetOf(pair.key), `The key "${key}" occurs twice.`);
      members[key] = this.value(pair.value, depth + 1, offsetOf(pair.key));
    }
    return members;
  }
}

/** The key of a member as text; undefined where it is none. */
function keyOf({ key }: Pair): string | undefined {
  if (typeof key === 'string') return key;
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' || typeof key.value === 'number' ? String(key.value) : undefined;
}

/** Offset of what stands at a path, or of the innermost thing around it. */
function offsetAt(root: unknown, path: TreePath, isKey: boolean): number {
  let node = root;
  let offset = offsetOf(root);
  for (const [index, key] of path.entries()) {
    let next: unknown;
    let found = offset;
    if (isSeq(node)) {
      next = node.items[Number(key)];
      found = offsetOf(next);
    } else if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(key));
      if (pair === undefined) return offset;
      next = pair.value;
      const wantsKey = next === null || (isKey && index === path.length - 1);
      found = wantsKey ? offsetOf(pair.key) : offsetOf(next);
    }
    if (next === undefined) return offset;
    offset = found;
    node = next;
  }
  return offset;
}

/** See the file's head. All problems with the syntax are answered together. */
export function readYamlTree(text: string): Result<YamlTree, readonly YamlProblem[]> {
  if (text.length > longestText)
    return fail([{ line: 1, column: 1, message: `The text is longer than ${longestText} characters.` }]);
  const lines = new LineCounter();
  const placeOf = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Its own look for keys that occur twice takes the square of their number.
      uniqueKeys: false,
    });
    const problems = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
      ...placeOf(pos[0]),
      message: message.endsWith('.') ? message : `${message}.`,
    }));
    if (problems.length > 0) return fail(problems);
    const root = document.contents;
    const value = new Reader().value(root, 0, 0);
    return succeed({ value, place: (path, isKey = false) => placeOf(offsetAt(root, path, isKey)) });
  } catch (error) {
    if (error instanceof Refused) return fail([{ ...placeOf(error.offset), message: error.message }]);
    // The parser itself descends: what is nested too deep for it ends the stack.
    if (error instanceof RangeError)
      return fail([{ line: 1, column: 1, message: 'Lists and mappings are nested too deep.' }]);
    throw error;
  }
}
