/** Reads a fault as it stands on a command line: its kind and then `key=value` for each field, with quotes around values that hold spaces. */
import { fail, succeed, type Result } from '../base/result';
import { checkExpression } from '../expression/check';
import { closest, didYouMean } from '../expression/suggestions';
import { faultKinds, faultSchema, type Fault, type FaultKind } from './faults';

/** Longest text of a fault. */
export const longestFault = 20_000;

/** What is wrong with the text of a fault, and where. */
export interface FaultProblem {
  /** Offset in UTF-16 code units. */
  readonly at: number;
  /** A sentence for people. */
  readonly message: string;
}

/** A field of a fault in its text. */
interface Word {
  readonly key: string;
  readonly value: string;
  readonly keyAt: number;
  readonly valueAt: number;
}

/** The fields of a kind, by their names. */
export function fieldsOf(kind: FaultKind): readonly string[] {
  const option = faultSchema.options.find(({ shape }) => shape.kind.value === kind);
  return option === undefined ? [] : Object.keys(option.shape).filter((name) => name !== 'kind');
}

/** What is wrong with the expression of a fault; undefined where nothing is. */
export function expressionProblem({ when }: Pick<Fault, 'when'>): string | undefined {
  if (when === undefined) return undefined;
  const checked = checkExpression(when);
  const problem = checked.ok ? undefined : checked.error[0];
  if (problem === undefined) return undefined;
  return `the expression is wrong at its character ${problem.start + 1}: ${problem.message}`;
}

const wordPattern = /([^\s=]+)=(?:"([^"]*)"|'([^']*)'|([^\s"']\S*))(?=\s|$)/y;

function wordsOf(text: string, from: number): Result<Word[], FaultProblem> {
  const words: Word[] = [];
  let at = from;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (at >= text.length) return succeed(words);
    wordPattern.lastIndex = at;
    const match = wordPattern.exec(text);
    if (match === null)
      return fail({
        at,
        message: 'A field is written as key=value, with quotes around a value that holds spaces.',
      });
    const [whole, key = '', double, single, plain] = match;
    const value = double ?? single ?? plain ?? '';
    const isQuoted = plain === undefined;
    words.push({ key, value, keyAt: at, valueAt: at + key.length + (isQuoted ? 2 : 1) });
    at += whole.length;
  }
}

/** What a value is: a number, or else a text. */
function valueOf(text: string): unknown {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function sentence(message: string): string {
  return message.endsWith('.') || message.endsWith('?') ? message : `${message}.`;
}

/** See the file's head, for example `link-down at=2ms for=250ms`. */
export function readFault(text: string): Result<Fault, FaultProblem> {
  if (text.length > longestFault)
    return fail({ at: longestFault, message: `A fault has at most ${longestFault} characters.` });
  const begin = /\S/.exec(text)?.index ?? 0;
  const name = /^\S*/.exec(text.slice(begin))![0];
  const kind = faultKinds.find((one) => one === name);
  if (kind === undefined) {
    const meant = closest(name, faultKinds);
    const advice = meant.length > 0 ? didYouMean(meant).trim() : `There are: ${faultKinds.join(', ')}.`;
    return fail({ at: begin, message: `"${name}" is no kind of fault. ${advice}` });
  }
  const words = wordsOf(text, begin + name.length);
  if (!words.ok) return words;
  const written: Record<string, unknown> = { kind };
  for (const { key, value, keyAt } of words.value) {
    if (!fieldsOf(kind).includes(key)) {
      const meant = closest(key, fieldsOf(kind));
      const advice = meant.length > 0 ? didYouMean(meant).trim() : `It has: ${fieldsOf(kind).join(', ')}.`;
      return fail({ at: keyAt, message: `${kind} has no field "${key}". ${advice}` });
    }
    if (Object.hasOwn(written, key)) return fail({ at: keyAt, message: `"${key}" occurs twice.` });
    written[key] = valueOf(value);
  }
  const parsed = faultSchema.safeParse(written);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = String(issue.path[0]);
    const word = words.value.find(({ key }) => key === field);
    if (word !== undefined)
      return fail({ at: word.valueAt, message: sentence(`"${field}" ${issue.message}`) });
    return fail({ at: text.length, message: `"${field}" is missing.` });
  }
  const problem = expressionProblem(parsed.data);
  if (problem === undefined) return succeed(parsed.data);
  const word = words.value.find(({ key }) => key === 'when');
  return fail({
    at: word?.valueAt ?? 0,
    message: sentence(problem.charAt(0).toUpperCase() + problem.slice(1)),
  });
}
