/**
 * What scripts write in `%{ }%`: assertions about the socket under test, in the small part of Python that they use. Comparisons
 * may be chained, and names stand for the fields of TCP_INFO or for what an assignment has given them.
 */
import { syntaxError, unsupported, type SourcePosition } from './scriptProblem';

/** A value of code. */
export type CodeValue = number | boolean;

/** An expression of code. */
export type CodeExpression = SourcePosition &
  (
    | { readonly kind: 'constant'; readonly value: CodeValue }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'not' | 'minus' | 'complement'; readonly operand: CodeExpression }
    | {
        readonly kind: 'binary';
        readonly operator: string;
        readonly left: CodeExpression;
        readonly right: CodeExpression;
      }
    /** `a <= b < c`. */
    | {
        readonly kind: 'comparison';
        readonly operands: readonly CodeExpression[];
        readonly operators: readonly string[];
      }
    | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly CodeExpression[] }
  );

/** A statement of code. */
export type CodeStatement = SourcePosition &
  (
    | {
        readonly kind: 'assert';
        readonly condition: CodeExpression;
        /** What is told about where the assertion fails. */
        readonly message: CodeExpression | undefined;
        /** The condition as it is written. */
        readonly text: string;
      }
    | { readonly kind: 'assignment'; readonly name: string; readonly value: CodeExpression }
    /** Output, imports and the like, which decide nothing. */
    | { readonly kind: 'ignored' }
  );

interface CodeToken extends SourcePosition {
  readonly kind: 'number' | 'name' | 'string' | 'operator' | 'break' | 'end';
  readonly text: string;
  readonly start: number;
}

const tokenPattern =
  /([ \t\r\f]+|#[^\n]*|\\\r?\n)|(\n|;)|(0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|([-+*/%]=|==|!=|<=|>=|<<|>>|\/\/|\*\*|[-+*/%<>=()|&^~,.[\]:])/y;

/** Functions that code may call. */
const functions: ReadonlySet<string> = new Set(['abs', 'min', 'max', 'int', 'round', 'float']);

/** Python's operators by how strongly they bind, weakest first. */
const binaryLevels: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];
const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Statements that decide nothing. */
const idleStatements: ReadonlySet<string> = new Set(['print', 'pass', 'import', 'from']);

/** How deep expressions may be nested. */
const deepest = 64;

/** Most operators of a block: chains of them make deep trees too. */
const mostOperators = 1000;

/** Words that stand for no value. */
const keywords: ReadonlySet<string> = new Set([
  'not',
  'and',
  'or',
  'in',
  'is',
  'if',
  'else',
  'for',
  'lambda',
  'assert',
]);

/** Reads the statements of a block whose text begins at `origin`.
 * @throws ScriptError if it is not the part of Python that is known */
export function parseCode(text: string, origin: SourcePosition): readonly CodeStatement[] {
  return new CodeParser(text, tokenizeCode(text, origin)).statements();
}

function tokenizeCode(text: string, origin: SourcePosition): readonly CodeToken[] {
  const tokens: CodeToken[] = [];
  let { line } = origin;
  let lineStart = 1 - origin.column;
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    const position = { line, column: at - lineStart + 1 };
    if (match === null) syntaxError(`code has no '${text[at]!}'`, position);
    const [whole, , separator, number, name, string] = match;
    if (separator === undefined || depth === 0) {
      const kind =
        separator !== undefined
          ? 'break'
          : number !== undefined
            ? 'number'
            : name !== undefined
              ? 'name'
              : string !== undefined
                ? 'string'
                : 'operator';
      if (match[1] === undefined) tokens.push({ kind, text: whole, start: at, ...position });
    }
    if (whole === '(' || whole === '[') depth++;
    else if (whole === ')' || whole === ']') depth--;
    at += whole.length;
    if (whole.endsWith('\n')) {
      line++;
      lineStart = at;
    }
  }
  tokens.push({ kind: 'end', text: '', start: at, line, column: at - lineStart + 1 });
  return tokens;
}

class CodeParser {
  private index = 0;
  private depth = 0;
  private operators = 0;

  constructor(
    private readonly source: string,
    private readonly tokens: readonly CodeToken[],
  ) {}

  statements(): readonly CodeStatement[] {
    const statements: CodeStatement[] = [];
    for (;;) {
      while (this.next.kind === 'break') this.index++;
      if (this.next.kind === 'end') return statements;
      statements.push(this.statement());
      if (!this.atEnd) this.fail('the end of the statement');
    }
  }

  private get next(): CodeToken {
    return this.tokens[Math.min(this.index, this.tokens.length - 1)]!;
  }

  /** Whether a statement ends here. */
  private get atEnd(): boolean {
    return this.next.kind === 'break' || this.next.kind === 'end';
  }

  private is(text: string): boolean {
    return (this.next.kind === 'operator' || this.next.kind === 'name') && this.next.text === text;
  }

  private takeIf(text: string): boolean {
    const found = this.is(text);
    if (found) this.index++;
    return found;
  }

  private fail(expected: string): never {
    syntaxError(`expected ${expected}, found '${this.next.text.trim()}'`, this.next);
  }

  private statement(): CodeStatement {
    const { kind, text: word, line, column } = this.next;
    if (kind !== 'name') this.fail('a statement, such as assert');
    if (idleStatements.has(word)) {
      while (!this.atEnd) this.index++;
      return { kind: 'ignored', line, column };
    }
    if (word === 'assert') {
      this.index++;
      const { start } = this.next;
      const condition = this.expression();
      const text = this.source.slice(start, this.next.start).trim();
      const message = this.takeIf(',') ? this.message() : undefined;
      return { kind: 'assert', condition, message, text, line, column };
    }
    const { [this.index + 1]: following } = this.tokens;
    const [, operator] = /^([-+*/%]?)=$/.exec(following?.text ?? '') ?? [];
    if (operator === undefined) unsupported(`the statement '${word}' in code`, { line, column });
    this.index += 2;
    const operand = this.expression();
    const left = { kind: 'name', name: word, line, column } as const;
    const value: CodeExpression =
      operator === '' ? operand : { kind: 'binary', operator, left, right: operand, line, column };
    return { kind: 'assignment', name: word, value, line, column };
  }

  /** What an assertion tells; a text is told by the condition anyway. */
  private message(): CodeExpression | undefined {
    if (this.next.kind !== 'string') {
      const message = this.expression();
      while (this.takeIf(',')) this.expression();
      return message;
    }
    while (!this.atEnd) this.index++;
    return undefined;
  }

  private expression(): CodeExpression {
    if (++this.depth > deepest) syntaxError(`expressions are nested at most ${deepest} deep`, this.next);
    const found = this.either();
    this.depth--;
    return found;
  }

  private either(): CodeExpression {
    let left = this.both();
    while (this.is('or')) left = this.joined(left, () => this.both());
    return left;
  }

  private both(): CodeExpression {
    let left = this.negation();
    while (this.is('and')) left = this.joined(left, () => this.negation());
    return left;
  }

  private joined(left: CodeExpression, operand: () => CodeExpression): CodeExpression {
    const { text: operator, line, column } = this.next;
    if (++this.operators > mostOperators)
      syntaxError(`code has at most ${mostOperators} operators`, this.next);
    this.index++;
    return { kind: 'binary', operator, left, right: operand(), line, column };
  }

  private negation(): CodeExpression {
    const { line, column } = this.next;
    let count = 0;
    while (this.takeIf('not')) count++;
    const operand = this.comparison();
    if (count === 0) return operand;
    const once: CodeExpression = { kind: 'not', operand, line, column };
    return count % 2 === 1 ? once : { kind: 'not', operand: once, line, column };
  }

  private comparison(): CodeExpression {
    const operands = [this.binary(0)];
    const operators: string[] = [];
    const { line, column } = this.next;
    while (this.next.kind === 'operator' && comparisons.has(this.next.text)) {
      operators.push(this.next.text);
      this.index++;
      operands.push(this.binary(0));
    }
    return operators.length === 0 ? operands[0]! : { kind: 'comparison', operands, operators, line, column };
  }

  private binary(level: number): CodeExpression {
    const operators = binaryLevels[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    while (this.next.kind === 'operator' && operators.includes(this.next.text))
      left = this.joined(left, () => this.binary(level + 1));
    return left;
  }

  private unary(): CodeExpression {
    const { text, line, column } = this.next;
    if (!this.is('-') && !this.is('~') && !this.is('+')) return this.primary();
    if (++this.depth > deepest) syntaxError(`expressions are nested at most ${deepest} deep`, this.next);
    this.index++;
    const operand = this.unary();
    this.depth--;
    if (text === '+') return operand;
    return { kind: text === '-' ? 'minus' : 'complement', operand, line, column };
  }

  private primary(): CodeExpression {
    const { kind, text, line, column } = this.next;
    if (kind === 'number') {
      this.index++;
      return { kind: 'constant', value: Number(text), line, column };
    }
    if (this.takeIf('(')) {
      const inner = this.expression();
      if (!this.takeIf(')')) this.fail("')'");
      return inner;
    }
    if (kind !== 'name' || keywords.has(text)) this.fail('a value');
    this.index++;
    if (text === 'True' || text === 'False')
      return { kind: 'constant', value: text === 'True', line, column };
    if (!this.takeIf('(')) return { kind: 'name', name: text, line, column };
    if (!functions.has(text)) unsupported(`the function ${text} in code`, { line, column });
    const args: CodeExpression[] = [];
    do args.push(this.expression());
    while (this.takeIf(','));
    if (!this.takeIf(')')) this.fail("')'");
    return { kind: 'call', name: text, arguments: args, line, column };
  }
}
