/** Rules of the area "terminate" (TRM). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const terminateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const terminateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
