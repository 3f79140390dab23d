/** Mutants for the rules of the area "indicate" (IND). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const indicateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const indicateOddities: readonly LegalOddity[] = [];
