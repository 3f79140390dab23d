/** What the text of the calls' filter means. Pure. */
import { checkExpression } from '../../../shared/expression/check';
import type { CheckedExpression } from '../../../shared/expression/checked';
import type { ExpressionProblem } from '../../../shared/expression/syntax';
import type { ExpressionVocabulary } from '../../../shared/expression/valueNames';
import { parseFilter } from './callRows';

/** Words that calls have to contain, an expression of the language, or one with mistakes, each of which has a place. */
export type FilterMeaning =
  | { readonly kind: 'everything' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'expression'; readonly expression: CheckedExpression }
  | { readonly kind: 'mistake'; readonly problems: readonly ExpressionProblem[] };

/** What nobody writes who looks for words: the language's signs, and its operators that are words. */
const ofTheLanguage = /[=<>!&|()"'{}]|\s(?:contains|startsWith|endsWith|like|in)\s/;

/** An expression if the text is one; words if nothing in it looks like the language; else a mistake. */
export function filterMeaning(text: string, vocabulary: ExpressionVocabulary): FilterMeaning {
  const words = parseFilter(text);
  if (words.length === 0) return { kind: 'everything' };
  const checked = checkExpression(text, vocabulary);
  if (checked.ok) return { kind: 'expression', expression: checked.value };
  return ofTheLanguage.test(text) ? { kind: 'mistake', problems: checked.error } : { kind: 'words', words };
}
