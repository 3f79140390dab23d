/** Rules of the area "context" (CTX): the contexts and handles by which objects are named, and the values that they stand for. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { cellRules } from './context/cells';
import { handleRules } from './context/handles';
import { valueRules } from './context/values';

/** See the file's head. */
export const contextRules: readonly Rule[] = [...cellRules, ...handleRules, ...valueRules];

/** Rules of the area that records can't decide, each with the reason. */
export const contextUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
