/** What somebody may have meant by a name that does not exist. */

/** Names that are worth comparing; a longer one is nobody's slip. */
const longestName = 80;

/**
 * Number of single changes (insert, remove, replace, exchange two neighbours) that make one text of the other; `limit + 1` as soon
 * as it is more than `limit`.
 */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let distance = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        distance = Math.min(distance, before[j - 2]! + 1);
      next.push(distance);
      best = Math.min(best, distance);
    }
    if (best > limit) return limit + 1;
    before = row;
    row = next;
  }
  return row[right.length]!;
}

/**
 * The candidates that are close to a name, best first, at most three: the same letters in another case, few changes away, or the
 * name as the beginning or the end of a candidate of several words (`syn` for `tcp.flags.syn`).
 */
export function closest(name: string, candidates: Iterable<string>): readonly string[] {
  if (name === '' || name.length > longestName) return [];
  const wanted = name.toLowerCase();
  const limit = Math.max(1, Math.min(4, Math.floor(name.length / 3)));
  const found: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    const isLonger = wanted.length > 2 && lower.length > wanted.length;
    const isTail =
      isLonger && lower.endsWith(wanted) && /[._]/.test(lower[lower.length - wanted.length - 1]!);
    const isHead = isLonger && lower.startsWith(wanted) && /[._]/.test(lower[wanted.length]!);
    const distance = isTail || isHead ? 0.5 : editDistance(wanted, lower, limit);
    if (distance <= limit) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return [...new Set(found.map(({ candidate }) => candidate))].slice(0, 3);
}

/** ` Did you mean "a" or "b"?`, with a space in front; nothing where there is no suggestion. */
export function didYouMean(suggestions: readonly string[]): string {
  if (suggestions.length === 0) return '';
  const quoted = suggestions.map((suggestion) => `\`${suggestion}\``);
  const last = quoted.pop()!;
  return ` Did you mean ${quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`}?`;
}
