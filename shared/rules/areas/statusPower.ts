/** Rules of the area "status-power" (PWR): what adapters indicate, lost links and power. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { linkAndPowerRules } from './statusPower/linkAndPower';
import { requestRules } from './statusPower/requests';

/** See the file's head. */
export const statusPowerRules: readonly Rule[] = [...requestRules, ...linkAndPowerRules];

/** Rules of the area that records can't decide, each with the reason. */
export const statusPowerUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
