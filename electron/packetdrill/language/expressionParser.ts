/** Arguments and results of system calls. */
import type { Expression, StructureMember } from './script';
import { syntaxError } from './scriptProblem';
import type { TokenCursor } from './tokenCursor';

/** How deep lists and structures may be nested. */
const deepest = 32;

/** Reads an expression: numbers, names, strings, lists, structures, and `|` between them.
 * @throws ScriptError if there is none */
export function parseExpression(cursor: TokenCursor, depth = 0): Expression {
  if (depth > deepest) syntaxError(`expressions are nested at most ${deepest} deep`, cursor.next);
  let left = parseOperand(cursor, depth);
  for (let count = 0; cursor.is('|'); count++) {
    if (count > deepest) syntaxError(`at most ${deepest} values are joined by '|'`, cursor.next);
    const { line, column } = cursor.take();
    left = { kind: 'or', left, right: parseOperand(cursor, depth + 1), line, column };
  }
  return left;
}

function parseOperand(cursor: TokenCursor, depth: number): Expression {
  const token = cursor.next;
  const position = { line: token.line, column: token.column };
  switch (token.kind) {
    case 'ellipsis':
      cursor.take();
      return { kind: 'ellipsis', ...position };
    case 'integer':
    case 'hexadecimal':
      cursor.take();
      return { kind: 'integer', value: Number(token.text), ...position };
    case 'string':
      return { kind: 'string', text: parseStrings(cursor), ...position };
    case 'word':
      cursor.take();
      if (!cursor.takeIf('(')) return { kind: 'word', name: token.text, ...position };
      return { kind: 'call', name: token.text, argument: closed(cursor, depth, ')'), ...position };
    case 'symbol':
      if (token.text === '[') {
        cursor.take();
        return { kind: 'list', items: parseItems(cursor, depth, ']'), ...position };
      }
      if (token.text === '{') {
        cursor.take();
        return { kind: 'structure', members: parseMembers(cursor, depth), ...position };
      }
      return cursor.fail('a value');
    default:
      return cursor.fail('a value');
  }
}

function closed(cursor: TokenCursor, depth: number, close: string): Expression {
  const inner = parseExpression(cursor, depth + 1);
  cursor.expect(close);
  return inner;
}

/** Adjacent strings are one, and dots behind them say that more may follow. */
function parseStrings(cursor: TokenCursor): string {
  let text = '';
  while (cursor.next.kind === 'string') text += cursor.take().text;
  cursor.takeIf('...');
  return text;
}

/** Expressions between commas up to `close`, which is taken too. */
export function parseItems(cursor: TokenCursor, depth: number, close: string): Expression[] {
  const items: Expression[] = [];
  if (cursor.takeIf(close)) return items;
  do items.push(parseExpression(cursor, depth + 1));
  while (cursor.takeIf(','));
  cursor.expect(close);
  return items;
}

function parseMembers(cursor: TokenCursor, depth: number): StructureMember[] {
  const members: StructureMember[] = [];
  if (cursor.takeIf('}')) return members;
  do members.push(parseMember(cursor, depth));
  while (cursor.takeIf(','));
  cursor.expect('}');
  return members;
}

function parseMember(cursor: TokenCursor, depth: number): StructureMember {
  if (cursor.next.kind !== 'word')
    return { name: undefined, length: undefined, value: parseExpression(cursor, depth + 1) };
  if (cursor.is('=', 1)) {
    const name = cursor.take().text;
    cursor.expect('=');
    return { name, length: undefined, value: parseExpression(cursor, depth + 1) };
  }
  const value = parseExpression(cursor, depth + 1);
  if (value.kind !== 'call' || !cursor.takeIf('=')) return { name: undefined, length: undefined, value };
  return { name: value.name, length: value.argument, value: parseExpression(cursor, depth + 1) };
}
