/**
 * Turns a checked expression into one closure over the rows of a source. A row is whatever the source says: an event's id, the
 * position in columns, the crossing at which a breakpoint stands. Nothing is allocated per row.
 */
import { addressMatches, readAddress } from './addresses';
import type { CheckedExpression, Condition, NumberRange, NumberValue, TextTest, TextValue } from './checked';
import type { FieldReference } from './fieldTypes';
import { matchesGlob } from './glob';
import type { ArithmeticOperator, ComparisonOperator, TextOperator } from './syntax';

/** Reads a number of a row; NaN where it is absent. Booleans are 0 and 1, times nanoseconds, status codes unsigned. */
export type NumberReader<Row> = (row: Row) => number;

/** Reads a text of a row; undefined where it is absent. Addresses are texts as people write them. */
export type TextReader<Row> = (row: Row) => string | undefined;

/** Text that is kept as numbers of a list: tests look at each entry of the list once. */
export interface TextDictionary<Row> {
  /** Position in the list; -1 where the text is absent. */
  readonly code: (row: Row) => number;
  /** The text at a position. */
  readonly text: (code: number) => string | undefined;
}

/** What an expression is evaluated on. Each method is asked once when an expression is compiled, and never per row. */
export interface ExpressionSource<Row> {
  /** Undefined for a field that no row has. Asked for all fields but texts and addresses; for arguments, their number. */
  number(reference: FieldReference): NumberReader<Row> | undefined;
  /** Undefined for a field that no row has. Asked for texts and addresses; for arguments, what they show. */
  text(reference: FieldReference): TextReader<Row> | undefined;
  /** The same text as numbers of a list; undefined where the source does not keep it so. */
  dictionary?(reference: FieldReference): TextDictionary<Row> | undefined;
  /** Whether a row gave a state variable or the owner a new value. */
  changed(reference: FieldReference): ((row: Row) => boolean) | undefined;
}

/** Says whether a row matches. */
export type Predicate<Row> = (row: Row) => boolean;

/** Compiles an expression for a source. Never fails: a field that the source does not know is absent from its rows. */
export function compileExpression<Row>(
  expression: CheckedExpression,
  source: ExpressionSource<Row>,
): Predicate<Row> {
  return new Compiler(source).condition(expression.condition);
}

/** Compiles what an expression computes, for those who show values instead of testing them. */
export function compileNumber<Row>(value: NumberValue, source: ExpressionSource<Row>): NumberReader<Row> {
  return new Compiler(source).number(value);
}

/** As {@link compileNumber}, for text. */
export function compileText<Row>(value: TextValue, source: ExpressionSource<Row>): TextReader<Row> {
  return new Compiler(source).text(value);
}

/** As {@link compileNumber}, for a condition. */
export function compileCondition<Row>(condition: Condition, source: ExpressionSource<Row>): Predicate<Row> {
  return new Compiler(source).condition(condition);
}

/** Texts whose verdict is remembered; what is beyond makes room by forgetting all. */
const mostRemembered = 10_000;

const isNever = (): boolean => false;
const isAbsentNumber = (): number => NaN;
const isAbsentText = (): undefined => undefined;

class Compiler<Row> {
  constructor(private readonly source: ExpressionSource<Row>) {}

  condition(condition: Condition): Predicate<Row> {
    switch (condition.kind) {
      case 'constant': {
        const { value } = condition;
        return () => value;
      }
      case 'and':
      case 'or':
        return join(
          condition.kind,
          condition.operands.map((operand) => this.condition(operand)),
        );
      case 'not': {
        const operand = this.condition(condition.operand);
        return (row) => !operand(row);
      }
      case 'numbers':
        return compareNumbers(
          condition.operator,
          this.number(condition.left),
          this.number(condition.right),
          condition.right.kind === 'constant' ? condition.right.value : undefined,
        );
      case 'ranges':
        return this.ranges(this.number(condition.value), condition.ranges);
      case 'text':
        return this.test(condition.value, condition.test, condition.negated);
      case 'texts': {
        const left = this.text(condition.left);
        const right = this.text(condition.right);
        const { negated } = condition;
        return (row) => {
          const one = left(row);
          if (one === undefined) return false;
          const other = right(row);
          return other !== undefined && (one === other) !== negated;
        };
      }
      case 'matchTexts': {
        const left = this.text(condition.left);
        const right = this.text(condition.right);
        const { operator } = condition;
        return (row) => {
          const one = left(row);
          if (one === undefined) return false;
          const other = right(row);
          return other !== undefined && matches(operator, one, other);
        };
      }
      case 'severity': {
        const status = this.number(condition.status);
        const { failed } = condition;
        return (row) => {
          const code = status(row);
          if (code !== code) return false;
          return failed ? code >>> 30 === 3 : code >>> 31 === 0;
        };
      }
      case 'exists':
        return this.exists(condition.reference);
      case 'changed':
        return this.source.changed(condition.reference) ?? isNever;
    }
  }

  private exists(reference: FieldReference): Predicate<Row> {
    const { type } = reference.field;
    if (type === 'text' || type === 'address' || type === 'dynamic') {
      const text = this.source.text(reference);
      return text === undefined ? isNever : (row) => text(row) !== undefined;
    }
    const number = this.source.number(reference);
    if (number === undefined) return isNever;
    return (row) => {
      const value = number(row);
      return value === value;
    };
  }

  number(value: NumberValue): NumberReader<Row> {
    switch (value.kind) {
      case 'constant': {
        const constant = value.value;
        return () => constant;
      }
      case 'field':
        return this.source.number(value.reference) ?? isAbsentNumber;
      case 'arithmetic':
        return calculate(value.operator, this.number(value.left), this.number(value.right));
      case 'length': {
        const text = this.text(value.text);
        return (row) => text(row)?.length ?? NaN;
      }
      case 'function': {
        const [first, ...others] = value.arguments.map((argument) => this.number(argument));
        const one = first!;
        switch (value.name) {
          case 'abs':
            return (row) => Math.abs(one(row));
          case 'distance': {
            const other = others[0]!;
            return (row) => {
              const difference = one(row) - other(row);
              return difference === difference ? difference | 0 : NaN;
            };
          }
          case 'min':
            return others.reduce((left, right) => (row) => Math.min(left(row), right(row)), one);
          case 'max':
            return others.reduce((left, right) => (row) => Math.max(left(row), right(row)), one);
        }
      }
    }
  }

  text(value: TextValue): TextReader<Row> {
    switch (value.kind) {
      case 'constant': {
        const constant = value.value;
        return () => constant;
      }
      case 'field':
        return this.source.text(value.reference) ?? isAbsentText;
      case 'function': {
        const operand = this.text(value.operand);
        return value.name === 'lower'
          ? (row) => operand(row)?.toLowerCase()
          : (row) => operand(row)?.toUpperCase();
      }
    }
  }

  private ranges(value: NumberReader<Row>, ranges: readonly NumberRange[]): Predicate<Row> {
    const single = ranges.flatMap(({ from, to }) =>
      from === to && from.kind === 'constant' ? [from.value] : [],
    );
    if (single.length === ranges.length) {
      const wanted = new Set(single.map((number) => number + 0));
      return (row) => wanted.has(value(row));
    }
    const bounds = ranges.map(({ from, to }) => [this.number(from), this.number(to)] as const);
    return (row) => {
      const number = value(row);
      for (const [from, to] of bounds) if (number >= from(row) && number <= to(row)) return true;
      return false;
    };
  }

  private test(value: TextValue, test: TextTest, negated: boolean): Predicate<Row> {
    const answer = textTest(test);
    const dictionary = value.kind === 'field' ? this.source.dictionary?.(value.reference) : undefined;
    if (dictionary !== undefined) return testCodes(dictionary, answer, negated);
    const text = this.text(value);
    if (test.kind === 'equals') {
      const wanted = test.value;
      return (row) => {
        const found = text(row);
        return found !== undefined && (found === wanted) !== negated;
      };
    }
    const remembered = new Map<string, boolean>();
    return (row) => {
      const found = text(row);
      if (found === undefined) return false;
      let verdict = remembered.get(found);
      if (verdict === undefined) {
        verdict = answer(found) !== negated;
        if (remembered.size >= mostRemembered) remembered.clear();
        remembered.set(found, verdict);
      }
      return verdict;
    };
  }
}

/** Tests each entry of the list when it is first met. */
function testCodes<Row>(
  { code, text }: TextDictionary<Row>,
  answer: (text: string) => boolean,
  negated: boolean,
): Predicate<Row> {
  const verdicts: (boolean | undefined)[] = [];
  return (row) => {
    const found = code(row);
    if (found < 0) return false;
    let verdict = verdicts[found];
    if (verdict === undefined) {
      const entry = text(found);
      verdict = entry !== undefined && answer(entry) !== negated;
      verdicts[found] = verdict;
    }
    return verdict;
  };
}

function textTest(test: TextTest): (text: string) => boolean {
  switch (test.kind) {
    case 'equals':
      return (text) => text === test.value;
    case 'oneOf': {
      const wanted = new Set(test.values);
      return (text) => wanted.has(text);
    }
    case 'address':
      return (text) => {
        const address = readAddress(text);
        return (
          address !== undefined && test.patterns.some((pattern) => addressMatches(address.bytes, pattern))
        );
      };
    default:
      return (text) => matches(test.kind, text, test.value);
  }
}

function matches(operator: TextOperator, text: string, wanted: string): boolean {
  switch (operator) {
    case 'contains':
      return text.includes(wanted);
    case 'startsWith':
      return text.startsWith(wanted);
    case 'endsWith':
      return text.endsWith(wanted);
    case 'like':
      return matchesGlob(text, wanted);
  }
}

/** Long chains are walked, short ones are written out: two conditions are what most expressions have. */
function join<Row>(kind: 'and' | 'or', operands: readonly Predicate<Row>[]): Predicate<Row> {
  const [first, second] = operands;
  if (operands.length === 2 && first !== undefined && second !== undefined)
    return kind === 'and' ? (row) => first(row) && second(row) : (row) => first(row) || second(row);
  const deciding = kind === 'or';
  return (row) => {
    for (const operand of operands) if (operand(row) === deciding) return deciding;
    return !deciding;
  };
}

/** Comparisons of numbers; with NaN, which is absent, each of them is false. */
function compareNumbers<Row>(
  operator: ComparisonOperator,
  left: NumberReader<Row>,
  right: NumberReader<Row>,
  constant: number | undefined,
): Predicate<Row> {
  if (constant !== undefined) {
    switch (operator) {
      case '==':
        return (row) => left(row) === constant;
      case '!=':
        return (row) => {
          const value = left(row);
          return value === value && value !== constant;
        };
      case '<':
        return (row) => left(row) < constant;
      case '<=':
        return (row) => left(row) <= constant;
      case '>':
        return (row) => left(row) > constant;
      case '>=':
        return (row) => left(row) >= constant;
    }
  }
  switch (operator) {
    case '==':
      return (row) => left(row) === right(row);
    case '!=':
      return (row) => {
        const one = left(row);
        const other = right(row);
        return one === one && other === other && one !== other;
      };
    case '<':
      return (row) => left(row) < right(row);
    case '<=':
      return (row) => left(row) <= right(row);
    case '>':
      return (row) => left(row) > right(row);
    case '>=':
      return (row) => left(row) >= right(row);
  }
}

/** Arithmetic; what has no value, such as a division by zero, is absent. */
function calculate<Row>(
  operator: ArithmeticOperator,
  left: NumberReader<Row>,
  right: NumberReader<Row>,
): NumberReader<Row> {
  switch (operator) {
    case '+':
      return (row) => left(row) + right(row);
    case '-':
      return (row) => left(row) - right(row);
    case '*':
      return (row) => left(row) * right(row);
    case '/':
      return (row) => {
        const divisor = right(row);
        return divisor === 0 ? NaN : left(row) / divisor;
      };
    case '%':
      return (row) => left(row) % right(row);
    case '&':
      return (row) => {
        const one = left(row);
        const other = right(row);
        if (one <= 0xffffffff && other <= 0xffffffff && one >= 0 && other >= 0) return (one & other) >>> 0;
        // 64-bit handles and masks, as far as a number holds them exactly.
        const areExact = Number.isSafeInteger(one) && Number.isSafeInteger(other);
        return areExact ? Number(BigInt(one) & BigInt(other)) : NaN;
      };
  }
}
