/** Ways in which a text can be wrong. Each takes a text and chance and makes another text. */
import type { Random } from '../../../shared/base/random';

/** Numbers at which something may break, as texts write them. */
const numbers = [
  ...['0', '1', '-1', '255', '256', '65535', '65536', '4294967295', '4294967296', '2147483648'],
  ...['9007199254740993', '1e308', '1e309', '1'.repeat(400), '0.'.concat('0'.repeat(400), '1'), '.5', '5.'],
  ...['0x', '0xffffffffffffffffffff', '00', '1_000', '1__0', '1K', '1.5ms', '1e', '- 1', '+1', '08'],
];

/** Characters and sequences that texts seldom hold. */
const oddities = [
  ...['\u0000', '\u0007', '\u001b[2J', '\t', '\r', '\r\n', '\n', '\n\n', '\u00a0', '\u2028', '\ufeff'],
  ...['é', 'ß', '\u0301', '\u{1f9f9}', '\ud800', '\udc00', '\uffff', '\u202e', '\u200d'],
  ...['"', "'", '`', '\\', '\\"', '\\u{110000}', '\\u{}', '%{', '}%', '/*', '*/', '//', '#', '<', '>', '...'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'NaN', 'Infinity', 'undefined', 'null'],
];

/** Pairs that nest. */
const nesting = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['!', ''],
  ['-', ''],
  ['not ', ''],
  ['f(', ')'],
  ['(a || ', ')'],
  ['<', '>'],
  ['%{ ', ' }%'],
  ['"', '"'],
] as const;

/** How deep, how often. */
const depths = [1, 2, 3, 10, 63, 64, 65, 100, 500, 2000, 20_000];

/** Longest text that is made, characters: beyond what people write, and short enough that many fit into a second. */
const longestText = 400_000;

/** One of several, by chance. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.nextBelow(items.length)]!;
}

function spliced(text: string, start: number, removed: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(start + removed);
}

/** A range of a text, mostly a short one. */
function range(random: Random, text: string): readonly [number, number] {
  const start = random.nextBelow(text.length + 1);
  const longest = pick(random, [2, 8, 8, 40, text.length]);
  return [start, Math.min(text.length - start, random.nextBelow(longest + 1))];
}

/** A language whose texts are mutated. */
export interface FuzzedLanguage {
  /** Texts to begin with. */
  readonly corpus: readonly string[];
  /** Words of the language, which may stand in the place of others. */
  readonly words: readonly string[];
  /** What can be read by itself, and how that is put beside a text so that both can be read. */
  readonly phrases: readonly string[];
  readonly join: (random: Random, text: string, phrase: string) => string;
}

type Mutation = (random: Random, text: string, other: string, language: FuzzedLanguage) => string;

const tokenPattern = /[A-Za-z_][\w.]*|\d[\w.]*|\s+|[^\w\s]/g;

/** All of them; a name for each, since findings name theirs. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'a piece taken out': (random, text) => spliced(text, ...range(random, text), ''),
  'a piece copied': (random, text) => {
    const [start, length] = range(random, text);
    const piece = text.slice(start, start + length);
    return spliced(text, random.nextBelow(text.length + 1), 0, piece);
  },
  'a piece repeated': (random, text) => {
    const [start, length] = range(random, text);
    const times = pick(random, depths);
    const piece = text.slice(start, start + length);
    return spliced(text, start, 0, piece.repeat(Math.min(times, Math.ceil(longestText / (length + 1)))));
  },
  'a piece of another': (random, text, other) => {
    const [from, length] = range(random, other);
    return spliced(text, ...range(random, text), other.slice(from, from + length));
  },
  'the end cut off': (random, text) => text.slice(0, random.nextBelow(text.length + 1)),
  'the beginning cut off': (random, text) => text.slice(random.nextBelow(text.length + 1)),
  'an odd character': (random, text) =>
    spliced(text, random.nextBelow(text.length + 1), random.nextBelow(3), pick(random, oddities)),
  'any character': (random, text) =>
    spliced(
      text,
      random.nextBelow(text.length + 1),
      random.nextBelow(2),
      String.fromCharCode(random.nextBelow(pick(random, [128, 256, 0x1_0000]))),
    ),
  'a telling number': (random, text) => {
    const found = [...text.matchAll(/\d[\d.]*/g)];
    if (found.length === 0) return spliced(text, random.nextBelow(text.length + 1), 0, pick(random, numbers));
    const { index, 0: old } = pick(random, found);
    return spliced(text, index, old.length, pick(random, numbers));
  },
  'a word of the language': (random, text, _other, { words }) =>
    spliced(text, ...range(random, text), ` ${pick(random, words)} `),
  'a word for another': (random, text, _other, { words }) => {
    const found = [...text.matchAll(tokenPattern)].filter(([token]) => token.trim() !== '');
    if (found.length === 0) return pick(random, words);
    const { index, 0: old } = pick(random, found);
    return spliced(text, index, old.length, pick(random, words));
  },
  'a phrase more': (random, text, _other, { phrases, join }) => join(random, text, pick(random, phrases)),
  'another one beside it': (random, text, other, { join }) => join(random, text, other),
  'words in other places': (random, text) => {
    const tokens = text.match(tokenPattern) ?? [];
    for (let moves = 1 + random.nextBelow(4); moves > 0 && tokens.length > 1; moves--) {
      const from = random.nextBelow(tokens.length);
      const to = random.nextBelow(tokens.length);
      [tokens[from], tokens[to]] = [tokens[to]!, tokens[from]!];
    }
    return tokens.join('');
  },
  nesting: (random, text) => {
    const [open, close] = pick(random, nesting);
    const depth = pick(random, depths);
    const [start, length] = range(random, text);
    const closed = random.nextBelow(4) === 0 ? Math.floor(depth / 2) : depth;
    const inner = text.slice(start, start + length);
    return spliced(text, start, length, open.repeat(depth) + inner + close.repeat(closed));
  },
};

const names = Object.keys(mutations);

/** A mutated text, and how it was made: none to four mutations, one upon the other. */
export function mutatedText(
  random: Random,
  language: FuzzedLanguage,
): { readonly text: string; readonly story: string } {
  const { corpus } = language;
  const first = random.nextBelow(corpus.length);
  let text = corpus[first]!;
  const story = [`text ${first}`];
  for (let count = pick(random, [0, 1, 1, 1, 2, 2, 3, 4]); count > 0; count--) {
    const name = pick(random, names);
    story.push(name);
    text = mutations[name]!(random, text, pick(random, corpus), language).slice(0, longestText);
  }
  return { text, story: story.join(', ') };
}
