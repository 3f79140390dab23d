/** Rules of the area "status-power" (PWR). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const statusPowerRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const statusPowerUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
