/** Mutants for the rules of the area "reachability" (RCH). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const reachabilityMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const reachabilityOddities: readonly LegalOddity[] = [];
