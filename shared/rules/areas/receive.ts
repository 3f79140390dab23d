/** Rules of the area "receive" (RCV). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const receiveRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const receiveUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
