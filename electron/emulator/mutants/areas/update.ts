/** Mutants for the rules of the area "update" (UPD). */
import type { LegalOddity, Mutant } from '../mutant';
import { updateEffectMutants, updateEffectOddities } from './update/effects';
import { updateRequestMutants } from './update/requests';

/** See the file's head. */
export const updateMutants: readonly Mutant[] = [...updateRequestMutants, ...updateEffectMutants];

/** What looks odd in the area and is legal. */
export const updateOddities: readonly LegalOddity[] = [...updateEffectOddities];
