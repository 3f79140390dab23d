/** Rules of the area "wire" (WIR). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const wireRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const wireUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
