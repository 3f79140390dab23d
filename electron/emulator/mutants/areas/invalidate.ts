/** Mutants for the rules of the area "invalidate" (INV). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const invalidateMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const invalidateOddities: readonly LegalOddity[] = [];
