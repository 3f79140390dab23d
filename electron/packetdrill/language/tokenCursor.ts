/** Walks over a script's tokens. */
import { syntaxError } from './scriptProblem';
import type { Token, TokenKind } from './lexer';

const kindNames: Readonly<Record<TokenKind, string>> = {
  integer: 'a whole number',
  float: 'a number with a fraction',
  hexadecimal: 'a hexadecimal number',
  word: 'a word',
  string: 'a string',
  command: 'a command in backquotes',
  code: 'code in %{ }%',
  option: 'an option',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  ellipsis: '...',
  symbol: 'a sign',
  end: 'the end of the script',
};

/** See the file's head. */
export class TokenCursor {
  private index = 0;

  constructor(
    private readonly tokens: readonly Token[],
    /** What `--define` gives words in place of themselves. */
    private readonly definitions: ReadonlyMap<string, Token> = new Map(),
  ) {}

  /** The token that comes next. */
  get next(): Token {
    return this.peek(0);
  }

  /** A token further on; behind the last one, `end`. */
  peek(ahead: number): Token {
    const token = this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)]!;
    const definition = token.kind === 'word' ? this.definitions.get(token.text) : undefined;
    return definition === undefined
      ? token
      : { ...definition, line: token.line, column: token.column, offset: token.offset };
  }

  /** Takes the next token, whatever it is. */
  take(): Token {
    const { next } = this;
    if (next.kind !== 'end') this.index++;
    return next;
  }

  /** Whether a sign or word comes next. */
  is(text: string, ahead = 0): boolean {
    const { kind, text: found } = this.peek(ahead);
    return (
      (kind === 'symbol' || kind === 'word' || (kind === 'ellipsis' && text === '...')) && found === text
    );
  }

  /** Takes a sign or word if it comes next. */
  takeIf(text: string): boolean {
    const found = this.is(text);
    if (found) this.take();
    return found;
  }

  /** Takes a sign or word that must come next.
   * @throws ScriptError if it does not */
  expect(text: string): Token {
    if (!this.is(text)) this.fail(`'${text}'`);
    return this.take();
  }

  /** Takes a token of a kind that must come next; `what` says what it means.
   * @throws ScriptError if another comes */
  expectKind(kind: TokenKind, what: string): Token {
    if (this.next.kind !== kind) this.fail(what);
    return this.take();
  }

  /** Takes a whole number from `least` to `most`, decimal or hexadecimal.
   * @throws ScriptError if none comes, or one outside */
  expectNumber(what: string, least: number, most: number): number {
    const token = this.next;
    if (token.kind !== 'integer' && token.kind !== 'hexadecimal') this.fail(what);
    this.take();
    const value = Number(token.text);
    if (!(value >= least && value <= most))
      syntaxError(`${what} is from ${least} to ${most}, not ${token.text}`, token);
    return value;
  }

  /** Something else should come next.
   * @throws ScriptError always */
  fail(expected: string): never {
    const { kind, text } = this.next;
    const found =
      kind === 'end' || kind === 'code' || kind === 'command' ? kindNames[kind] : `'${text.slice(0, 40)}'`;
    syntaxError(`expected ${expected}, found ${found}`, this.next);
  }
}
