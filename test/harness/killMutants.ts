/**
 * Tests that every mutant of an area is caught by its rule, and that nothing is found without the mutation. Only the rules of the area look; what
 * those of other areas say to its mutants is the business of killMatrix.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { runMutant, runSituation } from '../../electron/emulator/mutants/runMutant';
import type { LegalOddity, Mutant } from '../../electron/emulator/mutants/mutant';
import type { RuleId } from '../../shared/rules/catalogue';
import type { Rule } from '../../shared/rules/engine/rule';

/** What the rules say of a situation in which nobody is bad; once for each that is equal. */
function cleanFindings(
  rules: readonly Rule[],
  cleanRuns: Map<string, readonly string[]>,
  { situation }: Mutant,
): readonly string[] {
  const { act, remote, besides } = situation ?? {};
  const isPlain = act === undefined && remote === undefined && besides === undefined;
  const key = isPlain ? JSON.stringify(situation ?? {}) : undefined;
  const known = key === undefined ? undefined : cleanRuns.get(key);
  if (known !== undefined) return known;
  const { checker, accident } = runSituation(rules, situation);
  const findings = [
    ...(accident === undefined ? [] : [accident]),
    ...checker
      .coverage()
      .flatMap(({ rule, failure }) => (failure === undefined ? [] : [`${rule} threw: ${failure}`])),
    ...checker.findings.map(({ rule, found, events }) => `${rule} at events ${events.join(', ')}: ${found}`),
  ];
  if (key !== undefined) cleanRuns.set(key, findings);
  return findings;
}

/** See the file's head. Every rule of `rules` needs a mutant. */
export function killMutants(
  area: string,
  rules: readonly Rule[],
  undecided: Readonly<Partial<Record<RuleId, string>>>,
  mutants: readonly Mutant[],
  oddities: readonly LegalOddity[],
): void {
  const cleanRuns = new Map<string, readonly string[]>();
  const own = new Set(rules.map((one) => one.id));
  describe(`mutants of the area ${area}`, () => {
    it('stand against every rule that is implemented', () => {
      const covered = new Set<RuleId>(mutants.map(({ breaks }) => breaks));
      expect(rules.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
    });

    it('leave no rule twice, and none both implemented and undecided', () => {
      const ids = [...rules.map((one) => one.id), ...Object.keys(undecided)];
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    });

    it.each(oddities.map((oddity) => [oddity.shows, oddity.how, oddity] as const))(
      '%s may not be flagged: %s',
      (_id, _how, oddity) => {
        const { checker, accident } = runMutant(rules, oddity);
        expect(accident).toBeUndefined();
        expect(checker.findings.map(({ rule, found }) => `${rule}: ${found}`)).toEqual([]);
      },
    );

    it.each(mutants.map((mutant) => [mutant.breaks, mutant.how, mutant] as const))(
      '%s: %s',
      (id, _how, mutant) => {
        expect(cleanFindings(rules, cleanRuns, mutant), 'without the mutation').toEqual([]);
        const { checker } = runMutant(rules, mutant);
        const fired = new Set(checker.findings.map(({ rule }) => rule));
        expect([...fired], 'rules that fire').toContain(id);
        const entailed = new Set<string>(Object.keys(mutant.entails ?? {}));
        const others = checker.findings
          .filter(({ rule }) => rule !== id && !entailed.has(rule))
          .map(({ rule, found }) => `${rule}: ${found}`);
        expect([...new Set(others)], 'rules that fire without following from it').toEqual([]);
        expect(
          [...entailed].filter((rule) => own.has(rule as RuleId) && !fired.has(rule as RuleId)),
          'rules said to follow that do not',
        ).toEqual([]);
      },
    );
  });
}
