/** Mutants for the rules of the area "forward" (FWD). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const forwardMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const forwardOddities: readonly LegalOddity[] = [];
