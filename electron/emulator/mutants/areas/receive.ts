/** Mutants for the rules of the area "receive" (RCV). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const receiveMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const receiveOddities: readonly LegalOddity[] = [];
