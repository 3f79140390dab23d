/** How one side of a comparison becomes what the other side needs. */
import type { Condition, NumberValue, TextValue } from './checked';
import { constantText, operandName, type Operand } from './operands';
import { agree, mismatch, refuse } from './resolver';
import { closest } from './suggestions';
import type { ComparisonNode, ComparisonOperator } from './syntax';
import { statusNames, statusValue } from './valueNames';

/** An operator with its sides exchanged. */
export const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** With a capital letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A part is there, and none satisfies the condition. */
export function unequal(parts: readonly Operand[], any: Condition): Condition {
  const there = parts.flatMap((part): Condition[] =>
    'value' in part && part.value.kind === 'field'
      ? [{ kind: 'exists', reference: part.value.reference }]
      : [],
  );
  return {
    kind: 'and',
    operands: [
      { kind: 'or', operands: there },
      { kind: 'not', operand: any },
    ],
  };
}

/** Text of an operand, arguments as what they show. */
export function textValue(operand: Operand): TextValue | undefined {
  if (operand.type === 'text') return operand.value;
  return operand.type === 'dynamic' ? { kind: 'field', reference: operand.reference } : undefined;
}

/** Two sides of which one is a status: the other is one as well, a number, or its name as text. */
export function statusOperand(
  left: Operand,
  right: Operand,
  node: ComparisonNode,
): { readonly left: NumberValue; readonly right: NumberValue } | undefined {
  if (left.type !== 'status' && right.type !== 'status') return undefined;
  const [status, other, place] =
    left.type === 'status' ? [left, right, node.right] : [right, left, node.left];
  if (status.type !== 'status') return undefined;
  const number = numberBeside(status, other);
  if (typeof number === 'string') {
    const text = constantText(other);
    refuse(place, number, text === undefined ? [] : closest(text, statusNames));
  }
  return left.type === 'status'
    ? { left: status.value, right: number }
    : { left: number, right: status.value };
}

/** The other operand as a number of the same sort; a sentence that says what to do if it is none. */
export function numberBeside(one: Operand, other: Operand): NumberValue | string {
  if (other.type === 'dynamic') return { kind: 'field', reference: other.reference };
  if (one.type === 'number') {
    if (other.type !== 'number') return `A number is needed here; this is ${operandName(other)}.`;
    return agree(one, other) ? other.value : mismatch(one, other);
  }
  if (other.type === 'status') return other.value;
  if (other.type === 'number' && other.quantity === 'count') {
    if (other.value.kind === 'constant') return { kind: 'constant', value: other.value.value >>> 0 };
    return other.value;
  }
  const text = constantText(other);
  const value = text === undefined ? undefined : statusValue(text);
  if (value !== undefined) return { kind: 'constant', value };
  return text === undefined
    ? `A status code is needed here, such as SUCCESS or 0xC0000001; this is ${operandName(other)}.`
    : `No status code is called \`${text}\`.`;
}

/** An argument as the type of what it is compared with. */
export function argumentLike(argument: Extract<Operand, { type: 'dynamic' }>, other: Operand): Operand {
  const value = { kind: 'field', reference: argument.reference } as const;
  switch (other.type) {
    case 'number':
      return { type: 'number', quantity: other.quantity, value, field: undefined };
    case 'status':
      return { type: 'status', value, field: undefined };
    case 'address':
    case 'pattern':
      return { type: 'address', value };
    default:
      return { type: 'text', value, field: undefined };
  }
}
