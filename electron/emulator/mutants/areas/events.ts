/** Mutants for the rules of the area "events" (EVT). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const eventsMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const eventsOddities: readonly LegalOddity[] = [];
