/** Rules of the area "vlan-priority" (VLN): VLAN identifiers at initiate, and 802.1Q tags of frames (section 13 of the data digest). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { admissionRules } from './vlanPriority/admission';
import { tagRules } from './vlanPriority/tags';

/** See the file's head. */
export const vlanPriorityRules: readonly Rule[] = [...admissionRules, ...tagRules];

/** Rules of the area that records can't decide, each with the reason. */
export const vlanPriorityUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
