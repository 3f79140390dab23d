/** Rules of the area "statistics" (STT): the four sets of counters that a target keeps of offloaded connections. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { counterRules } from './statistics/counters';
import { discardRules } from './statistics/discards';
import { faultRules } from './statistics/faults';
import { resetRules } from './statistics/resets';
import { sentRules } from './statistics/sent';
import { separateRules } from './statistics/separate';

/** See the file's head. */
export const statisticsRules: readonly Rule[] = [
  ...counterRules,
  ...separateRules,
  ...resetRules,
  ...faultRules,
  ...discardRules,
  ...sentRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const statisticsUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'STT-027':
    'What a host stack reports to its own users crosses no NDIS function: no record tells its totals.',
};
