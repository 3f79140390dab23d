/** Mutants for the rules of the area "initiate" (INI). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const initiateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const initiateOddities: readonly LegalOddity[] = [];
