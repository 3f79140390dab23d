/** Mutants for the rules of the area "disconnect" (DSC). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const disconnectMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const disconnectOddities: readonly LegalOddity[] = [];
