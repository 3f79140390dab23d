/** Mutants for the rules of the area "receive" (RCV). */
import type { LegalOddity, Mutant } from '../mutant';
import { receiveCompletionMutants } from './receive/completions';
import { deliveryMutants } from './receive/delivery';
import { smallRequests } from './receive/hosts';

/** See the file's head. */
export const receiveMutants: readonly Mutant[] = [...receiveCompletionMutants, ...deliveryMutants];

/** What looks odd in the area and is legal. */
export const receiveOddities: readonly LegalOddity[] = [
  {
    shows: 'RCV-005',
    how: 'Thirty connections keep four receives posted each, on four processors.',
    situation: { scenario: 'many-connections', fileBytes: 600_000, plan: smallRequests },
  },
  {
    shows: 'RCV-030',
    how: 'The target completes a chain of filled receives one by one.',
    situation: { plan: smallRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          for (let list: typeof lists | null = lists; list !== null;) {
            const following: typeof lists | null = list.Next;
            list.Next = null;
            next(handle, list);
            list = following;
          }
        },
      },
    },
  },
];
