/** Rules of the area "update" (UPD). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const updateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const updateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
