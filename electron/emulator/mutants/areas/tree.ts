/** Mutants for the rules of the area "tree" (TRE). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const treeMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const treeOddities: readonly LegalOddity[] = [];
