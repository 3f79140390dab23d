/** Mutants for the rules about the push timer as its owner records it. */
import type { TimerTamper } from '../../../kit/protocolTimer';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { half, mistaking, posting } from './pushing';
import { until, uploadAt } from './retransmitting';

/** The rest of what was cut off comes: the remote host sends it again. */
const restAt = (time: number): QuietStep => [
  time,
  (scene) => {
    scene.silence(false);
  },
];

/** What came before the offload has not been read, and goes with it; then a receive is posted that has room for more. */
const unread: readonly QuietStep[] = [
  [
    100,
    ({ application }) => {
      Object.assign(application, { reading: 'on-request' });
    },
  ],
  [
    150,
    (scene) => {
      scene.answer(500);
    },
  ],
  [
    1000,
    (scene) => {
      scene.connection.read(16_384, () => undefined);
    },
  ],
];

const neverStops: TimerTamper = { stops: ({ name }) => name !== 'push timer' };

/** See the file's head. */
export const pushTimerMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-049',
    how: 'The target starts its push timer for a nonpush request, which is completed before it expires.',
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 0),
    situation: {
      ...quietConnection([half[1]!, uploadAt(1700)]),
      besides: posting('TcpReceiveNoPush', 1),
    },
  },
  {
    breaks: 'TMR-051',
    how: 'The push timer of the target runs on when a request is completed.',
    in: 'offload-target',
    timers: neverStops,
    situation: quietConnection([...half, restAt(1600), until(5000)]),
  },
  {
    breaks: 'TMR-054',
    how: 'The push timer of the target expires, and nothing follows from it.',
    in: 'offload-target',
    timers: { acts: ({ name }) => name !== 'push timer' },
    situation: quietConnection([...half, uploadAt(3000)]),
  },
  {
    breaks: 'TMR-059',
    how: 'The target starts no push timer for what it has taken over.',
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 1),
    situation: quietConnection([...unread, uploadAt(2000)]),
  },
  {
    breaks: 'TMR-061',
    how: 'The push timer of the target runs on when the connection has been given back.',
    in: 'offload-target',
    timers: neverStops,
    situation: quietConnection([...half, uploadAt(1700)]),
  },
];
