/** Rules of the area "events" (EVT). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const eventsRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const eventsUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
