/** Mutants for the rules of the area "statistics" (STT). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const statisticsMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const statisticsOddities: readonly LegalOddity[] = [];
