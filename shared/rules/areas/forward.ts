/** Rules of the area "forward" (FWD). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const forwardRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const forwardUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
