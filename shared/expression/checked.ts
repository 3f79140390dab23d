/**
 * An expression whose names are resolved and whose types agree: what the compiler reads. Numbers, status codes, times and booleans
 * are all numbers here (a boolean is 0 or 1); addresses are texts.
 */
import type { EventKind, FieldReference } from './fieldTypes';
import type {
  ArithmeticOperator,
  ComparisonOperator,
  ExpressionNode,
  ExpressionProblem,
  TextOperator,
} from './syntax';
import type { AddressPattern } from './addresses';

/** Functions that answer a number. */
export type NumberFunction = 'min' | 'max' | 'abs' | 'distance';

/** Something that is a number, or absent. */
export type NumberValue =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'field'; readonly reference: FieldReference }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: NumberValue;
      readonly right: NumberValue;
    }
  | { readonly kind: 'function'; readonly name: NumberFunction; readonly arguments: readonly NumberValue[] }
  | { readonly kind: 'length'; readonly text: TextValue };

/** Something that is text, or absent. */
export type TextValue =
  | { readonly kind: 'constant'; readonly value: string }
  | { readonly kind: 'field'; readonly reference: FieldReference }
  | { readonly kind: 'function'; readonly name: 'lower' | 'upper'; readonly operand: TextValue };

/** A question about one text. */
export type TextTest =
  | { readonly kind: 'equals'; readonly value: string }
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: TextOperator; readonly value: string }
  | { readonly kind: 'address'; readonly patterns: readonly AddressPattern[] };

/** A range of numbers, ends included. */
export interface NumberRange {
  readonly from: NumberValue;
  readonly to: NumberValue;
}

/** Something that holds or does not. What is absent makes every comparison false. */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition }
  | {
      readonly kind: 'numbers';
      readonly operator: ComparisonOperator;
      readonly left: NumberValue;
      readonly right: NumberValue;
    }
  | { readonly kind: 'ranges'; readonly value: NumberValue; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'text'; readonly value: TextValue; readonly test: TextTest; readonly negated: boolean }
  | {
      readonly kind: 'texts';
      /** `!=` where true. */
      readonly negated: boolean;
      readonly left: TextValue;
      readonly right: TextValue;
    }
  | {
      readonly kind: 'matchTexts';
      readonly operator: TextOperator;
      readonly left: TextValue;
      readonly right: TextValue;
    }
  /** `failed`: the severity is error; `succeeded`: NT_SUCCESS, that is success or information. */
  | { readonly kind: 'severity'; readonly failed: boolean; readonly status: NumberValue }
  | { readonly kind: 'exists' | 'changed'; readonly reference: FieldReference };

/** An expression that can be compiled. */
export interface CheckedExpression {
  readonly tree: ExpressionNode;
  readonly condition: Condition;
  /** Fields that are asked for, each once. */
  readonly references: readonly FieldReference[];
  /** Kinds of events that can match; a reader may skip all others. */
  readonly kinds: ReadonlySet<EventKind>;
  /** What is odd, though it can be evaluated: names that nothing is known of. */
  readonly warnings: readonly ExpressionProblem[];
}
