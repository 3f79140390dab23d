/** The catalogue of rules, by id. Their long texts are in `ruleTexts.ts`, as only explanations need them. */
import type { RuleHeading } from './catalogueTypes';
import { ruleIndex, type RuleId } from './generated/ruleIndex';

export type {
  RuleArea,
  RuleCheckable,
  RuleHeading,
  RuleKind,
  RuleObliges,
  RuleSeverity,
} from './catalogueTypes';
export { ruleAreas, type RuleId } from './generated/ruleIndex';

/** Ids of all rules, in the order of the catalogue. */
export const ruleIds = Object.keys(ruleIndex) as RuleId[];

/** Whether the catalogue has such a rule. */
export function isRuleId(id: string): id is RuleId {
  return Object.hasOwn(ruleIndex, id);
}

/** The short facts about a rule. */
export function ruleHeading(id: RuleId): RuleHeading {
  return ruleIndex[id];
}

/** Whether records can decide a rule: what the checker should implement. */
export function isDecidable({ checkable, tier }: RuleHeading): boolean {
  return tier !== null && (checkable === 'trace' || checkable === 'wire');
}
