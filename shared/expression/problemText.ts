/** A problem of an expression for a terminal: the expression's line, a mark under the place, and what to do. */
import type { ExpressionProblem } from './syntax';

/** Columns of the expression that are shown around a problem. */
const width = 100;

/** Several lines, the last one not ended. Control characters of the expression are shown as spaces. */
export function problemText(expression: string, { start, end, message }: ExpressionProblem): string {
  const lineStart = expression.lastIndexOf('\n', start - 1) + 1;
  const newline = expression.indexOf('\n', start);
  const lineEnd = newline < 0 ? expression.length : newline;
  const from = Math.max(lineStart, Math.min(start - 20, lineEnd - width));
  const to = Math.min(lineEnd, from + width);
  // eslint-disable-next-line no-control-regex -- they would move the mark.
  const shown = expression.slice(from, to).replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
  const before = from > lineStart ? '…' : '';
  const mark = '^'.repeat(Math.max(1, Math.min(end, to) - start));
  return `  ${before}${shown}${to < lineEnd ? '…' : ''}\n  ${' '.repeat(before.length + start - from)}${mark}\n${message}`;
}
