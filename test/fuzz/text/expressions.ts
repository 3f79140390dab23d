/** Wrong expressions for everything that takes an expression: lexer, parser, checker, compiler, completion, and the text of problems. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkExpression, checkTree } from '../../../shared/expression/check';
import { compileExpression } from '../../../shared/expression/compile';
import { completeExpression } from '../../../shared/expression/completion';
import { fieldNames } from '../../../shared/expression/fields';
import { formatExpression } from '../../../shared/expression/format';
import { readTokens } from '../../../shared/expression/lexer';
import { parseExpression } from '../../../shared/expression/parser';
import { problemText } from '../../../shared/expression/problemText';
import { longestExpression, type ExpressionProblem } from '../../../shared/expression/syntax';
import { TraceRows } from '../../../shared/expression/traceRows';
import { traceVocabulary } from '../../../shared/expression/traceVocabulary';
import { decodeUtf16, encodeUtf16 } from './utf16';
import { sourceOf } from '../../harness/corpus';
import { syntheticTrace } from '../../harness/syntheticTrace';
import type { FuzzSubject } from '../subject';
import { mutatedText, pick, type FuzzedLanguage } from './mutations';

/** Expressions that are written in the documentation, and some with what those have not. */
export function documentedExpressions(root: string): readonly string[] {
  const page = readFileSync(path.join(root, 'docs', 'expressions.md'), 'utf8');
  const asked = [...page.matchAll(/--where '([^']+)'/g)].map(([, example]) => example!);
  const quoted = [...page.matchAll(/`([^`\n]{3,})`/g)].map(([, example]) => example!.replaceAll('\\|', '|'));
  const read = quoted.filter((example) => parseExpression(example).ok);
  return [...new Set([...asked, ...read])];
}

const words = [
  ...fieldNames,
  ...['&&', '||', 'and', 'or', 'not', 'in', 'contains', 'startsWith', 'endsWith', 'like', '==', '!=', '<='],
  ...[
    '+',
    '-',
    '*',
    '/',
    '%',
    '&',
    '(',
    ')',
    '{',
    '}',
    ',',
    '..',
    'exists(',
    'changed(',
    'failed(',
    'lower(',
  ],
  ...['min(', 'max(', 'abs(', 'distance(', '"*a*b*c"', '64K', '10ms', '192.0.2.0/24', '2001:db8::/32'],
  ...['02:00:00:00:00:01', 'NDIS_STATUS_SUCCESS', 'SUCCESS', 'MiniportTcpOffloadSend', 'arg.Oid', 'true'],
];

const phrases = [
  ...[
    'bytes > 64K',
    'bytes % 0 == 1',
    'bytes & -1 > 9007199254740991',
    'pending > 10ms',
    'time in (0..1s, 5ms)',
  ],
  ...[
    'status != SUCCESS',
    'failed(status)',
    'handler like "*T*c*p*O*"',
    'handler contains ""',
    'role == peer',
  ],
  ...[
    'changed(SndWnd) && SndWnd == 0',
    'arg.Oid == 1',
    'min(bytes, 5, 1 - 2) < max(1, 2)',
    'abs(-bytes) >= 0',
  ],
  ...['distance(SndNxt, SndUna) > 5', 'exists(arg.NetBufferList)', 'address in (192.0.2.0/24)', 'port != 80'],
];

/** Rows on which an expression that can be compiled is evaluated. */
const mostRows = 60;

function expectPlace(text: string, problem: ExpressionProblem): void {
  const { start, end, message } = problem;
  if (!(start >= 0 && start <= end && end <= text.length))
    throw new Error(`the place ${start} to ${end} of "${message}" is not in the text`);
  if (message === '') throw new Error('a problem without words');
  problemText(text, problem);
}

/** Makes a subject; `root` is the checkout. */
export function expressionSubject(root: string): FuzzSubject {
  const documented = documentedExpressions(root);
  const { model, store } = sourceOf(syntheticTrace());
  const vocabulary = traceVocabulary(model);
  const rows = new TraceRows(model, store);
  const language: FuzzedLanguage = {
    // Those that say something are worth more than single names.
    corpus: documented.flatMap((text) =>
      new Array<string>(checkExpression(text, vocabulary).ok ? 6 : 1).fill(text),
    ),
    words,
    phrases,
    join: (random, text, phrase) => `${text} ${pick(random, ['&&', '||', '&& !', 'and not'])} (${phrase})`,
  };
  return {
    make: (random) => {
      const { text, story } = mutatedText(random, language);
      return { bytes: encodeUtf16(text), story };
    },
    exercise: ({ bytes }, number) => {
      const text = decodeUtf16(bytes);
      readTokens(text, true);
      for (const caret of [text.length, number % (text.length + 1)]) {
        const { range } = completeExpression(text, caret, vocabulary);
        if (!(range.start >= 0 && range.start <= range.end && range.end <= text.length))
          throw new Error(`a completion for ${range.start} to ${range.end}`);
      }
      const parsed = parseExpression(text);
      if (!parsed.ok) {
        expectPlace(text, parsed.error);
        return 'no expression';
      }
      const written = formatExpression(parsed.value);
      const again = parseExpression(written);
      if (!again.ok) {
        // Blanks around operators can make it too long.
        if (written.length <= longestExpression)
          throw new Error(`${again.error.message} That stands in what was written: ${written}`);
      } else if (formatExpression(again.value) !== written)
        throw new Error(`${written} is read as something else`);
      const checked = checkTree(parsed.value, vocabulary);
      if (!checked.ok) {
        for (const problem of checked.error) expectPlace(text, problem);
        return 'of wrong types';
      }
      for (const warning of checked.value.warnings) expectPlace(text, warning);
      const matches = compileExpression(checked.value, rows);
      const step = Math.max(1, Math.floor(store.length / mostRows));
      for (let event = 0; event < store.length; event += step) matches(event);
      return 'evaluated';
    },
  };
}
