/** What the catalogue of rules says about each rule. */
import type { ruleAreas } from './generated/ruleIndex';

/** Part of the specification that a rule belongs to; users browse by it. */
export type RuleArea = (typeof ruleAreas)[number] | 'driver modules';

/** `must`: breaking it is an error. `should`: advice. `may-not-flag`: it looks odd and is legal; never a finding. */
export type RuleKind = 'must' | 'should' | 'may-not-flag';

/** How bad it is when a rule is broken. */
export type RuleSeverity = 'error' | 'warning' | 'info';

/** Who is at fault when a rule is broken. */
export type RuleObliges = 'offload-target' | 'host-stack' | 'ndis' | 'intermediate-driver';

/**
 * What a verdict needs. `trace`: recorded calls and their snapshots. `wire`: frames. `emulator-assert`: the inside of the emulator.
 * `not-observable`: no test exists.
 */
export type RuleCheckable = 'trace' | 'wire' | 'emulator-assert' | 'not-observable';

/** The short facts about a rule, which the checker needs. */
export interface RuleHeading {
  readonly area: RuleArea;
  /** At most 60 characters: what to do, or what holds. */
  readonly title: string;
  readonly kind: RuleKind;
  /** 1: a breach corrupts data, leaks or crashes a real system. 2: other musts. 3: shoulds. `null`: nothing to check. */
  readonly tier: 1 | 2 | 3 | null;
  readonly severity: RuleSeverity;
  readonly obliges: RuleObliges;
  readonly checkable: RuleCheckable;
}

/** The long texts about a rule, which explanations need. */
export interface RuleText {
  /** The statement, in our words. */
  readonly rule: string;
  /** How to test it. */
  readonly check: string;
  /** Records that a verdict needs: functions, or `wire`, `timer`, `memory`, `emulator`. */
  readonly phase: readonly string[];
  /** A sequence that is fine, and one that breaks the rule; `->` means "then". */
  readonly legal: string | null;
  readonly illegal: string | null;
  /** Names of the pages that the rule comes from. */
  readonly source: readonly string[];
}
