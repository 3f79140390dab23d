/** Rules of the area "timers" (TMR). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const timersRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const timersUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
