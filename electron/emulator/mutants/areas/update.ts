/** Mutants for the rules of the area "update" (UPD). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const updateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const updateOddities: readonly LegalOddity[] = [];
