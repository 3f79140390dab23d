/** Mutants for the rules of the area "tree" (TRE). */
import type { LegalOddity, Mutant } from '../mutant';
import { blocksOf } from '../treeTools';
import { shapeMutants } from './tree/shape';
import { travelMutants } from './tree/travel';
import { typeMutants } from './tree/types';

/** See the file's head. */
export const treeMutants: readonly Mutant[] = [...typeMutants, ...shapeMutants, ...travelMutants];

/** What looks odd in the area and is legal. */
export const treeOddities: readonly LegalOddity[] = [
  {
    shows: 'TRE-016',
    how: 'Placeholders have a type that does not exist.',
    situation: { scenario: 'many-connections', fileBytes: 200_000 },
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, root) => {
          for (const block of blocksOf(root)) if (block.OffloadHandle === null) block.type = 99;
          next(binding, root);
        },
      },
    },
  },
  {
    shows: 'TRE-039',
    how: 'The target completes queries at PASSIVE_LEVEL.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next, tools) => (handle, root) => {
          tools.laterPassive(1000, () => {
            next(handle, root);
          });
        },
      },
    },
  },
];
