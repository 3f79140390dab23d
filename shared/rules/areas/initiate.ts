/** Rules of the area "initiate" (INI). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const initiateRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const initiateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
