/** Rules of the area "disconnect" (DSC). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const disconnectRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const disconnectUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
