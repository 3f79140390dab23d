/** Mutants for the rules of the area "send". */
import type { NET_BUFFER_LIST } from '../../ndis/netBufferList';
import { linkChain } from '../../ndis/netBufferList';
import type { LegalOddity, Mutant } from '../mutant';
import { sendCompletionMutants } from './send/completions';
import { sendRequestMutants } from './send/requests';
import { sendWireMutants } from './send/wire';

/** See the file's head. */
export const sendMutants: readonly Mutant[] = [
  ...sendRequestMutants,
  ...sendCompletionMutants,
  ...sendWireMutants,
];

/** What looks odd in the area and is legal. */
export const sendOddities: readonly LegalOddity[] = [
  {
    shows: 'SND-005',
    how: 'Thirty connections post sends without waiting for completions, on four processors.',
    situation: { scenario: 'many-connections', fileBytes: 600_000 },
  },
  {
    shows: 'SND-031',
    how: 'The target completes three sends, each of another post, with one call.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => {
          const held: NET_BUFFER_LIST[] = [];
          return (handle, lists) => {
            held.push(lists);
            if (held.length < 3 && lists.Next === null && lists.FirstNetBuffer.DataOffset === 4096) return;
            const chain = linkChain(held.splice(0).flatMap((first) => chainOf(first)));
            if (chain !== null) next(handle, chain);
          };
        },
      },
    },
  },
];

function chainOf(first: NET_BUFFER_LIST): NET_BUFFER_LIST[] {
  const lists: NET_BUFFER_LIST[] = [];
  for (let list: NET_BUFFER_LIST | null = first; list !== null; list = list.Next) lists.push(list);
  return lists;
}
