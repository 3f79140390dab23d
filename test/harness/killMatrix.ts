/**
 * The kill matrix: every mutant before every rule. It is caught by its own, at most those fire beside it that it says follow, and all of them
 * do; without the mutation nothing fires.
 */
import { describe, expect, it } from 'vitest';
import { runMutant, runSituation } from '../../electron/emulator/mutants/runMutant';
import { mutants } from '../../electron/emulator/mutants/mutants';
import type { Mutant } from '../../electron/emulator/mutants/mutant';
import { ruleHeading, type RuleArea, type RuleId } from '../../shared/rules/catalogue';
import type { Finding } from '../../shared/rules/engine/finding';
import { implementedRules } from '../../shared/rules/rules';

/** The areas of the catalogue by the file of tests that has them: none takes a minute. */
export const killMatrixGroups = {
  administration: ['registration', 'initialization', 'capabilities', 'status-power', 'statistics', 'rss'],
  objects: ['context', 'tree', 'query', 'invalidate', 'update', 'reachability'],
  handOvers: ['initiate', 'terminate', 'intermediate'],
  data: ['send', 'receive', 'indicate', 'forward'],
  ends: ['disconnect', 'events', 'vlan-priority'],
  time: ['timers', 'timestamps'],
  wire: ['wire'],
} as const satisfies Readonly<Record<string, readonly RuleArea[]>>;

function described(findings: readonly Finding[]): string[] {
  const texts = findings.map(({ rule, found }) => `${rule}: ${found}`);
  return [...new Set(texts)];
}

/** What is found without the mutation; once for situations that are equal and in which nobody acts. */
function cleanFindings(known: Map<string, readonly string[]>, { situation = {} }: Mutant): readonly string[] {
  const { act, remote, besides } = situation;
  const isPlain = act === undefined && remote === undefined && besides === undefined;
  const key = isPlain ? JSON.stringify(situation) : undefined;
  const before = key === undefined ? undefined : known.get(key);
  if (before !== undefined) return before;
  const against = besides?.against ?? {};
  const { checker } = runSituation(implementedRules, situation);
  const findings = described(checker.findings.filter(({ rule }) => !Object.hasOwn(against, rule)));
  if (key !== undefined) known.set(key, findings);
  return findings;
}

/** See the file's head. */
export function killMatrix(areas: readonly RuleArea[]): void {
  const known = new Map<string, readonly string[]>();
  describe.each(areas)('mutants of the area %s before all rules', (area) => {
    const rows = mutants.filter(({ breaks }) => ruleHeading(breaks).area === area);
    it.each(rows.map((mutant) => [mutant.breaks, mutant.how, mutant] as const))(
      '%s: %s',
      (breaks, _how, mutant) => {
        expect(cleanFindings(known, mutant), 'without the mutation').toEqual([]);
        const { findings } = runMutant(implementedRules, mutant).checker;
        const { entails = {}, situation } = mutant;
        const against = situation?.besides?.against ?? {};
        const fired = new Set<string>(findings.map(({ rule }) => rule));
        expect([...fired], 'rules that fire').toContain(breaks);
        const follows = (rule: RuleId): boolean =>
          rule === breaks || Object.hasOwn(entails, rule) || Object.hasOwn(against, rule);
        const stray = findings.filter(({ rule }) => !follows(rule));
        expect(described(stray), 'rules that fire without following from it').toEqual([]);
        expect(
          Object.keys(entails).filter((rule) => !fired.has(rule)),
          'rules said to follow that do not',
        ).toEqual([]);
      },
    );
  });
}
