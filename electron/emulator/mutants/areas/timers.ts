/** Mutants for the rules of the area "timers" (TMR). */
import type { LegalOddity, Mutant } from '../mutant';
import { acknowledgingMutants } from './timers/acknowledging';
import { finWait2Mutants } from './timers/finWait2';
import { keepingAliveMutants } from './timers/keepingAlive';
import { persistingMutants } from './timers/persisting';
import { pushingMutants, pushingOddities } from './timers/pushing';
import { pushTimerMutants } from './timers/pushTimer';
import { retransmittingMutants, retransmittingOddities } from './timers/retransmitting';
import { sillyWindowMutants } from './timers/sillyWindow';
import { sillyWindowTimerMutants } from './timers/sillyWindowTimer';

/** See the file's head. */
export const timersMutants: readonly Mutant[] = [
  ...acknowledgingMutants,
  ...retransmittingMutants,
  ...persistingMutants,
  ...keepingAliveMutants,
  ...finWait2Mutants,
  ...pushingMutants,
  ...pushTimerMutants,
  ...sillyWindowMutants,
  ...sillyWindowTimerMutants,
];

/** What looks odd in the area and is legal. */
export const timersOddities: readonly LegalOddity[] = [...retransmittingOddities, ...pushingOddities];
