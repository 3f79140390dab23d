/** Pieces of HTML that are safe to put together: text goes in by escaping, and by no other way. */

/** Markup that is already escaped. */
export interface Markup {
  readonly html: string;
}

/** What may stand in a template: text and numbers are escaped. */
export type MarkupPart = Markup | string | number | undefined | readonly Markup[];

/** Control characters, which are errors in HTML, and direction marks, which could show a text as another. */
const unseen =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** Escapes text for element content and quoted attributes. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replace(unseen, '\ufffd');
}

function htmlOf(part: MarkupPart): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeMarkup(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(({ html }) => html).join('');
}

/** Markup out of a template; every value is escaped unless it is markup. */
export function markup(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return { html: strings.reduce((html, text, index) => html + htmlOf(parts[index - 1]) + text) };
}
