/** Mutants for the rules of the area "indicate" (IND). */
import type { NET_BUFFER_LIST } from '../../ndis/netBufferList';
import type { LegalOddity, Mutant } from '../mutant';
import { indicationMutants } from './indicate/indications';
import { returnMutants } from './indicate/returns';

/** See the file's head. */
export const indicateMutants: readonly Mutant[] = [...indicationMutants, ...returnMutants];

/** What looks odd in the area and is legal. */
export const indicateOddities: readonly LegalOddity[] = [
  {
    shows: 'IND-005',
    how: 'The application asks for 8,192 bytes at a time in the middle of a transfer; indications have any size.',
    situation: { scenario: 'update-everything', fileBytes: 600_000, plan: { host: { postedReceives: 0 } } },
  },
  {
    shows: 'IND-025',
    how: 'The host stack returns lists of many connections with one call.',
    situation: {
      scenario: 'many-connections',
      fileBytes: 600_000,
      plan: { host: { postedReceives: 0 } },
      besides: {
        in: 'host-stack',
        driver: {
          functions: {
            NdisOffloadTcpReceiveReturn: (next, tools) => {
              let head: NET_BUFFER_LIST | undefined;
              return (binding, lists) => {
                let last = lists;
                while (last.Next !== null) last = last.Next;
                last.Next = head ?? null;
                const isFirst = head === undefined;
                head = lists;
                if (!isFirst) return;
                tools.later(500_000, () => {
                  const all = head;
                  head = undefined;
                  if (all !== undefined) next(binding, all);
                });
              };
            },
          },
        },
      },
    },
  },
];
