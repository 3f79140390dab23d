/** Mutants for the rules of the area "timers" (TMR). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const timersMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const timersOddities: readonly LegalOddity[] = [];
