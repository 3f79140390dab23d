/** Mutants for the rules of the area "vlan-priority" (VLN). */
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const vlanPriorityMutants: readonly Mutant[] = [];

/** What looks odd in the area and is legal. */
export const vlanPriorityOddities: readonly LegalOddity[] = [];
