/** Mutants for the rules of the area "terminate" (TRM). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const terminateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const terminateOddities: readonly LegalOddity[] = [];
