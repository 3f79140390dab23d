/** Rules of the area "initiate" (INI): what is offered, taken and refused, and what follows at once. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { answerRules } from './initiate/answers';
import { openOffloadRules } from './initiate/openOffload';
import { offeredStateRules } from './initiate/offeredState';

/** See the file's head. */
export const initiateRules: readonly Rule[] = [...offeredStateRules, ...answerRules, ...openOffloadRules];

/** Rules of the area that records can't decide, each with the reason. */
export const initiateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
