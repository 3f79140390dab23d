import fc from 'fast-check';
import { parseExpression } from '../../../shared/expression/parser';
import {
  arithmeticOperators,
  comparisonOperators,
  textOperators,
  type ExpressionNode,
  type ListElement,
} from '../../../shared/expression/syntax';

const span = { start: 0, end: 0 };
const nameSpan = span;
const operatorSpan = span;

const names = ['bytes', 'status', 'tcp.flags.syn', 'arg.Oid', 'SndWnd', 'x_1', 'notes', 'inside', 'android'];

/** A literal as reading gives it. */
function literal(text: string): ExpressionNode {
  const result = parseExpression(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const literals = [
  '0',
  '64K',
  '1.5ms',
  '0xFF',
  '3.25',
  '192.0.2.1',
  '2001:db8::/32',
  '02:00:00:00:00:01',
  'true',
  'false',
].map(literal);

const leaf: fc.Arbitrary<ExpressionNode> = fc.oneof(
  fc.constantFrom(...literals),
  fc.constantFrom(...names).map((name): ExpressionNode => ({ kind: 'name', name, ...span })),
  fc.string({ maxLength: 6 }).map((value): ExpressionNode => ({ kind: 'text', value, ...span })),
);

/** Any tree, whether its types agree or not. */
export const arbitraryExpression: fc.Arbitrary<ExpressionNode> = fc.letrec<{
  node: ExpressionNode;
  element: ListElement;
}>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc
      .record({
        kind: fc.constantFrom('and', 'or'),
        operands: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      })
      .map((node): ExpressionNode => ({ ...node, ...span })),
    fc
      .record({ kind: fc.constantFrom('not', 'negative'), operand: tie('node') })
      .map((node): ExpressionNode => ({ ...node, ...span })),
    fc
      .record({ operator: fc.constantFrom(...comparisonOperators), left: tie('node'), right: tie('node') })
      .map((node): ExpressionNode => ({ kind: 'comparison', operatorSpan, ...node, ...span })),
    fc
      .record({ operator: fc.constantFrom(...textOperators), left: tie('node'), right: tie('node') })
      .map((node): ExpressionNode => ({ kind: 'match', ...node, ...span })),
    fc
      .record({ operator: fc.constantFrom(...arithmeticOperators), left: tie('node'), right: tie('node') })
      .map((node): ExpressionNode => ({ kind: 'arithmetic', ...node, ...span })),
    fc
      .record({ left: tie('node'), elements: fc.array(tie('element'), { minLength: 1, maxLength: 3 }) })
      .map((node): ExpressionNode => ({ kind: 'membership', ...node, ...span })),
    fc
      .record({
        name: fc.constantFrom('min', 'exists', 'f'),
        arguments: fc.array(tie('node'), { maxLength: 3 }),
      })
      .map((node): ExpressionNode => ({ kind: 'function', nameSpan, ...node, ...span })),
  ),
  element: fc.oneof(
    tie('node').map((value): ListElement => ({ kind: 'value', value })),
    fc
      .record({ from: tie('node'), to: tie('node') })
      .map((range): ListElement => ({ kind: 'range', ...range })),
  ),
})).node;

/** A tree without the places of its nodes. */
export function withoutPlaces(tree: ExpressionNode): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) =>
      ['start', 'end', 'nameSpan', 'operatorSpan'].includes(key) ? undefined : value,
    ),
  );
}
