/** Mutants for the rules of the area "query" (QRY). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const queryMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const queryOddities: readonly LegalOddity[] = [];
