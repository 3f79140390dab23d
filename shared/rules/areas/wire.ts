/** Rules of the area "wire" (WIR): what a target sends, and what it makes of what arrives. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { blindResetRules } from './wire/blindReset';
import { headerRules } from './wire/headers';
import { hostPathRules } from './wire/hostPath';
import { mitigationRules } from './wire/mitigation';
import { segmentRules } from './wire/segments';
import { sendingRules } from './wire/sending';
import { toHostRules } from './wire/toHost';
import { urgentRules } from './wire/urgent';

/** See the file's head. */
export const wireRules: readonly Rule[] = [
  ...headerRules,
  ...blindResetRules,
  ...mitigationRules,
  ...hostPathRules,
  ...toHostRules,
  ...urgentRules,
  ...segmentRules,
  ...sendingRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const wireUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
