/** Rules of the area "update" (UPD): cached variables, and paths that move to another neighbor. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { updateEffectRules } from './update/effects';
import { updateRequestRules } from './update/requests';

/** See the file's head. */
export const updateRules: readonly Rule[] = [...updateRequestRules, ...updateEffectRules];

/** Rules of the area that records can't decide, each with the reason. */
export const updateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
