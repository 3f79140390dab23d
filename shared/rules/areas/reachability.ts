/** Rules of the area "reachability" (RCH). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const reachabilityRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const reachabilityUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
