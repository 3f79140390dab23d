/** Mutants for the rules of the area "intermediate" (IMD). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const intermediateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const intermediateOddities: readonly LegalOddity[] = [];
