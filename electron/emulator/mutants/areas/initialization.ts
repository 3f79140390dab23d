/** Mutants for the rules of the area "initialization" (INZ). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const initializationMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const initializationOddities: readonly LegalOddity[] = [];
