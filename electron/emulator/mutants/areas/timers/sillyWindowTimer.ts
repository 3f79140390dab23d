/** Mutants for the rules about the SWS timer as its owner records it, and about data that waited for it when it changed hands. */
import type { TimerTamper } from '../../../kit/protocolTimer';
import { hearing } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { uploadAt } from './retransmitting';
import { smallWindow, stopsReading } from './sillyWindow';

const neverStops: TimerTamper = { stops: ({ name }) => name !== 'SWS timer' };

/** The host stack holds a small segment back, and offloads the connection meanwhile. */
const offloadedMeanwhile: readonly QuietStep[] = [
  stopsReading,
  [
    1450,
    (scene) => {
      scene.offload();
    },
  ],
];

/** See the file's head. */
export const sillyWindowTimerMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-064',
    how: 'The SWS timer of the target expires, and what has been held back is held back again.',
    in: 'offload-target',
    timers: { acts: ({ name }) => name !== 'SWS timer' },
    situation: quietConnection([stopsReading, uploadAt(1700)]),
  },
  {
    breaks: 'TMR-067',
    how: 'The SWS timer of the host stack runs on when it offers the connection.',
    in: 'host-stack',
    timers: neverStops,
    situation: quietConnection([...offloadedMeanwhile, uploadAt(1500)], { offloadAt: 'by-script' }),
  },
  {
    breaks: 'TMR-068',
    how: 'The target holds what it has taken over back for a second and a half.',
    in: 'offload-target',
    driver: hearing({ TcpSwsPreventionTicks: 1500 }),
    situation: quietConnection([...offloadedMeanwhile, uploadAt(1900)], { offloadAt: 'by-script' }),
  },
  {
    breaks: 'TMR-069',
    how: 'The SWS timer of the target runs on when the connection has been given back.',
    in: 'offload-target',
    timers: neverStops,
    situation: smallWindow(uploadAt(1500)),
  },
];
