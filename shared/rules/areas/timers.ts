/** Rules of the area "timers" (TMR). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { acknowledgingRules } from './timers/acknowledging';
import { finWait2Rules } from './timers/finWait2';
import { keepingAliveRules } from './timers/keepingAlive';
import { persistingRules } from './timers/persisting';
import { pushingRules } from './timers/pushing';
import { pushTimerRules } from './timers/pushTimer';
import { retransmittingRules } from './timers/retransmitting';
import { sillyWindowRules } from './timers/sillyWindow';
import { sillyWindowTimerRules } from './timers/sillyWindowTimer';

/** See the file's head. */
export const timersRules: readonly Rule[] = [
  ...acknowledgingRules,
  ...retransmittingRules,
  ...persistingRules,
  ...keepingAliveRules,
  ...finWait2Rules,
  ...pushingRules,
  ...pushTimerRules,
  ...sillyWindowRules,
  ...sillyWindowTimerRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const timersUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'TMR-058':
    'The host stack hands received data to its application at once and has no push timer: no record can show one running.',
  'TMR-062':
    'The host stack hands received data to its application at once and has no push timer: no record can show one being restarted.',
};
