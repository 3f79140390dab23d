/** Mutants for the rules of the area "context" (CTX). */
import type { LegalOddity, Mutant } from '../mutant';
import { cellMutants } from './context/cells';
import { handleMutants } from './context/handles';
import { valueMutants } from './context/values';

/** See the file's head. */
export const contextMutants: readonly Mutant[] = [...cellMutants, ...handleMutants, ...valueMutants];

/** What looks odd in the area and is legal. */
export const contextOddities: readonly LegalOddity[] = [];
