/** The long texts of the catalogue. Load this module where explanations are shown: it is half a megabyte. */
import type { RuleText } from './catalogueTypes';
import type { RuleId } from './catalogue';
import type { RuleId as CatalogueRuleId } from './generated/ruleIndex';
import texts from './generated/ruleTexts.json';
import { isOwnRule, ownRuleTexts } from './ownRules';

export type { RuleText } from './catalogueTypes';

const ruleTexts: Readonly<Record<CatalogueRuleId, RuleText>> = texts;

/** Everything that the catalogue says about a rule in words. */
export function ruleText(id: RuleId): RuleText {
  return isOwnRule(id) ? ownRuleTexts[id] : ruleTexts[id];
}
