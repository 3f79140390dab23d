/** Mutants for the rules of the area "status-power" (PWR). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const statusPowerMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const statusPowerOddities: readonly LegalOddity[] = [];
