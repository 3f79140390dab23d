/** Mutants for the rules of the area "registration" (REG). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const registrationMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const registrationOddities: readonly LegalOddity[] = [];
