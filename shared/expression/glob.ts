/** Patterns with `*` (any characters) and `?` (one character), matched in time of at most text × stars; no regular expressions. */

/** Whether the whole text fits the pattern. */
export function matchesGlob(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let afterStar = 0;
  while (at < text.length) {
    if (place < pattern.length && pattern[place] === '*') {
      star = place++;
      afterStar = at;
    } else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++afterStar;
    } else return false;
  }
  while (place < pattern.length && pattern[place] === '*') place++;
  return place === pattern.length;
}
