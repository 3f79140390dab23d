/** Rules of the area "invalidate" (INV). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const invalidateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const invalidateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
