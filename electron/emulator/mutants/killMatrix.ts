/** Which rule catches which mutant: the proof of the checker. */
import {
  isDecidable,
  ruleHeading,
  ruleIds,
  type RuleHeading,
  type RuleId,
} from '../../../shared/rules/catalogue';
import type { Rule } from '../../../shared/rules/engine/rule';
import { undecidedRules } from '../../../shared/rules/undecided';
import type { Mutant } from './mutant';
import { runMutant, runSituation } from './runMutant';

/** What came of one mutant. */
export interface MutantVerdict {
  readonly breaks: RuleId;
  readonly how: string;
  /** Whether its own rule caught it. */
  readonly killed: boolean;
  /** Rules that fired besides, and follow from it. */
  readonly entailed: readonly RuleId[];
  /** Rules that fired besides without following from it. */
  readonly stray: readonly RuleId[];
  /** Rules that fire in the same run without the mutation: false alarms. */
  readonly unprovoked: readonly RuleId[];
  /** Findings of its own rule. */
  readonly findings: number;
}

/** Runs one mutant with a seed, and the same run without it. */
export function judgeMutant(rules: readonly Rule[], mutant: Mutant, seed = 1): MutantVerdict {
  const { breaks, how, entails = {}, situation } = mutant;
  const against = situation?.besides?.against ?? {};
  const clean = runSituation(rules, situation, seed).checker;
  const { checker } = runMutant(rules, mutant, seed);
  const fired = [...new Set(checker.findings.map(({ rule }) => rule))];
  const others = fired.filter((rule) => rule !== breaks);
  return {
    breaks,
    how,
    killed: fired.includes(breaks),
    entailed: others.filter((rule) => Object.hasOwn(entails, rule)),
    stray: others.filter((rule) => !Object.hasOwn(entails, rule) && !Object.hasOwn(against, rule)),
    unprovoked: [...new Set(clean.findings.map(({ rule }) => rule))].filter(
      (rule) => !Object.hasOwn(against, rule),
    ),
    findings: checker.findings.filter(({ rule }) => rule === breaks).length,
  };
}

/** How much of the catalogue a tier has of rules that records can decide. */
export interface TierShare {
  readonly tier: NonNullable<RuleHeading['tier']>;
  /** Rules with `checkable` trace or wire. */
  readonly rules: number;
  readonly implemented: number;
  /** Rules that stand in the list of the undecided, with a reason. */
  readonly undecided: number;
  /** Rules that are implemented and have a mutant. */
  readonly proven: number;
}

/** Shares of implemented rules by tier. */
export function tierShares(rules: readonly Rule[], mutants: readonly Mutant[]): TierShare[] {
  const implemented = new Set(rules.map(({ id }) => id));
  const proven = new Set(mutants.map(({ breaks }) => breaks));
  return ([1, 2, 3] as const).map((tier) => {
    const all = ruleIds.filter((id) => isDecidable(ruleHeading(id)) && ruleHeading(id).tier === tier);
    return {
      tier,
      rules: all.length,
      implemented: all.filter((id) => implemented.has(id)).length,
      undecided: all.filter((id) => undecidedRules[id] !== undefined).length,
      proven: all.filter((id) => implemented.has(id) && proven.has(id)).length,
    };
  });
}
