/** Mutants for the rules of the area "initiate" (INI). */
import type { LegalOddity, Mutant } from '../mutant';
import { answerMutants, answerOddities } from './initiate/answers';
import { openOffloadMutants, openOffloadOddities } from './initiate/openOffload';
import { offeredStateMutants } from './initiate/offeredState';
import { receivedDataMutants } from './initiate/receivedData';
import { sendDataMutants } from './initiate/sendData';

/** See the file's head. */
export const initiateMutants: readonly Mutant[] = [
  ...offeredStateMutants,
  ...answerMutants,
  ...openOffloadMutants,
  ...sendDataMutants,
  ...receivedDataMutants,
];

/** What looks odd in the area and is legal. */
export const initiateOddities: readonly LegalOddity[] = [...answerOddities, ...openOffloadOddities];
