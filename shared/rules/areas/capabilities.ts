/** Rules of the area "capabilities" (CAP). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const capabilitiesRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const capabilitiesUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
