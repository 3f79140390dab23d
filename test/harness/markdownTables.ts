/** Parts of a page of the documentation that tests run or compare. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const docs = path.resolve(import.meta.dirname, '../../docs');

/** Text of a page. */
export function page(name: string): string {
  return readFileSync(path.join(docs, name), 'utf8');
}

/** The pieces of code in a language, each with the heading above it. */
export function codeBlocks(
  text: string,
  language: string,
): readonly { readonly heading: string; readonly code: string }[] {
  const found: { heading: string; code: string }[] = [];
  let heading = '';
  let code: string[] | undefined;
  for (const line of text.split('\n')) {
    if (code !== undefined) {
      if (line === '```') {
        found.push({ heading, code: code.join('\n') });
        code = undefined;
      } else code.push(line);
    } else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    else if (line === '```' + language) code = [];
  }
  return found;
}

/** What stands between two marks, without the marks' own lines. */
export function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  if (start < 0 || end < 0) throw new Error(`no ${from} … ${to}`);
  return text.slice(text.indexOf('\n', start) + 1, end);
}
