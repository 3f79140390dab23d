/** Mutants for the rules of the area "context" (CTX). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const contextMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const contextOddities: readonly LegalOddity[] = [];
