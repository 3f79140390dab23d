/** Rules of the area "initialization" (INZ). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const initializationRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const initializationUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
