/** Finds out what names and values mean: fields, codes, constants, functions, arithmetic. */
import type { Condition } from './checked';
import { expressionFunction, expressionFunctions, isExpressionFunction } from './functions';
import { fieldNames, fieldReference } from './fields';
import type { FieldReference } from './fieldTypes';
import { quoted } from './format';
import { problem } from './lexer';
import { constantOf, fieldOperand, operandName, type Operand } from './operands';
import { closest } from './suggestions';
import type {
  ArithmeticNode,
  ExpressionNode,
  ExpressionProblem,
  FunctionCall,
  NameNode,
  Quantity,
  Span,
} from './syntax';
import {
  constantNumber,
  parameterNames,
  statusKeys,
  statusNames,
  statusValue,
  textsOf,
  type ExpressionVocabulary,
} from './valueNames';

/** Carries a problem out of the recursion of the checker. */
export class TypeProblem extends Error {
  constructor(readonly problem: ExpressionProblem) {
    super(problem.message);
  }
}

/** Ends the check of one condition. */
export function refuse(span: Span, message: string, suggestions: readonly string[] = []): never {
  throw new TypeProblem(problem(span, message, suggestions));
}

type NumberOperand = Extract<Operand, { readonly type: 'number' }>;

/** Resolves one expression; collects which fields it asks for. */
export class Resolver {
  readonly references = new Map<string, FieldReference>();
  readonly warnings: ExpressionProblem[] = [];

  constructor(
    readonly vocabulary: ExpressionVocabulary,
    private readonly conditionOf: (node: ExpressionNode) => Condition,
  ) {}

  /**
   * What a node is. `beside` is what it is compared with, of which it may be a value: `path` is a field, and a layer in
   * `layer == path`.
   */
  operand(node: ExpressionNode, beside?: Operand): Operand {
    switch (node.kind) {
      case 'number':
        return {
          type: 'number',
          quantity: node.quantity,
          value: { kind: 'constant', value: node.value },
          field: undefined,
        };
      case 'text':
        return { type: 'text', value: { kind: 'constant', value: node.value }, field: undefined };
      case 'boolean':
        return { type: 'boolean', value: { kind: 'constant', value: Number(node.value) }, field: undefined };
      case 'address':
        return { type: 'pattern', pattern: node };
      case 'name':
        return this.name(node, beside);
      case 'function':
        return this.call(node);
      case 'negative': {
        const operand = this.number(node.operand);
        const zero = { kind: 'constant', value: 0 } as const;
        return {
          ...operand,
          value:
            operand.value.kind === 'constant'
              ? { kind: 'constant', value: -operand.value.value }
              : { kind: 'arithmetic', operator: '-', left: zero, right: operand.value },
          field: undefined,
        };
      }
      case 'arithmetic':
        return this.arithmetic(node);
      default:
        return { type: 'condition', condition: this.conditionOf(node) };
    }
  }

  /** A field, all parts of it included. */
  field(node: ExpressionNode, what: string): readonly FieldReference[] {
    const reference = node.kind === 'name' ? fieldReference(node.name) : undefined;
    if (reference === undefined) {
      const suggestions = node.kind === 'name' ? closest(node.name, fieldNames) : [];
      refuse(node, `${what} asks about a field: name one.`, suggestions);
    }
    if (reference.kind === 'argument') this.expectArgument(reference, node);
    const parts = reference.field.parts?.map((name) => fieldReference(name)!) ?? [reference];
    for (const part of parts) this.references.set(part.field.name, part);
    return parts;
  }

  /** An operand that is a number of any quantity; arguments are taken as one. */
  number(node: ExpressionNode): NumberOperand {
    const operand = this.operand(node);
    if (operand.type === 'number') return operand;
    if (operand.type === 'dynamic')
      return {
        type: 'number',
        quantity: 'count',
        value: { kind: 'field', reference: operand.reference },
        field: undefined,
      };
    if (operand.type === 'parts')
      refuse(
        node,
        `\`${operand.field.name}\` stands for several fields: take one of ${operand.field.parts!.join(', ')}.`,
      );
    refuse(node, `A number is needed here; this is ${operandName(operand)}.`);
  }

  private name(node: NameNode, beside: Operand | undefined): Operand {
    const value = beside === undefined ? undefined : this.valueBeside(node.name, beside);
    if (value !== undefined) return value;
    const reference = fieldReference(node.name);
    if (reference !== undefined) {
      const parts = this.field(node, 'This');
      return reference.field.parts === undefined
        ? fieldOperand(reference)
        : { type: 'parts', field: reference.field, operands: parts.map(fieldOperand) };
    }
    const status = statusValue(node.name);
    const number = constantNumber(node.name);
    const isStatus = status !== undefined && (number === undefined || number === status);
    if (isStatus) return { type: 'status', value: { kind: 'constant', value: status }, field: undefined };
    if (number !== undefined)
      return {
        type: 'number',
        quantity: 'count',
        value: { kind: 'constant', value: number },
        field: undefined,
      };
    return this.unknown(node, beside);
  }

  private unknown(node: NameNode, beside: Operand | undefined): never {
    const first = beside?.type === 'parts' ? beside.operands[0]! : beside;
    // Beside a code as written, it is the field that is unknown.
    if (first?.type === 'status' && first.field !== undefined) {
      refuse(node, `No status code is called \`${node.name}\`.`, closest(node.name, statusNames));
    }
    const field = first !== undefined && 'field' in first ? first.field : undefined;
    if (field?.type === 'text') {
      const texts = textsOf(field, this.vocabulary);
      const suggestions = closest(node.name, texts);
      if (field.values !== undefined)
        refuse(node, `\`${field.name}\` is one of ${texts.join(', ')}.`, suggestions);
      refuse(node, 'Text stands in quotation marks.', [...suggestions, quoted(node.name)]);
    }
    const names = field?.names === undefined ? [] : Object.keys(field.names);
    const suggestions = closest(node.name, [...names, ...fieldNames, ...statusKeys]);
    refuse(node, `Nothing is called \`${node.name}\`; text stands in quotation marks.`, suggestions);
  }

  /** A name as a value of what it is compared with. */
  private valueBeside(name: string, beside: Operand): Operand | undefined {
    switch (beside.type) {
      case 'parts':
        return this.valueBeside(name, beside.operands[0]!);
      case 'text':
        return beside.field !== undefined && textsOf(beside.field, this.vocabulary).includes(name)
          ? { type: 'text', value: { kind: 'constant', value: name }, field: undefined }
          : undefined;
      case 'status': {
        const value = statusValue(name);
        if (value === undefined) return undefined;
        return { type: 'status', value: { kind: 'constant', value }, field: undefined };
      }
      case 'number': {
        const names = beside.field?.names;
        if (names === undefined || !Object.hasOwn(names, name)) return undefined;
        const value = names[name]!;
        return { type: 'number', quantity: 'count', value: { kind: 'constant', value }, field: undefined };
      }
      default:
        return undefined;
    }
  }

  private expectArgument(reference: FieldReference, node: Span): void {
    if (reference.kind !== 'argument') return;
    const known = [...parameterNames(), ...this.vocabulary.arguments];
    if (known.includes(reference.argument)) return;
    const suggestions = closest(reference.argument, known).map((name) => `arg.${name}`);
    this.warnings.push(
      problem(node, `No argument is known by the name \`${reference.argument}\`.`, suggestions),
    );
  }

  private call(node: FunctionCall): Operand {
    const { name } = node;
    if (!isExpressionFunction(name)) {
      const suggestions = closest(
        name,
        expressionFunctions.map((known) => known.name),
      );
      const list = expressionFunctions.map((known) => known.name).join(', ');
      refuse(node.nameSpan, `There is no function \`${name}\`; there are ${list}.`, suggestions);
    }
    const { fewest, most, signature } = expressionFunction(name);
    const count = node.arguments.length;
    if (count < fewest || count > most)
      refuse(node, `This is written \`${signature}\`; here are ${count} arguments.`);
    switch (name) {
      case 'exists':
      case 'has': {
        const references = this.field(node.arguments[0]!, `\`${name}\``);
        const operands = references.map((reference): Condition => ({ kind: 'exists', reference }));
        return {
          type: 'condition',
          condition: operands.length === 1 ? operands[0]! : { kind: 'or', operands },
        };
      }
      case 'changed': {
        const [reference, another] = this.field(node.arguments[0]!, '`changed`');
        if (another !== undefined || (reference!.kind !== 'variable' && reference!.field.name !== 'owner'))
          refuse(node.arguments[0]!, 'Only state variables, such as `SndWnd`, and `owner` change.');
        return { type: 'condition', condition: { kind: 'changed', reference: reference! } };
      }
      case 'failed':
      case 'succeeded': {
        const operand = this.operand(node.arguments[0]!);
        if (operand.type !== 'status' && operand.type !== 'dynamic')
          refuse(
            node.arguments[0]!,
            `\`${name}\` asks about a status code; this is ${operandName(operand)}.`,
          );
        const status =
          operand.type === 'status'
            ? operand.value
            : ({ kind: 'field', reference: operand.reference } as const);
        return { type: 'condition', condition: { kind: 'severity', failed: name === 'failed', status } };
      }
      case 'min':
      case 'max':
      case 'abs':
      case 'distance': {
        const operands = node.arguments.map((argument) => this.number(argument));
        const [first, ...others] = operands;
        for (const [index, other] of others.entries())
          if (!agree(first!, other)) refuse(node.arguments[index + 1]!, mismatch(first!, other));
        const quantity: Quantity = operands.some((operand) => operand.quantity === 'time')
          ? 'time'
          : (operands.find((operand) => operand.quantity === 'bytes')?.quantity ?? 'count');
        if (name === 'distance' && quantity === 'time')
          refuse(node, 'Sequence numbers are no times: subtract times with `-`.');
        const value = {
          kind: 'function',
          name,
          arguments: operands.map((operand) => operand.value),
        } as const;
        return { type: 'number', quantity, value, field: undefined };
      }
      case 'lower':
      case 'upper':
      case 'length': {
        const operand = this.operand(node.arguments[0]!);
        if (operand.type !== 'text' && operand.type !== 'dynamic')
          refuse(node.arguments[0]!, `\`${name}\` takes text; this is ${operandName(operand)}.`);
        const text =
          operand.type === 'text'
            ? operand.value
            : ({ kind: 'field', reference: operand.reference } as const);
        return name === 'length'
          ? { type: 'number', quantity: 'count', value: { kind: 'length', text }, field: undefined }
          : { type: 'text', value: { kind: 'function', name, operand: text }, field: undefined };
      }
    }
  }

  private arithmetic(node: ArithmeticNode): Operand {
    const left = this.number(node.left);
    const right = this.number(node.right);
    const quantity = quantityOf(node, left, right);
    const value = {
      kind: 'arithmetic',
      operator: node.operator,
      left: left.value,
      right: right.value,
    } as const;
    return { type: 'number', quantity, value, field: undefined };
  }
}

/** Whether two numbers may be compared or added: times with times only, 0 with everything. */
export function agree(left: NumberOperand, right: NumberOperand): boolean {
  if ((left.quantity === 'time') === (right.quantity === 'time')) return true;
  return constantOf(left) === 0 || constantOf(right) === 0;
}

/** What to do about two numbers that do not agree. */
export function mismatch(left: NumberOperand, right: NumberOperand): string {
  const other = left.quantity === 'time' ? right : left;
  return other.quantity === 'count'
    ? 'A time has a unit: ns, us, ms, s or min.'
    : `${operandName(left)} and ${operandName(right)} do not go together: a time has a unit such as us or ms.`.replace(
        /^a/,
        'A',
      );
}

function quantityOf(
  { operator, right: place }: ArithmeticNode,
  left: NumberOperand,
  right: NumberOperand,
): Quantity {
  const times = Number(left.quantity === 'time') + Number(right.quantity === 'time');
  const larger: Quantity = left.quantity === 'bytes' || right.quantity === 'bytes' ? 'bytes' : 'count';
  switch (operator) {
    case '+':
    case '-':
    case '%':
      if (!agree(left, right)) refuse(place, mismatch(left, right));
      return times > 0 ? 'time' : larger;
    case '*':
      if (times === 2) refuse(place, 'A time cannot be multiplied by a time.');
      return times === 1 ? 'time' : larger;
    case '/':
      if (times === 0) return left.quantity === 'bytes' && right.quantity === 'count' ? 'bytes' : 'count';
      return left.quantity === 'time' && right.quantity !== 'time' ? 'time' : 'count';
    case '&':
      if (times > 0) refuse(place, 'Times have no bits; `&&` joins conditions.', ['&&']);
      return larger;
  }
}
