/** Rules of the area "query" (QRY). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const queryRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const queryUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
