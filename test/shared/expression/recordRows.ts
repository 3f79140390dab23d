import type { ExpressionSource } from '../../../shared/expression/compile';
import { compileExpression } from '../../../shared/expression/compile';
import { checkExpression } from '../../../shared/expression/check';

/** A row as a plain object: numbers, booleans and texts by field name. */
export type RecordRow = Readonly<Record<string, number | boolean | string>>;

/** Evaluates expressions on plain objects. */
export const recordSource: ExpressionSource<RecordRow> = {
  number:
    ({ field }) =>
    (row) => {
      const value = row[field.name];
      return typeof value === 'string' || value === undefined ? NaN : Number(value);
    },
  text:
    ({ field }) =>
    (row) => {
      const value = row[field.name];
      return value === undefined ? undefined : String(value);
    },
  changed:
    ({ field }) =>
    (row) =>
      row[`changed ${field.name}`] === true,
};

/** Whether a row matches. Throws the problems of an expression that cannot be compiled. */
export function evaluate(text: string, row: RecordRow): boolean {
  const checked = checkExpression(text);
  if (!checked.ok) throw new Error(checked.error.map(({ message }) => message).join('; '));
  return compileExpression(checked.value, recordSource)(row);
}
