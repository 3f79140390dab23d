/** What may stand at the caret of an expression that is being written: found out from the tokens in front of it. */
import { fieldReference } from './fields';
import type { FieldDefinition } from './fieldTypes';
import { readTokens, type Token } from './lexer';
import { comparisonOperators, textOperators, type Span } from './syntax';

/** Where the caret is. */
export interface CompletionPlace {
  /** What a candidate replaces: the word or text that the caret is in or behind; empty where there is none. */
  readonly range: Span;
  /** What has been written of it, without quotation mark. */
  readonly written: string;
  /** Whether an opening quotation mark stands in front. */
  readonly isText: boolean;
  readonly wants:
    | { readonly kind: 'operand' }
    /** A value of a field, as this has just been compared. */
    | { readonly kind: 'value'; readonly field: FieldDefinition; readonly inText: boolean }
    /** An argument of `exists`, `has` or `changed`. */
    | { readonly kind: 'field'; readonly function: string }
    /** Behind a field or a value. */
    | {
        readonly kind: 'operator';
        readonly field: FieldDefinition | undefined;
        readonly isCompared: boolean;
      };
}

/** What is open between a ( and the caret. */
interface Opening {
  readonly kind: 'group' | 'list' | 'function';
  /** The field whose values a list holds. */
  readonly field: FieldDefinition | undefined;
  readonly function: string;
}

const wordPart = /^[A-Za-z0-9_.]*/;

/** The tokens of a text that may end within quotation marks; `open` says that it does. */
function tokensOf(text: string): { readonly tokens: readonly Token[]; readonly open: boolean } {
  const whole = readTokens(text);
  if (whole.ok) return { tokens: whole.value, open: false };
  for (const mark of ['"', "'"]) {
    const closed = readTokens(text + mark);
    if (closed.ok) return { tokens: closed.value, open: true };
  }
  const rest = readTokens(text.slice(0, whole.error.end > 9000 ? 9000 : undefined), true);
  return { tokens: rest.ok ? rest.value : [], open: false };
}

/** Looks at the text up to the caret, and at the rest of the word that it is in. Never throws. */
export function completionPlace(text: string, caret: number): CompletionPlace {
  const at = Math.max(0, Math.min(caret, text.length));
  const { tokens, open } = tokensOf(text.slice(0, at));
  const before = tokens.filter((token) => token.kind !== 'end');
  const last = before.at(-1);
  if (last?.kind === 'text' && open) {
    const rest = /^[^"'\\\n]*["']/.exec(text.slice(at, at + 100));
    // The mark of another text further on is not the end of this one.
    const tail = rest !== null && !/[&|=<>()]/.test(rest[0]) ? rest[0].length : 0;
    const range = { start: last.start, end: at + tail };
    return { range, written: last.value, isText: true, wants: wants(before.slice(0, -1)) };
  }
  if (last?.kind === 'word' && last.end === at) {
    const tail = wordPart.exec(text.slice(at, at + 200))![0].length;
    const range = { start: last.start, end: at + tail };
    return { range, written: last.word, isText: false, wants: wants(before.slice(0, -1)) };
  }
  // `arg.` ends with a dot, which belongs to no token.
  const dotted = /[A-Za-z_][A-Za-z0-9_.]*\.$/.exec(text.slice(Math.max(0, at - 200), at));
  if (dotted !== null) {
    const start = at - dotted[0].length;
    const earlier = before.filter((token) => token.end <= start);
    return { range: { start, end: at }, written: dotted[0], isText: false, wants: wants(earlier) };
  }
  return { range: { start: at, end: at }, written: '', isText: false, wants: wants(before) };
}

function fieldOf(token: Token | undefined): FieldDefinition | undefined {
  return token?.kind === 'word' ? fieldReference(token.word)?.field : undefined;
}

const joiningWords: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/** Walks over the tokens and keeps in mind what is open. */
function wants(tokens: readonly Token[]): CompletionPlace['wants'] {
  const openings: Opening[] = [];
  /** Whether a value is wanted next, rather than an operator. */
  let isOperand = true;
  let isCompared = false;
  let inText = false;
  let field: FieldDefinition | undefined;
  let previous: Token | undefined;
  const begin = (): void => {
    isOperand = true;
    isCompared = false;
    inText = false;
    field = undefined;
  };
  for (const token of tokens) {
    if (token.kind === 'sign') {
      if (token.sign === '(' || token.sign === '{') {
        const isList = previous?.kind === 'word' && previous.word.toLowerCase() === 'in';
        const isFunction = !isOperand && previous?.kind === 'word';
        const name = isFunction && previous?.kind === 'word' ? previous.word : '';
        openings.push({ kind: isList ? 'list' : isFunction ? 'function' : 'group', field, function: name });
        if (isList) isOperand = true;
        else begin();
      } else if (token.sign === ')' || token.sign === '}') {
        const opening = openings.pop();
        isOperand = false;
        isCompared = opening?.kind !== 'function';
        field = opening?.field;
      } else if (token.sign === ',' || token.sign === '..') {
        const opening = openings.at(-1);
        if (opening?.kind !== 'list') begin();
        else {
          isOperand = true;
          isCompared = true;
          ({ field } = opening);
        }
      } else if ((comparisonOperators as readonly string[]).includes(token.sign)) {
        isOperand = true;
        isCompared = true;
      } else if (['&&', '||', '!'].includes(token.sign)) begin();
      else isOperand = true;
    } else if (token.kind === 'word' && joiningWords.has(token.word.toLowerCase())) begin();
    else if (token.kind === 'word' && token.word.toLowerCase() === 'in') {
      isOperand = true;
      isCompared = true;
    } else if (token.kind === 'word' && (textOperators as readonly string[]).includes(token.word)) {
      isOperand = true;
      isCompared = true;
      inText = true;
    } else {
      // The left side of a comparison decides what the right side may be.
      if (!isCompared) field = fieldOf(token);
      isOperand = false;
    }
    previous = token;
  }
  if (!isOperand) return { kind: 'operator', field, isCompared };
  if (isCompared && field !== undefined) return { kind: 'value', field, inText };
  const opening = openings.at(-1);
  const asksForField = opening?.kind === 'function' && /^(exists|has|changed)$/.test(opening.function);
  return asksForField ? { kind: 'field', function: opening.function } : { kind: 'operand' };
}
