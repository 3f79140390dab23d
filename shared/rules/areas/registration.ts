/** Rules of the area "registration" (REG). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const registrationRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const registrationUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
