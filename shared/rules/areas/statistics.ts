/** Rules of the area "statistics" (STT). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const statisticsRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const statisticsUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
