/** Mutants for the rules about silly-window avoidance. */
import { hearing } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection } from '../../quietConnection';
import { until } from './retransmitting';

/** The remote application stops reading, and the last of its window is small. */
const smallWindow = quietConnection([
  [
    1000,
    (scene) => {
      scene.pauseReading();
      scene.send(400_000);
    },
  ],
  until(8000),
]);

/** See the file's head. */
export const sillyWindowMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-063',
    how: 'The target holds small segments back for a millisecond.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 1 }),
    situation: smallWindow,
  },
  {
    breaks: 'TMR-065',
    how: 'The target holds small segments back for a second.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 1000 }),
    situation: smallWindow,
  },
  {
    breaks: 'TMR-066',
    how: 'The target begins with half of the time gone.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 100 }),
    situation: smallWindow,
  },
];
