/** The catalogue of rules, by id. Their long texts are in `ruleTexts.ts`, as only explanations need them. */
import type { RuleHeading } from './catalogueTypes';
import { ruleIndex, type RuleId as CatalogueRuleId } from './generated/ruleIndex';
import { isOwnRule, ownRules, type OwnRuleId } from './ownRules';

export type {
  RuleArea,
  RuleCheckable,
  RuleHeading,
  RuleKind,
  RuleObliges,
  RuleSeverity,
} from './catalogueTypes';
export { ruleAreas } from './generated/ruleIndex';

/** Id of a rule: of the catalogue, or of ours. */
export type RuleId = CatalogueRuleId | OwnRuleId;

/** Ids of all rules of the catalogue, in its order. */
export const ruleIds = Object.keys(ruleIndex) as RuleId[];

/** Whether there is such a rule. */
export function isRuleId(id: string): id is RuleId {
  return Object.hasOwn(ruleIndex, id) || isOwnRule(id);
}

/** The short facts about a rule. */
export function ruleHeading(id: RuleId): RuleHeading {
  return isOwnRule(id) ? ownRules[id] : ruleIndex[id];
}

/** Whether records can decide a rule: what the checker should implement. */
export function isDecidable({ checkable, tier }: RuleHeading): boolean {
  return tier !== null && (checkable === 'trace' || checkable === 'wire');
}
