/** Cuts the text of an expression into tokens. Linear in its length; whatever the text, it ends with tokens or a problem. */
import { fail, succeed, type Result } from '../base/result';
import { readAddress } from './addresses';
import { closest, didYouMean } from './suggestions';
import {
  longestExpression,
  type AddressLiteral,
  type ExpressionProblem,
  type NumberLiteral,
  type Span,
  type TextLiteral,
} from './syntax';
import { unitOf, units } from './units';

/** Signs of the language, longest first. */
const signs = [
  '..',
  '&&',
  '||',
  '==',
  '!=',
  '<=',
  '>=',
  '<',
  '>',
  '!',
  '&',
  '+',
  '-',
  '*',
  '/',
  '%',
] as const;
const brackets = ['(', ')', '{', '}', ','] as const;

/** An operator or bracket. */
export type Sign = (typeof signs)[number] | (typeof brackets)[number];

/** A piece of an expression. */
export type Token =
  | (Span & { readonly kind: 'sign'; readonly sign: Sign })
  | (Span & { readonly kind: 'word'; readonly word: string })
  | NumberLiteral
  | TextLiteral
  | AddressLiteral
  | (Span & { readonly kind: 'end' });

/** What others mean by a sign that this language does not have. */
const foreignSigns: Readonly<Record<string, string>> = {
  '=': '==',
  '|': '||',
  '~': 'contains',
  '^': '!=',
  '[': '(',
  ']': ')',
  ';': '&&',
};

const wordStart = /[A-Za-z_]/;
const wordPart = /[A-Za-z0-9_]/;
const digit = /[0-9]/;
const addressPart = /[0-9a-fA-F:]/;
const spaceCharacter = /\s/;

/** A problem at a place. */
export function problem(
  { start, end }: Span,
  message: string,
  suggestions: readonly string[] = [],
): ExpressionProblem {
  return { start, end, message: message + didYouMean(suggestions), suggestions };
}

/**
 * The tokens of an expression, the last of which is `end`. `tolerant` leaves out what cannot be read and closes open text, as
 * completion needs it.
 */
export function readTokens(text: string, tolerant = false): Result<readonly Token[], ExpressionProblem> {
  if (text.length > longestExpression) {
    const place = { start: longestExpression, end: text.length };
    const message = `An expression has at most ${longestExpression} characters; this one has ${text.length}.`;
    return fail(problem(place, message));
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (spaceCharacter.test(text[at]!)) {
      at++;
      continue;
    }
    const token = readToken(text, at);
    if (token.ok) {
      tokens.push(token.value);
      at = token.value.end;
    } else if (tolerant) at = Math.max(at + 1, token.error.end);
    else return token;
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length });
  return succeed(tokens);
}

function readToken(text: string, start: number): Result<Token, ExpressionProblem> {
  const first = text[start]!;
  if (first === '"' || first === "'") return readText(text, start, first);
  const address = readAddressAt(text, start);
  if (address !== undefined) return address;
  if (digit.test(first)) return readNumber(text, start);
  if (wordStart.test(first)) return succeed(readWord(text, start));
  for (const sign of signs)
    if (text.startsWith(sign, start)) return succeed({ kind: 'sign', sign, start, end: start + sign.length });
  for (const sign of brackets)
    if (first === sign) return succeed({ kind: 'sign', sign, start, end: start + 1 });
  const foreign = foreignSigns[first];
  if (foreign !== undefined)
    return fail({
      start,
      end: start + 1,
      message: `Write \`${foreign}\` instead of \`${first}\`.`,
      suggestions: [foreign],
    });
  const character = String.fromCodePoint(text.codePointAt(start)!);
  const message = `\`${character}\` means nothing here: put text into quotation marks.`;
  return fail(problem({ start, end: start + character.length }, message));
}

/** A name, dotted as long as names follow the dots. */
function readWord(text: string, start: number): Token {
  let end = start + 1;
  while (end < text.length) {
    if (wordPart.test(text[end]!)) end++;
    else if (text[end] === '.' && end + 1 < text.length && wordStart.test(text[end + 1]!)) end += 2;
    else break;
  }
  return { kind: 'word', word: text.slice(start, end), start, end };
}

/** Something with two colons or three dots in a row of digits; undefined if there is none at this place. */
function readAddressAt(text: string, start: number): Result<AddressLiteral, ExpressionProblem> | undefined {
  let end = start;
  let colons = 0;
  while (end < text.length && addressPart.test(text[end]!)) if (text[end++] === ':') colons++;
  if (colons > 0) {
    // IPv6 may end with an IPv4 address.
    while (/^(\.[0-9]|[0-9])/.test(text.slice(end, end + 2))) end++;
  } else {
    const dotted = /^\d+\.\d+\.\d+(\.\d+)*/.exec(text.slice(start, start + 64));
    if (dotted === null) return undefined;
    end = start + dotted[0].length;
  }
  const prefix = /^\/[0-9]+/.exec(text.slice(end, end + 8));
  if (prefix !== null) end += prefix[0].length;
  const written = text.slice(start, end);
  const found = readAddress(written);
  if (found !== undefined) return succeed({ kind: 'address', ...found, text: written, start, end });
  const shown = written.length > 60 ? `${written.slice(0, 60)}…` : written;
  const message =
    `\`${shown}\` is no address: write 192.0.2.1, 2001:db8::1 or 02:00:00:00:00:01, ` +
    'with a prefix length such as /24 if you want; ports go with the fields `port` and `remote.port`.';
  return fail(problem({ start, end }, message));
}

function readNumber(text: string, start: number): Result<NumberLiteral, ExpressionProblem> {
  const rest = text.slice(start, start + 400);
  const hexadecimal = /^0[xX]([0-9a-fA-F]*)([A-Za-z0-9_]*)/.exec(rest);
  if (hexadecimal !== null) {
    const [written, digits, more] = hexadecimal;
    const end = start + written.length;
    if (digits === '' || more !== '' || digits!.length > 13)
      return fail(problem({ start, end }, 'A hexadecimal number has 1 to 13 digits, such as 0xC0000001.'));
    const value = parseInt(digits!, 16);
    return succeed({ kind: 'number', value, quantity: 'count', text: written, start, end });
  }
  const [written, digits, unitText] = /^([0-9_]+(?:\.[0-9]+)?)([A-Za-zµμ]*)/.exec(rest)!;
  const end = start + written.length;
  const amount = Number(digits!.replaceAll('_', ''));
  const unit = unitText === '' ? undefined : unitOf(unitText!);
  if (unit === undefined && unitText !== '') {
    const known = units.map(({ name }) => name);
    const suggestions = unitText === 'm' ? ['M', 'ms', 'min'] : closest(unitText!, known);
    const message = `\`${unitText!}\` is no unit: sizes take B, K, M, G, times ns, us, ms, s, min.`;
    return fail(
      problem(
        { start: start + digits!.length, end },
        message,
        suggestions.map((suggestion) => suggestion),
      ),
    );
  }
  const value = amount * (unit?.factor ?? 1);
  if (!Number.isFinite(value)) return fail(problem({ start, end }, 'This number is too large.'));
  return succeed({
    kind: 'number',
    // Times and sizes are whole numbers in a trace.
    value: unit === undefined ? value : Math.round(value),
    quantity: unit?.quantity ?? 'count',
    text: written,
    start,
    end,
  });
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function readText(text: string, start: number, mark: string): Result<TextLiteral, ExpressionProblem> {
  let value = '';
  let at = start + 1;
  while (at < text.length) {
    const character = text[at]!;
    if (character === mark) return succeed({ kind: 'text', value, start, end: at + 1 });
    if (character !== '\\') {
      value += character;
      at++;
      continue;
    }
    const unicode = /^\\u\{([0-9a-fA-F]{1,6})\}/.exec(text.slice(at, at + 10));
    if (unicode !== null && parseInt(unicode[1]!, 16) <= 0x10ffff) {
      value += String.fromCodePoint(parseInt(unicode[1]!, 16));
      at += unicode[0].length;
      continue;
    }
    const escaped = escapes[text[at + 1] ?? ''];
    if (escaped === undefined) {
      const end = Math.min(text.length, at + 2);
      return fail(
        problem(
          { start: at, end },
          'After \\ comes one of \\ " \' n r t or u{…}; write \\\\ for a backslash.',
        ),
      );
    }
    value += escaped;
    at += 2;
  }
  return fail(
    problem({ start, end: text.length }, `This text has no end: close it with ${mark === '"' ? '"' : "'"}.`),
  );
}
