/** Which tests of this project exercise what of the DDI in the emulator; `npm run coverage:ddi` measures it. */
import type { CoverageItem, CoverageKind } from './ddiItems';

/**
 * Who exercises a thing. A `test` does so by itself, or looks at a run that its suite has made and names the thing or a rule
 * about it; a `suite` makes a run that its tests look at; a `module` does so for all tests of the file.
 */
export interface DdiTestClaim {
  readonly kind: 'test' | 'suite' | 'module';
  /** Relative to the root of the repository, with slashes. */
  readonly file: string;
  /** From the outermost describe inwards; the last one is the test's, if it is one. */
  readonly titles: readonly string[];
}

/** At most this many tests are named for a thing. */
export const mostTestsNamed = 3;

/** For each kind, by name: the tests that exercise it, most specific first. What has none is absent. */
export type DdiTestClaims = Readonly<Record<CoverageKind, Readonly<Record<string, readonly DdiTestClaim[]>>>>;

/** The tests that exercise an item; empty if there is none. */
export function claimsFor(claims: DdiTestClaims, { kind, name }: CoverageItem): readonly DdiTestClaim[] {
  const ofKind = claims[kind];
  return Object.hasOwn(ofKind, name) ? ofKind[name]! : [];
}

/** One line for people, such as `test/conformance/trees.test.ts > describe > test`. */
export function claimText({ file, titles }: DdiTestClaim): string {
  return [file, ...titles].join(' > ');
}
