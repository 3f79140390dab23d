/** Texts of log-points: `SndWnd is {SndWnd}`, with expressions in braces and `{{`, `}}` for braces themselves. */
import { fail, succeed, type Result } from '../base/result';
import type { ExpressionSource } from '../expression/compile';
import type { FieldReference } from '../expression/fieldTypes';
import { checkShown, type ShownExpression } from '../expression/shownValue';
import type { ExpressionProblem } from '../expression/syntax';
import type { ExpressionVocabulary } from '../expression/valueNames';

/** A text that has been read and checked. */
export interface LogText {
  readonly references: readonly FieldReference[];
  /** Makes a function that says it of a row. */
  compile<Row>(source: ExpressionSource<Row>): (row: Row) => string;
}

/** Reads a text. Problems have positions in the whole text. */
export function readLogText(
  text: string,
  vocabulary?: ExpressionVocabulary,
): Result<LogText, readonly ExpressionProblem[]> {
  const parts: (string | ShownExpression)[] = [];
  const problems: ExpressionProblem[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if ((character === '{' || character === '}') && text[at + 1] === character) {
      literal += character;
      at += 2;
    } else if (character === '}') {
      problems.push(wrong(at, at + 1, 'No expression begins before this brace: write `}}` for a brace.'));
      at++;
    } else if (character !== '{') {
      literal += character;
      at++;
    } else {
      const end = closingBrace(text, at);
      if (end === undefined) {
        problems.push(
          wrong(at, text.length, 'This expression has no end: `}` is missing. Write `{{` for a brace.'),
        );
        break;
      }
      const shown = checkShown(text.slice(at + 1, end), vocabulary);
      if (shown.ok) {
        parts.push(literal, shown.value);
        literal = '';
      } else
        for (const found of shown.error)
          problems.push({ ...found, start: found.start + at + 1, end: found.end + at + 1 });
      at = end + 1;
    }
  }
  parts.push(literal);
  if (problems.length > 0) return fail(problems);
  return succeed({
    references: parts.flatMap((part) => (typeof part === 'string' ? [] : part.references)),
    compile: <Row>(source: ExpressionSource<Row>) => {
      const readers = parts.map((part): ((row: Row) => string) =>
        typeof part === 'string' ? () => part : part.compile(source),
      );
      return (row: Row) => readers.map((read) => read(row)).join('');
    },
  });
}

function wrong(start: number, end: number, message: string): ExpressionProblem {
  return { start, end, message, suggestions: [] };
}

/** The brace that closes the one at `open`; lists and texts of the expression have braces of their own. */
function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  let quote: string | undefined;
  for (let at = open; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return at;
  }
  return undefined;
}
