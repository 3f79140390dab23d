/** Rules of the area "wire" (WIR): what a target sends, and what it makes of what arrives. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { headerRules } from './wire/headers';

/** See the file's head. */
export const wireRules: readonly Rule[] = [...headerRules];

/** Rules of the area that records can't decide, each with the reason. */
export const wireUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
