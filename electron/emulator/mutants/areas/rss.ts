/** Mutants for the rules of the area "rss" (RSS). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const rssMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const rssOddities: readonly LegalOddity[] = [];
