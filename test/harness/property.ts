/** Settings of every property: the seed is fixed, so that a failure is the same on every machine. */
export function property(numRuns = 100): { readonly seed: number; readonly numRuns: number } {
  return { seed: 19_810_901, numRuns };
}
