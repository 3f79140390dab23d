/**
 * Builds the tree of an expression by recursive descent. From weakest to strongest: `||`, `&&`, `!`, comparisons (`==`, `in`,
 * `contains` …), `+ -`, `* / % &`, `-`. The first problem ends it; it points at the character and says what to write.
 */
import { fail, succeed, type Result } from '../base/result';
import { problem, readTokens, type Sign, type Token } from './lexer';
import { closest } from './suggestions';
import {
  comparisonOperators,
  deepestNesting,
  textOperators,
  type ArithmeticOperator,
  type ComparisonOperator,
  type ExpressionNode,
  type ExpressionProblem,
  type ListElement,
  type Span,
  type TextOperator,
} from './syntax';

/** Reads an expression. Never throws, whatever the text. */
export function parseExpression(text: string): Result<ExpressionNode, ExpressionProblem> {
  const tokens = readTokens(text);
  if (!tokens.ok) return tokens;
  try {
    return succeed(new Parser(tokens.value, text).whole());
  } catch (error) {
    if (error instanceof SyntaxProblem) return fail(error.problem);
    throw error;
  }
}

/** Carries a problem out of the recursion; never leaves this file. */
class SyntaxProblem extends Error {
  constructor(readonly problem: ExpressionProblem) {
    super(problem.message);
  }
}

const wordOperators: readonly string[] = ['and', 'or', 'not', 'in', ...textOperators];
const sumSigns = ['+', '-'] as const;
const productSigns = ['*', '/', '%', '&'] as const;

/** Words that are operators in any case of letters: `AND` is `and`. */
const logicalWords: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in']);

/** A token together with how deep the tree below a node is, so that chains of arithmetic count as nesting. */
interface Measured {
  readonly node: ExpressionNode;
  readonly depth: number;
}

class Parser {
  private at = 0;
  private nesting = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly text: string,
  ) {}

  whole(): ExpressionNode {
    if (this.peek().kind === 'end')
      this.refuse(this.peek(), 'Write a condition, such as `status != SUCCESS` or `bytes > 64K`.');
    const { node } = this.disjunction();
    const rest = this.peek();
    if (rest.kind === 'end') return node;
    if (rest.kind === 'sign' && rest.sign === ')') this.refuse(rest, 'This ) closes nothing: remove it.');
    const comparison = this.comparisonSign();
    if (comparison !== undefined)
      this.refuse(rest, 'Comparisons cannot be chained: write `a < b && b < c`, or `b in (a..c)`.');
    if (rest.kind === 'word') {
      const suggestions = closest(rest.word, wordOperators);
      this.refuse(rest, 'An operator such as `&&` or `==` is missing in front of this.', suggestions);
    }
    this.refuse(rest, 'An operator such as `&&` or `==` is missing in front of this.');
  }

  private peek(): Token {
    return this.tokens[this.at]!;
  }

  private refuse(span: Span, message: string, suggestions: readonly string[] = []): never {
    throw new SyntaxProblem(problem(span, message, suggestions));
  }

  private isSign(sign: Sign): boolean {
    const next = this.peek();
    return next.kind === 'sign' && next.sign === sign;
  }

  private isWord(word: string): boolean {
    const next = this.peek();
    if (next.kind !== 'word') return false;
    return next.word === word || (logicalWords.has(word) && next.word.toLowerCase() === word);
  }

  /** Takes the next token if it is this sign. */
  private take(sign: Sign): boolean {
    if (!this.isSign(sign)) return false;
    this.at++;
    return true;
  }

  private expect(sign: Sign, opening: Token, message: string): number {
    const next = this.peek();
    if (this.take(sign)) return next.end;
    this.refuse(next.kind === 'end' ? opening : next, message);
  }

  private deeper<Value>(place: Token, read: () => Value): Value {
    if (++this.nesting > deepestNesting)
      this.refuse(place, `This is nested more than ${deepestNesting} deep: split the expression.`);
    const value = read();
    this.nesting--;
    return value;
  }

  private disjunction(): Measured {
    return this.chain('or', '||', () => this.conjunction());
  }

  private conjunction(): Measured {
    return this.chain('and', '&&', () => this.negation());
  }

  private chain(kind: 'and' | 'or', sign: Sign, operand: () => Measured): Measured {
    const first = operand();
    const operands = [first.node];
    let { depth } = first;
    while (this.isSign(sign) || this.isWord(kind)) {
      this.at++;
      const more = operand();
      operands.push(more.node);
      depth = Math.max(depth, more.depth);
    }
    if (operands.length === 1) return first;
    const span = { start: first.node.start, end: operands.at(-1)!.end };
    return { node: { kind, operands, ...span }, depth: depth + 1 };
  }

  private negation(): Measured {
    const sign = this.peek();
    if (!this.isSign('!') && !this.isWord('not')) return this.comparison();
    this.at++;
    const { node, depth } = this.deeper(sign, () => this.negation());
    return { node: { kind: 'not', operand: node, start: sign.start, end: node.end }, depth: depth + 1 };
  }

  private comparisonSign(): ComparisonOperator | undefined {
    const next = this.peek();
    return next.kind === 'sign' ? comparisonOperators.find((sign) => sign === next.sign) : undefined;
  }

  private textWord(): TextOperator | undefined {
    const next = this.peek();
    return next.kind === 'word' ? textOperators.find((word) => word === next.word) : undefined;
  }

  private comparison(): Measured {
    const left = this.sum();
    const operatorSpan = { start: this.peek().start, end: this.peek().end };
    const operator = this.comparisonSign();
    if (operator !== undefined) {
      this.at++;
      const right = this.sum();
      return this.above(left, right, (span) => ({
        kind: 'comparison',
        operator,
        operatorSpan,
        left: left.node,
        right: right.node,
        ...span,
      }));
    }
    const word = this.textWord();
    if (word !== undefined) {
      this.at++;
      const right = this.sum();
      return this.above(left, right, (span) => ({
        kind: 'match',
        operator: word,
        left: left.node,
        right: right.node,
        ...span,
      }));
    }
    const following = this.tokens[this.at + 1];
    const isNegated =
      this.isWord('not') &&
      following?.kind === 'word' &&
      /^(in|contains|startsWith|endsWith|like)$/i.test(following.word);
    if (isNegated) {
      this.at++;
      if (this.isWord('in')) {
        const { node, depth } = this.membership(left);
        return { node: { kind: 'not', operand: node, start: node.start, end: node.end }, depth: depth + 1 };
      }
      this.refuse(operatorSpan, 'Write the `not` in front: `not (note contains "x")`.');
    }
    if (this.isWord('in')) return this.membership(left);
    return left;
  }

  private above(left: Measured, right: Measured, make: (span: Span) => ExpressionNode): Measured {
    const depth = Math.max(left.depth, right.depth) + 1;
    const node = make({ start: left.node.start, end: right.node.end });
    if (depth > deepestNesting)
      this.refuse(node, `This is nested more than ${deepestNesting} deep: split the expression.`);
    return { node, depth };
  }

  private membership(left: Measured): Measured {
    this.at++;
    const opening = this.peek();
    const closing = this.isSign('{') ? '}' : ')';
    if (!this.take('(') && !this.take('{')) {
      const { node, depth } = this.element();
      const end = node.kind === 'value' ? node.value.end : node.to.end;
      const start = left.node.start;
      return {
        node: { kind: 'membership', left: left.node, elements: [node], start, end },
        depth: Math.max(depth, left.depth) + 1,
      };
    }
    const elements: ListElement[] = [];
    let depth = left.depth;
    if (this.isSign(closing))
      this.refuse(this.peek(), 'The list is empty: put values into it, such as (1, 2, 10..20).');
    do {
      const element = this.element();
      elements.push(element.node);
      depth = Math.max(depth, element.depth);
    } while (this.take(','));
    const end = this.expect(closing, opening, `A comma or ${closing} is missing in the list.`);
    return {
      node: { kind: 'membership', left: left.node, elements, start: left.node.start, end },
      depth: depth + 1,
    };
  }

  private element(): { readonly node: ListElement; readonly depth: number } {
    const from = this.sum();
    if (!this.take('..')) return { node: { kind: 'value', value: from.node }, depth: from.depth };
    const to = this.sum();
    return { node: { kind: 'range', from: from.node, to: to.node }, depth: Math.max(from.depth, to.depth) };
  }

  private sum(): Measured {
    return this.arithmetic(sumSigns, () => this.product());
  }

  private product(): Measured {
    return this.arithmetic(productSigns, () => this.negative());
  }

  private arithmetic(operators: readonly ArithmeticOperator[], operand: () => Measured): Measured {
    let left = operand();
    for (;;) {
      const operator = operators.find((sign) => this.isSign(sign));
      if (operator === undefined) return left;
      this.at++;
      const before = left;
      const right = operand();
      left = this.above(before, right, (span) => ({
        kind: 'arithmetic',
        operator,
        left: before.node,
        right: right.node,
        ...span,
      }));
    }
  }

  private negative(): Measured {
    const sign = this.peek();
    if (!this.take('-')) return this.primary();
    const { node, depth } = this.deeper(sign, () => this.negative());
    return { node: { kind: 'negative', operand: node, start: sign.start, end: node.end }, depth: depth + 1 };
  }

  private primary(): Measured {
    const token = this.peek();
    switch (token.kind) {
      case 'number':
      case 'text':
      case 'address':
        this.at++;
        return { node: token, depth: 1 };
      case 'word':
        return this.word(token);
      case 'sign': {
        if (token.sign !== '(') break;
        this.at++;
        const inner = this.deeper(token, () => this.disjunction());
        this.expect(')', token, 'This ( has no ): close it.');
        return inner;
      }
      case 'end':
        this.refuse(this.lastSpan(), 'The expression ends too early: a value is missing behind this.');
    }
    const written = this.text.slice(token.start, token.end);
    this.refuse(token, `A field or a value is missing in front of \`${written}\`.`);
  }

  /** Where the text ends: its last token, as nobody sees a mark behind the end. */
  private lastSpan(): Span {
    return this.tokens[this.at - 1] ?? this.peek();
  }

  private word(token: Extract<Token, { kind: 'word' }>): Measured {
    const { word, start, end } = token;
    if (wordOperators.includes(word) || logicalWords.has(word.toLowerCase()))
      this.refuse(
        token,
        `A field or a value is missing in front of \`${word}\`; put it into quotation marks if it is text.`,
      );
    this.at++;
    if (word === 'true' || word === 'false')
      return { node: { kind: 'boolean', value: word === 'true', start, end }, depth: 1 };
    const opening = this.peek();
    if (!this.take('(')) return { node: { kind: 'name', name: word, start, end }, depth: 1 };
    const list: ExpressionNode[] = [];
    let depth = 0;
    if (!this.isSign(')')) {
      do {
        const argument = this.deeper(token, () => this.disjunction());
        list.push(argument.node);
        depth = Math.max(depth, argument.depth);
      } while (this.take(','));
    }
    const close = this.expect(')', opening, 'A comma or ) is missing behind the arguments of this function.');
    const nameSpan = { start, end };
    return {
      node: { kind: 'function', name: word, nameSpan, arguments: list, start, end: close },
      depth: depth + 1,
    };
  }
}
