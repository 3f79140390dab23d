/** The long texts of the catalogue. Load this module where explanations are shown: it is half a megabyte. */
import type { RuleText } from './catalogueTypes';
import type { RuleId } from './generated/ruleIndex';
import texts from './generated/ruleTexts.json';

export type { RuleText } from './catalogueTypes';

const ruleTexts: Readonly<Record<RuleId, RuleText>> = texts;

/** Everything that the catalogue says about a rule in words. */
export function ruleText(id: RuleId): RuleText {
  return ruleTexts[id];
}
