/** Mutants for the rules about silly-window avoidance. */
import { hearing } from '../../badTiming';
import type { Mutant, Situation } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { until } from './retransmitting';

/** The remote application stops reading, and more is sent than its window takes: the last of it is small. */
export const stopsReading: QuietStep = [
  1000,
  (scene) => {
    scene.pauseReading();
    scene.send(400_000);
  },
];

/** The remote application stops reading, and the last of its window is small. */
export function smallWindow(...steps: readonly QuietStep[]): Situation {
  return quietConnection([stopsReading, ...steps]);
}

const untilSent = smallWindow(until(8000));

/** See the file's head. */
export const sillyWindowMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-063',
    how: 'The target holds small segments back for a millisecond.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 1 }),
    situation: untilSent,
  },
  {
    breaks: 'TMR-065',
    how: 'The target holds small segments back for a second.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 1000 }),
    situation: untilSent,
  },
  {
    breaks: 'TMR-066',
    how: 'The target begins with half of the time gone.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 100 }),
    situation: untilSent,
  },
];
