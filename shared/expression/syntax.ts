/**
 * What an expression is made of: the tree that the parser builds, and what can be wrong with a text. Positions are offsets in
 * UTF-16 code units, so that they fit every editor's.
 */

/** From `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Longest text that is read, in UTF-16 code units. */
export const longestExpression = 10_000;

/** How deep parentheses, functions and chains of arithmetic may nest. */
export const deepestNesting = 100;

/** What is wrong, or odd, at one place of an expression. */
export interface ExpressionProblem extends Span {
  /** A sentence for people, which says what to do. */
  readonly message: string;
  /** What could stand in the place of the span instead; best first, often empty. */
  readonly suggestions: readonly string[];
}

/** Operators that compare two values. */
export const comparisonOperators = ['==', '!=', '<', '<=', '>', '>='] as const;
/** See {@link comparisonOperators}. */
export type ComparisonOperator = (typeof comparisonOperators)[number];

/** Operators that look into text; `like` takes a pattern with `*` and `?`. */
export const textOperators = ['contains', 'startsWith', 'endsWith', 'like'] as const;
/** See {@link textOperators}. */
export type TextOperator = (typeof textOperators)[number];

/** Operators on numbers; `&` is the bitwise one. */
export const arithmeticOperators = ['+', '-', '*', '/', '%', '&'] as const;
/** See {@link arithmeticOperators}. */
export type ArithmeticOperator = (typeof arithmeticOperators)[number];

/** What the unit of a number says it is: a plain count, bytes, or nanoseconds. */
export type Quantity = 'count' | 'bytes' | 'time';

/** A number as written, such as `64K`, `1.5ms` or `0xC0000001`. */
export interface NumberLiteral extends Span {
  readonly kind: 'number';
  /** In bytes, nanoseconds or ones. */
  readonly value: number;
  readonly quantity: Quantity;
  readonly text: string;
}

/** Text in quotation marks. */
export interface TextLiteral extends Span {
  readonly kind: 'text';
  readonly value: string;
}

/** `true` or `false`. */
export interface BooleanLiteral extends Span {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** An IPv4, IPv6 or MAC address, or all addresses that begin with the same bits. */
export interface AddressLiteral extends Span {
  readonly kind: 'address';
  /** 4, 16 or 6 bytes. */
  readonly bytes: Uint8Array;
  /** Number of leading bits that count. */
  readonly prefixLength: number;
  readonly text: string;
}

/** A field, or the name of a value such as `SUCCESS`: which of both, the checker finds out. */
export interface NameNode extends Span {
  readonly kind: 'name';
  /** Dotted, such as `tcp.flags.syn`. */
  readonly name: string;
}

/** A function with its arguments. */
export interface FunctionCall extends Span {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: Span;
  readonly arguments: readonly ExpressionNode[];
}

/** Two or more conditions, of which all (`and`) or any (`or`) must hold. */
export interface LogicalNode extends Span {
  readonly kind: 'and' | 'or';
  readonly operands: readonly ExpressionNode[];
}

/** `!` or `-`. */
export interface UnaryNode extends Span {
  readonly kind: 'not' | 'negative';
  readonly operand: ExpressionNode;
}

/** A comparison. */
export interface ComparisonNode extends Span {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  readonly operatorSpan: Span;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** A look into text. */
export interface MatchNode extends Span {
  readonly kind: 'match';
  readonly operator: TextOperator;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** One value of a list, or a range with both ends included. */
export type ListElement =
  | { readonly kind: 'value'; readonly value: ExpressionNode }
  | { readonly kind: 'range'; readonly from: ExpressionNode; readonly to: ExpressionNode };

/** `left in (a, b, 10..20)`. */
export interface MembershipNode extends Span {
  readonly kind: 'membership';
  readonly left: ExpressionNode;
  readonly elements: readonly ListElement[];
}

/** Arithmetic with two operands. */
export interface ArithmeticNode extends Span {
  readonly kind: 'arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
}

/** An expression as it was written. */
export type ExpressionNode =
  | NumberLiteral
  | TextLiteral
  | BooleanLiteral
  | AddressLiteral
  | NameNode
  | FunctionCall
  | LogicalNode
  | UnaryNode
  | ComparisonNode
  | MatchNode
  | MembershipNode
  | ArithmeticNode;
