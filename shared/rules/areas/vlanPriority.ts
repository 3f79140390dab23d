/** Rules of the area "vlan-priority" (VLN). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const vlanPriorityRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const vlanPriorityUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
