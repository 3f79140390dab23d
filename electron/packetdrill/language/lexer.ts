/** Cuts a script into tokens. At each place the longest token wins, as in the language's own scanner. */
import { syntaxError, type SourcePosition } from './scriptProblem';

/** What a token is; a `symbol` is a single character, and `end` follows the last one. */
export type TokenKind =
  | 'integer'
  | 'float'
  | 'hexadecimal'
  | 'word'
  | 'string'
  | 'command'
  | 'code'
  | 'option'
  | 'ipv4'
  | 'ipv6'
  | 'ellipsis'
  | 'symbol'
  | 'end';

/** A token; `text` is without its delimiters. */
export interface Token extends SourcePosition {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it begins in the script. */
  readonly offset: number;
}

/** Most characters of a script: what is larger was not written by hand. */
export const largestScript = 1024 * 1024;

const group = '[0-9a-fA-F]{1,4}';

/** Of several that match, the longest is taken; of equally long ones, the first. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['ellipsis', /\.\.\./y],
  ['option', /--[a-zA-Z0-9_]+/y],
  ['float', /-?[0-9]*\.[0-9]+/y],
  ['integer', /-?[0-9]+/y],
  ['hexadecimal', /0x[0-9a-fA-F]+/y],
  ['word', /[a-zA-Z0-9_]+/y],
  ['string', /"(?:\\[^]|[^"\\])*"/y],
  ['command', /`(?:\\[^]|[^`\\])*`/y],
  ['code', /%\{[^]*?\}%/y],
  ['ipv4', /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/y],
  ['ipv6', new RegExp(`(?:${group}:){7}${group}`, 'y')],
  [
    'ipv6',
    new RegExp(
      `(?:${group}(?::${group}){0,7})?::(?:ffff:)?(?:[0-9]+(?:\\.[0-9]+){3}|${group}(?::${group}){0,7})?`,
      'y',
    ),
  ],
];

const blank = /(?:[ \t\r\n\f]+|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;

/** How many characters of each kind of token are delimiters, in front and behind. */
const delimiters: Partial<Record<TokenKind, number>> = { string: 1, command: 1, code: 2 };

/**
 * All tokens of a script, `end` last.
 * @throws ScriptError if something never ends, or the script is too large
 */
export function tokenize(source: string): readonly Token[] {
  if (source.length > largestScript)
    syntaxError(`a script has at most ${largestScript} characters`, { line: 1, column: 1 });
  const tokens: Token[] = [];
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  /** End of the line, remembered: to look for it from every token of a long line would take the square of its length. */
  let lineEnd = source.indexOf('\n');
  /** Moves on and keeps count of lines. */
  const advance = (end: number): void => {
    while (lineEnd >= 0 && lineEnd < end) {
      line++;
      lineStart = lineEnd + 1;
      lineEnd = source.indexOf('\n', lineStart);
    }
    offset = end;
  };
  for (;;) {
    blank.lastIndex = offset;
    const skipped = blank.exec(source);
    if (skipped !== null) advance(blank.lastIndex);
    const position = { line, column: offset - lineStart + 1 };
    if (offset >= source.length) {
      tokens.push({ kind: 'end', text: '', offset, ...position });
      return tokens;
    }
    let kind: TokenKind = 'symbol';
    let text = source[offset]!;
    for (const [candidate, pattern] of patterns) {
      pattern.lastIndex = offset;
      const match = pattern.exec(source)?.[0];
      if (match === undefined || (kind !== 'symbol' && match.length <= text.length)) continue;
      kind = candidate;
      text = match;
    }
    if (kind === 'symbol') checkSymbol(source, offset, position);
    const length = text.length;
    const delimiter = delimiters[kind] ?? 0;
    const inner = delimiter === 0 ? text : text.slice(delimiter, -delimiter);
    tokens.push({ kind, text: kind === 'option' ? text.slice(2) : inner, offset, ...position });
    advance(offset + length);
  }
}

/** What begins like a longer token, but is none, has no end. */
function checkSymbol(source: string, offset: number, position: SourcePosition): void {
  const unended: Readonly<Record<string, string>> = {
    '"': 'string',
    '`': 'command',
    '%{': 'code',
    '/*': 'comment',
  };
  const what = unended[source.slice(offset, offset + 2)] ?? unended[source[offset]!];
  if (what !== undefined) syntaxError(`this ${what} never ends`, position);
}
