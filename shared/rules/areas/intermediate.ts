/** Rules of the area "intermediate" (IMD). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const intermediateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const intermediateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
