/** Works out the value of code: see `code.ts`. */
import type { CodeExpression, CodeValue } from './code';
import { unsupported } from './scriptProblem';

/** What a name stands for; undefined if nobody knows it. */
export type CodeNames = (name: string) => CodeValue | undefined;

/** The value of an expression.
 * @throws ScriptError for a name that nobody knows, and for bits of what has none */
export function evaluateCode(expression: CodeExpression, names: CodeNames): CodeValue {
  const value = (operand: CodeExpression): CodeValue => evaluateCode(operand, names);
  const number = (operand: CodeExpression): number => Number(value(operand));
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'name':
      return names(expression.name) ?? unsupported(`'${expression.name}' in code`, expression);
    case 'not':
      return !value(expression.operand);
    case 'minus':
      return -number(expression.operand);
    case 'complement':
      return -number(expression.operand) - 1;
    case 'comparison':
      return expression.operators.every((operator, index) =>
        compare(operator, number(expression.operands[index]!), number(expression.operands[index + 1]!)),
      );
    case 'call':
      return call(expression.name, expression.arguments.map(number));
    case 'binary':
      if (expression.operator === 'and') return value(expression.left) && value(expression.right);
      if (expression.operator === 'or') return value(expression.left) || value(expression.right);
      return calculate(expression, number(expression.left), number(expression.right));
  }
}

function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

function calculate(
  expression: Extract<CodeExpression, { kind: 'binary' }>,
  left: number,
  right: number,
): number {
  const { operator } = expression;
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '%':
      return left - right * Math.floor(left / right);
    case '<<':
      return left * 2 ** right;
    case '>>':
      return Math.floor(left / 2 ** right);
    default:
      if (!Number.isFinite(left) || !Number.isFinite(right))
        return unsupported(`'${operator}' with what is no whole number`, expression);
      return bits(operator, left, right);
  }
}

function bits(operator: string, left: number, right: number): number {
  const [a, b] = [BigInt(Math.trunc(left)), BigInt(Math.trunc(right))];
  return Number(operator === '&' ? a & b : operator === '|' ? a | b : a ^ b);
}

function call(name: string, values: readonly number[]): number {
  switch (name) {
    case 'abs':
      return Math.abs(values[0]!);
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'round':
      return Math.round(values[0]!);
    case 'int':
      return Math.trunc(values[0]!);
    default:
      return values[0]!;
  }
}
