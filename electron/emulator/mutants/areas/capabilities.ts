/** Mutants for the rules of the area "capabilities" (CAP). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const capabilitiesMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const capabilitiesOddities: readonly LegalOddity[] = [];
