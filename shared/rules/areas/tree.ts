/** Rules of the area "tree" (TRE). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const treeRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const treeUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
