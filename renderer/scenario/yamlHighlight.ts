/** Colours of YAML, line by line: enough to tell keys, values and remarks apart, and never wrong about where they stand. Pure. */

/** What a piece of a line is. */
export type YamlTokenKind = 'comment' | 'key' | 'mark' | 'text' | 'number' | 'word' | 'plain';

/** A piece of a line; together they are the line. */
export interface YamlToken {
  readonly kind: YamlTokenKind;
  readonly text: string;
}

const head = /^(\s*(?:- +)*-?\s*)("[^"]*"|'[^']*'|[\w.$-]+)(\s*:)(?=\s|$)/;
const numberLike = /^-?\d+(\.\d+)?(\/\d+)?\s*([a-zA-Zµ]+(\/s)?)?$/;
const words = /^(true|false|null|~)$/;

function valueTokens(text: string): YamlToken[] {
  const remark = /(^|\s)#.*$/.exec(text);
  const isQuoted = /^\s*(["']).*\1\s*$/.test(text);
  if (remark !== null && !isQuoted) {
    const at = remark.index + remark[1]!.length;
    return [...valueTokens(text.slice(0, at)), { kind: 'comment', text: text.slice(at) }];
  }
  const trimmed = text.trim();
  if (trimmed === '') return text === '' ? [] : [{ kind: 'plain', text }];
  const kind: YamlTokenKind = /^["']/.test(trimmed)
    ? 'text'
    : numberLike.test(trimmed)
      ? 'number'
      : words.test(trimmed)
        ? 'word'
        : 'plain';
  return [{ kind, text }];
}

/** The pieces of a line. */
export function yamlTokens(line: string): YamlToken[] {
  if (/^\s*#/.test(line)) return [{ kind: 'comment', text: line }];
  const match = head.exec(line);
  if (match !== null) {
    const [all, indent, key, colon] = match as unknown as [string, string, string, string];
    return [
      ...(indent === '' ? [] : [{ kind: 'mark', text: indent } as const]),
      { kind: 'key', text: key },
      { kind: 'mark', text: colon },
      ...valueTokens(line.slice(all.length)),
    ];
  }
  const item = /^(\s*(?:- +)*-\s*)/.exec(line);
  if (item !== null) return [{ kind: 'mark', text: item[1]! }, ...valueTokens(line.slice(item[1]!.length))];
  return valueTokens(line);
}
