/** Mutants for the rules of the area "timestamps" (TMS). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const timestampsMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const timestampsOddities: readonly LegalOddity[] = [];
