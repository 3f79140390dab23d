/** The type checker: from the tree of an expression to one that can be compiled, or to what is wrong with it. */
import { fail, succeed, type Result } from '../base/result';
import { readAddress } from './addresses';
import type { CheckedExpression, Condition, NumberRange, TextValue } from './checked';
import { kindsThatMatch } from './matchingKinds';
import { problem } from './lexer';
import {
  argumentLike,
  capital,
  mirrored,
  numberBeside,
  statusOperand,
  textValue,
  unequal,
} from './conversions';
import { constantText, operandName, type Operand } from './operands';
import { parseExpression } from './parser';
import { agree, mismatch, refuse, Resolver, TypeProblem } from './resolver';
import { closest } from './suggestions';
import type {
  ComparisonNode,
  ComparisonOperator,
  ExpressionNode,
  ExpressionProblem,
  MatchNode,
  MembershipNode,
  Span,
} from './syntax';
import { fieldReference } from './fields';
import type { FieldReference } from './fieldTypes';
import { emptyVocabulary, textsOf, type ExpressionVocabulary } from './valueNames';

/**
 * Reads and checks an expression. `vocabulary` is what a trace adds: names of components and arguments.
 * @returns all problems with its types, or the first one with its syntax.
 */
export function checkExpression(
  text: string,
  vocabulary: ExpressionVocabulary = emptyVocabulary,
): Result<CheckedExpression, readonly ExpressionProblem[]> {
  const parsed = parseExpression(text);
  return parsed.ok ? checkTree(parsed.value, vocabulary) : fail([parsed.error]);
}

/** Checks a tree. */
export function checkTree(
  tree: ExpressionNode,
  vocabulary: ExpressionVocabulary = emptyVocabulary,
): Result<CheckedExpression, readonly ExpressionProblem[]> {
  const checker = new Checker(vocabulary);
  const condition = checker.condition(tree);
  if (checker.problems.length > 0) return fail(checker.problems);
  const { references, warnings } = checker.resolver;
  return succeed({
    tree,
    condition,
    references: [...references.values()],
    kinds: kindsThatMatch(condition),
    warnings,
  });
}

/** What a part of a text stands for: a number, a text, a condition; and the fields that it asks for. */
export interface CheckedOperand {
  readonly operand: Operand;
  readonly references: readonly FieldReference[];
}

/** Reads and checks an expression that need be no condition: something whose value is shown. */
export function checkOperand(
  text: string,
  vocabulary: ExpressionVocabulary = emptyVocabulary,
): Result<CheckedOperand, readonly ExpressionProblem[]> {
  const parsed = parseExpression(text);
  if (!parsed.ok) return fail([parsed.error]);
  const checker = new Checker(vocabulary);
  try {
    const operand = checker.resolver.operand(parsed.value);
    if (checker.problems.length > 0) return fail(checker.problems);
    return succeed({ operand, references: [...checker.resolver.references.values()] });
  } catch (error) {
    if (!(error instanceof TypeProblem)) throw error;
    return fail([...checker.problems, error.problem]);
  }
}

const never: Condition = { kind: 'constant', value: false };

class Checker {
  readonly problems: ExpressionProblem[] = [];
  readonly resolver: Resolver;

  constructor(private readonly vocabulary: ExpressionVocabulary) {
    this.resolver = new Resolver(vocabulary, (node) => this.condition(node));
  }

  /** Notes what is wrong with it and goes on, so that all problems are told at once. */
  condition(node: ExpressionNode): Condition {
    try {
      return this.checked(node);
    } catch (error) {
      if (!(error instanceof TypeProblem)) throw error;
      this.problems.push(error.problem);
      return never;
    }
  }

  private checked(node: ExpressionNode): Condition {
    switch (node.kind) {
      case 'and':
      case 'or':
        return { kind: node.kind, operands: node.operands.map((operand) => this.condition(operand)) };
      case 'not':
        return { kind: 'not', operand: this.condition(node.operand) };
      case 'comparison':
        return this.comparison(node);
      case 'match':
        return this.match(node);
      case 'membership':
        return this.membership(node);
      default:
        return this.alone(node);
    }
  }

  /** A value that stands where a condition is wanted. */
  private alone(node: ExpressionNode): Condition {
    const operand = this.resolver.operand(node);
    if (operand.type === 'condition') return operand.condition;
    if (operand.type === 'boolean') {
      if (operand.value.kind === 'constant') return { kind: 'constant', value: operand.value.value === 1 };
      return { kind: 'numbers', operator: '==', left: operand.value, right: { kind: 'constant', value: 1 } };
    }
    const name = node.kind === 'name' ? node.name : undefined;
    const example = name === undefined ? '' : ` or \`exists(${name})\``;
    refuse(
      node,
      `A condition is needed here; this is ${operandName(operand)}: compare it, as in \`${name ?? '…'} == …\`${example}.`,
    );
  }

  /** Both sides; a name that is no field is a value of the other side. */
  private sides(left: ExpressionNode, right: ExpressionNode): readonly [Operand, Operand] {
    if (left.kind === 'name' && fieldReference(left.name) === undefined) {
      let second: Operand;
      try {
        second = this.resolver.operand(right);
      } catch (error) {
        // Of two unknown names the first one is the field that was meant.
        if (error instanceof TypeProblem && right.kind === 'name') this.resolver.operand(left);
        throw error;
      }
      return [this.resolver.operand(left, second), second];
    }
    const first = this.resolver.operand(left);
    return [first, this.resolver.operand(right, first)];
  }

  private comparison(node: ComparisonNode): Condition {
    const [left, right] = this.sides(node.left, node.right);
    return this.compare(node.operator, left, right, node);
  }

  private compare(
    operator: ComparisonOperator,
    left: Operand,
    right: Operand,
    node: ComparisonNode,
  ): Condition {
    if (left.type === 'parts') return this.anyPart(operator, left.operands, right, node);
    if (right.type === 'parts') return this.anyPart(mirrored[operator], right.operands, left, node);
    if (left.type === 'dynamic' || right.type === 'dynamic')
      return this.compareArgument(operator, left, right, node);
    if (left.type === 'number' && right.type === 'number') {
      if (!agree(left, right)) {
        const bare = right.quantity === 'time' ? node.left : node.right;
        const isBare = bare.kind === 'number' && bare.quantity === 'count';
        refuse(bare, mismatch(left, right), isBare ? ['ns', 'us', 'ms'].map((unit) => bare.text + unit) : []);
      }
      return { kind: 'numbers', operator, left: left.value, right: right.value };
    }
    const isEquality = operator === '==' || operator === '!=';
    if (!isEquality && left.type === right.type && left.type !== 'condition')
      refuse(node.operatorSpan, `${capital(operandName(left))} has no order: use \`==\`, \`!=\` or \`in\`.`, [
        '==',
        '!=',
      ]);
    const status = statusOperand(left, right, node);
    if (status !== undefined) return { kind: 'numbers', operator, ...status };
    if (left.type === 'boolean' && right.type === 'boolean')
      return { kind: 'numbers', operator, left: left.value, right: right.value };
    const negated = operator === '!=';
    if (left.type === 'text' && right.type === 'text') {
      this.expectKnown(left, right, node.right);
      this.expectKnown(right, left, node.left);
      const constant = constantText(right) ?? constantText(left);
      const value = constantText(right) === undefined ? right.value : left.value;
      return constant === undefined
        ? { kind: 'texts', negated, left: left.value, right: right.value }
        : { kind: 'text', value, test: { kind: 'equals', value: constant }, negated };
    }
    if (left.type === 'address' && right.type === 'address')
      return { kind: 'texts', negated, left: left.value, right: right.value };
    const address = left.type === 'address' ? left : right.type === 'address' ? right : undefined;
    if (address !== undefined) {
      const [other, place] = address === left ? [right, node.right] : [left, node.left];
      return this.inAddresses(address.value, [[other, place]], negated);
    }
    refuse(node.operatorSpan, `${capital(operandName(left))} cannot be compared with ${operandName(right)}.`);
  }

  /** `==` and the orders hold if they hold for one part, `!=` if a part is there and none is equal. */
  private anyPart(
    operator: ComparisonOperator,
    parts: readonly Operand[],
    other: Operand,
    node: ComparisonNode,
  ): Condition {
    if (other.type === 'parts')
      refuse(node, 'Both sides stand for several fields: name the ones that you mean.');
    const positive = operator === '!=' ? '==' : operator;
    const operands = parts.map((part) => this.compare(positive, part, other, node));
    const any: Condition = { kind: 'or', operands };
    return operator === '!=' ? unequal(parts, any) : any;
  }

  /** An argument takes the type of what it is compared with. */
  private compareArgument(
    operator: ComparisonOperator,
    left: Operand,
    right: Operand,
    node: ComparisonNode,
  ): Condition {
    const [argument, other] = left.type === 'dynamic' ? [left, right] : [right, left];
    if (argument.type !== 'dynamic') return never;
    const value = { kind: 'field', reference: argument.reference } as const;
    const as = ((): Operand => {
      switch (other.type) {
        case 'number':
          // An argument's unit is unknown.
          return { type: 'number', quantity: other.quantity, value, field: undefined };
        case 'status':
          return { type: 'status', value, field: undefined };
        case 'boolean':
          return { type: 'boolean', value, field: undefined };
        case 'text':
          return { type: 'text', value, field: undefined };
        case 'address':
        case 'pattern':
          return { type: 'address', value };
        case 'dynamic':
          return operator === '==' || operator === '!='
            ? { type: 'text', value, field: undefined }
            : { type: 'number', quantity: 'count', value, field: undefined };
        default:
          return refuse(node.operatorSpan, `An argument cannot be compared with ${operandName(other)}.`);
      }
    })();
    const second: Operand =
      other.type === 'dynamic'
        ? ({ ...as, value: { kind: 'field', reference: other.reference } } as Operand)
        : other;
    return left.type === 'dynamic'
      ? this.compare(operator, as, second, node)
      : this.compare(operator, second, as, node);
  }

  /** Tells of texts that a field cannot hold. */
  private expectKnown(field: Operand, value: Operand, place: Span): void {
    const text = constantText(value);
    if (text === undefined || field.type !== 'text' || field.field === undefined) return;
    const { name, values } = field.field;
    const texts = textsOf(field.field, this.vocabulary);
    if (texts.length === 0 || texts.includes(text)) return;
    const suggestions = closest(text, texts).map((suggestion) => `"${suggestion}"`);
    if (values !== undefined) refuse(place, `\`${name}\` is one of ${texts.join(', ')}.`, suggestions);
    this.resolver.warnings.push(
      problem(place, `\`${name}\` is never "${text}", as far as is known.`, suggestions),
    );
  }

  private inAddresses(
    value: TextValue,
    others: readonly (readonly [Operand, Span])[],
    negated: boolean,
  ): Condition {
    const patterns = others.map(([other, place]) => {
      if (other.type === 'pattern') return other.pattern;
      const text = constantText(other);
      const pattern = text === undefined ? undefined : readAddress(text);
      if (pattern !== undefined) return pattern;
      refuse(
        place,
        `An address is needed here, such as 192.0.2.1 or 2001:db8::/32; this is ${operandName(other)}.`,
      );
    });
    return { kind: 'text', value, test: { kind: 'address', patterns }, negated };
  }

  private match(node: MatchNode): Condition {
    const left = this.resolver.operand(node.left);
    const right = textValue(this.resolver.operand(node.right, left));
    if (right === undefined)
      refuse(node.right, `\`${node.operator}\` looks for text: put it into quotation marks.`);
    const parts = left.type === 'parts' ? left.operands : [left];
    const operands = parts.map((part): Condition => {
      const value = textValue(part);
      if (value === undefined)
        refuse(node.left, `\`${node.operator}\` looks into text; this is ${operandName(part)}.`);
      return right.kind === 'constant'
        ? { kind: 'text', value, test: { kind: node.operator, value: right.value }, negated: false }
        : { kind: 'matchTexts', operator: node.operator, left: value, right };
    });
    return operands.length === 1 ? operands[0]! : { kind: 'or', operands };
  }

  private membership(node: MembershipNode): Condition {
    const left = this.resolver.operand(node.left);
    const parts = left.type === 'parts' ? left.operands : [left];
    const operands = parts.map((part) => this.memberOf(part, node));
    return operands.length === 1 ? operands[0]! : { kind: 'or', operands };
  }

  private memberOf(operand: Operand, node: MembershipNode): Condition {
    const values = node.elements.flatMap((element) =>
      element.kind === 'value' ? [element.value] : [element.from, element.to],
    );
    const others = values.map((value) => this.resolver.operand(value, operand));
    const hasRange = node.elements.some((element) => element.kind === 'range');
    const actual = operand.type === 'dynamic' ? argumentLike(operand, others[0]!) : operand;
    switch (actual.type) {
      case 'number':
      case 'status': {
        const numbers = others.map((other, index) => {
          const number = numberBeside(actual, other);
          if (typeof number === 'string') refuse(values[index]!, number);
          return number;
        });
        if (hasRange && actual.type === 'status')
          refuse(node, 'Status codes have no order: list them one by one.');
        const ranges: NumberRange[] = [];
        let at = 0;
        for (const element of node.elements) {
          const from = numbers[at++]!;
          ranges.push({ from, to: element.kind === 'range' ? numbers[at++]! : from });
        }
        return { kind: 'ranges', value: actual.value, ranges };
      }
      case 'text': {
        if (hasRange) refuse(node, 'Text has no order: list the texts one by one.');
        const texts = others.map((other, index) => {
          this.expectKnown(actual, other, values[index]!);
          return (
            constantText(other) ?? refuse(values[index]!, 'Text is needed here: put it into quotation marks.')
          );
        });
        return { kind: 'text', value: actual.value, test: { kind: 'oneOf', values: texts }, negated: false };
      }
      case 'address':
        if (hasRange) refuse(node, 'Addresses have no order: use a prefix length, such as 192.0.2.0/24.');
        return this.inAddresses(
          actual.value,
          others.map((other, index) => [other, values[index]!] as const),
          false,
        );
      default:
        refuse(
          node.left,
          `\`in\` takes a number, a status code, text or an address; this is ${operandName(actual)}.`,
        );
    }
  }
}
