/** Rules of the area "indicate" (IND). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const indicateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const indicateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
