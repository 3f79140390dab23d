/** Mutants for the rules of the area "wire" (WIR). */
import { defaultTargetSettings } from '../../target/targetSettings';
import type { LegalOddity, Mutant } from '../mutant';
import { blindResetMutants } from './wire/blindReset';
import { headerMutants } from './wire/headers';
import { mitigationMutants } from './wire/mitigation';
import { segmentMutants } from './wire/segments';
import { specialMutants } from './wire/special';
import { toHostMutants } from './wire/toHost';

/** See the file's head. */
export const wireMutants: readonly Mutant[] = [
  ...headerMutants,
  ...blindResetMutants,
  ...mitigationMutants,
  ...specialMutants,
  ...toHostMutants,
  ...segmentMutants,
];

/** What looks odd in the area and is legal. */
export const wireOddities: readonly LegalOddity[] = [
  {
    shows: 'WIR-052',
    how: 'A target without SACK on a link that loses frames.',
    situation: {
      fileBytes: 200_000,
      settings: { loss: 0.03 },
      plan: { target: { tcp: { ...defaultTargetSettings.tcp, sack: false } } },
    },
  },
];
