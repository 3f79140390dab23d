/** Values of expressions as people read them: what log-points say. */
import { fail, type Result } from '../base/result';
import { statusName } from '../ddi/status';
import { checkOperand } from './check';
import { compileCondition, compileNumber, compileText, type ExpressionSource } from './compile';
import type { FieldReference } from './fieldTypes';
import { problem } from './lexer';
import type { Operand } from './operands';
import type { ExpressionProblem } from './syntax';
import type { ExpressionVocabulary } from './valueNames';

/** What is shown of a value that an event does not have. */
export const absentText = 'absent';

/** An expression whose value can be shown. */
export interface ShownExpression {
  readonly references: readonly FieldReference[];
  /** Makes a reader of it; what the reader answers is never empty-handed: {@link absentText}. */
  compile<Row>(source: ExpressionSource<Row>): (row: Row) => string;
}

/** Reads and checks an expression whose value is to be shown. */
export function checkShown(
  text: string,
  vocabulary?: ExpressionVocabulary,
): Result<ShownExpression, readonly ExpressionProblem[]> {
  const checked = checkOperand(text, vocabulary);
  if (!checked.ok) return checked;
  const { operand, references } = checked.value;
  if (operand.type === 'pattern')
    return fail([problem({ start: 0, end: text.length }, 'An address is no question: name a field.', [])]);
  return {
    ok: true,
    value: {
      references,
      compile: (source) => {
        const read = reader(operand, source);
        return (row) => read(row) ?? absentText;
      },
    },
  };
}

function reader<Row>(operand: Operand, source: ExpressionSource<Row>): (row: Row) => string | undefined {
  switch (operand.type) {
    case 'number': {
      const read = compileNumber(operand.value, source);
      const names = Object.entries(operand.field?.names ?? {});
      return (row) => {
        const number = read(row);
        if (number !== number) return undefined;
        if (operand.quantity === 'time') return timeText(number);
        return names.find(([, value]) => value === number)?.[0] ?? String(number);
      };
    }
    case 'status':
      return shownNumber(compileNumber(operand.value, source), statusName);
    case 'boolean':
      return shownNumber(compileNumber(operand.value, source), (value) => String(value === 1));
    case 'text':
    case 'address':
      return compileText(operand.value, source);
    case 'dynamic':
      return compileText({ kind: 'field', reference: operand.reference }, source);
    case 'parts': {
      const readers = operand.operands.map((part) => reader(part, source));
      return (row) => {
        const texts = new Set(readers.map((read) => read(row)).filter((text) => text !== undefined));
        return texts.size === 0 ? undefined : [...texts].join(', ');
      };
    }
    case 'condition': {
      const holds = compileCondition(operand.condition, source);
      return (row) => String(holds(row));
    }
    case 'pattern':
      return () => undefined;
  }
}

function shownNumber<Row>(
  read: (row: Row) => number,
  textOf: (value: number) => string,
): (row: Row) => string | undefined {
  return (row) => {
    const number = read(row);
    return number === number ? textOf(number) : undefined;
  };
}

/** A time with the largest unit of which it has one, exact to the ns. */
function timeText(nanoseconds: number): string {
  const size = Math.abs(nanoseconds);
  if (size >= 1e9) return `${nanoseconds / 1e9} s`;
  if (size >= 1e6) return `${nanoseconds / 1e6} ms`;
  return size >= 1e3 ? `${nanoseconds / 1e3} us` : `${nanoseconds} ns`;
}
