/** Rules of the area "timestamps" (TMS). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const timestampsRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const timestampsUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
