/** Mutants for the rules of the area "wire" (WIR). */
import type { LegalOddity, Mutant } from '../mutant';
import { headerMutants } from './wire/headers';

/** See the file's head. */
export const wireMutants: readonly Mutant[] = [...headerMutants];

/** What looks odd in the area and is legal. */
export const wireOddities: readonly LegalOddity[] = [];
