/** Writes a tree as canonical text: one space around operators, `&&` `||` `!`, no parentheses that change nothing. */
import type { ExpressionNode, ListElement } from './syntax';

/** How strongly a node holds together; see parser.ts. */
function strength(node: ExpressionNode): number {
  switch (node.kind) {
    case 'or':
      return 1;
    case 'and':
      return 2;
    case 'not':
      return 3;
    case 'comparison':
    case 'match':
    case 'membership':
      return 4;
    case 'arithmetic':
      return node.operator === '+' || node.operator === '-' ? 5 : 6;
    case 'negative':
      return 7;
    default:
      return 8;
  }
}

/** The node, in parentheses where it would fall apart otherwise. */
function within(node: ExpressionNode, atLeast: number): string {
  const text = formatExpression(node);
  return strength(node) < atLeast ? `(${text})` : text;
}

function elementText(element: ListElement): string {
  if (element.kind === 'value') return within(element.value, 5);
  return `${within(element.from, 5)}..${within(element.to, 5)}`;
}

/** Text as a literal in double quotation marks. */
export function quoted(text: string): string {
  let result = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === '\\') result += `\\${character}`;
    else if (character === '\n') result += '\\n';
    else if (character === '\r') result += '\\r';
    else if (character === '\t') result += '\\t';
    else if (code < 0x20 || code === 0x7f || (code >= 0xd800 && code <= 0xdfff))
      result += `\\u{${code.toString(16)}}`;
    else result += character;
  }
  return `${result}"`;
}

/** Canonical text of a tree: reading it gives the same tree again, apart from positions. */
export function formatExpression(node: ExpressionNode): string {
  switch (node.kind) {
    case 'number':
    case 'address':
      return node.text;
    case 'text':
      return quoted(node.value);
    case 'boolean':
      return String(node.value);
    case 'name':
      return node.name;
    case 'function':
      return `${node.name}(${node.arguments.map(formatExpression).join(', ')})`;
    case 'and':
      return node.operands.map((operand) => within(operand, 3)).join(' && ');
    case 'or':
      return node.operands.map((operand) => within(operand, 2)).join(' || ');
    case 'not':
      return `!${within(node.operand, strength(node.operand) === 3 ? 3 : 8)}`;
    case 'negative':
      return `-${within(node.operand, 7)}`;
    case 'comparison':
    case 'match':
      return `${within(node.left, 5)} ${node.operator} ${within(node.right, 5)}`;
    case 'membership':
      return `${within(node.left, 5)} in (${node.elements.map(elementText).join(', ')})`;
    case 'arithmetic': {
      const own = strength(node);
      return `${within(node.left, own)} ${node.operator} ${within(node.right, own + 1)}`;
    }
  }
}
