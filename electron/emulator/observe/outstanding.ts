/**
 * What a part of the machine still holds, lends or waits for. Parts answer counts by name; at a quiet moment all are zero, and
 * whatever is not has leaked.
 */

/** Counts by what they count, such as `lent lists`. */
export type Outstanding = Readonly<Record<string, number>>;

/** The counts of a part that are not zero, each as a line such as `host stack: 1 posted list`. */
export function describeOutstanding(part: string, outstanding: Outstanding): string[] {
  return Object.entries(outstanding)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${part}: ${what} ${count}`);
}
