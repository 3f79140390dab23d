/** Mutants for the rules about the retransmission timer. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { defaultHostSettings } from '../../../host/hostSettings';
import { badTcp, handingUp, hearing, silentEvents, taking, takingBack, updating } from '../../badTiming';
import type { LegalOddity, Mutant, Situation } from '../../mutant';
import { quietConnection, type QuietScene, type QuietStep } from '../../quietConnection';

/** A host stack that tells targets other parameters. */
export function toldParameters(
  parameters: Partial<typeof defaultHostSettings.parameters>,
): Situation['plan'] {
  return {
    host: { parameters: { ...defaultHostSettings.parameters, NceStaleTicks: 10_000_000, ...parameters } },
  };
}

/** Nobody answers from one second on, and data is sent. */
const unanswered: readonly QuietStep[] = [
  [
    1000,
    (scene) => {
      scene.silence();
      scene.send(3000);
    },
  ],
];

/** The host stack takes the connection back at a time, ms. */
export function uploadAt(time: number): QuietStep {
  return [
    time,
    (scene: QuietScene) => {
      scene.upload();
    },
  ];
}

/** Time goes on until then, ms. */
export function until(time: number): QuietStep {
  return [time, () => undefined];
}

const restartFlag = constantValue('TCP_FLAG_MAX_RT_RESTART');

const threeTries = { plan: toldParameters({ TcpMaximumRetransmissions: 3 }) };

function limitedTo(maximumRetransmissionTime: number): QuietStep {
  return [
    200,
    (scene) => {
      scene.connection.setOptions({ maximumRetransmissionTime });
    },
  ];
}

/** Data goes one way only, so that acknowledgments carry none, over a link that loses frames. */
const lossy: Situation = {
  ...quietConnection(
    [
      [
        1000,
        (scene) => {
          scene.echoes = false;
          scene.send(1_000_000);
        },
      ],
      uploadAt(5000),
    ],
    { plan: { host: { tcp: { ...defaultHostSettings.tcp, sack: false } } } },
  ),
  settings: { loss: 0.01 },
};

/** See the file's head. */
export const retransmittingMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-008',
    how: 'The timeout of the target does not grow.',
    target: badTcp({ maximumRetransmissionTimeout: 300_000_000 }),
    situation: quietConnection(unanswered, threeTries),
  },
  {
    breaks: 'TMR-009',
    how: 'The target retransmits five times, although TcpMaximumRetransmissions is 3.',
    in: 'offload-target',
    driver: hearing({ TcpMaximumRetransmissions: 5 }),
    situation: quietConnection(unanswered, threeTries),
  },
  {
    breaks: 'TMR-010',
    how: 'The target retransmits for three times as long as MaxRT says.',
    in: 'offload-target',
    driver: taking({ cached: ({ MaxRT }) => ({ MaxRT: 3 * MaxRT }) }),
    situation: quietConnection([limitedTo(3000), ...unanswered]),
  },
  {
    breaks: 'TMR-011',
    how: 'The target takes a MaxRT of 0xFFFFFFFF for 0 and gives up after TcpMaximumRetransmissions.',
    in: 'offload-target',
    driver: taking({ cached: () => ({ MaxRT: 0 }) }),
    situation: quietConnection([limitedTo(0xffff_ffff), ...unanswered, uploadAt(20_000)], threeTries),
  },
  {
    breaks: 'TMR-013',
    how: 'The target does nothing about TCP_FLAG_MAX_RT_RESTART.',
    in: 'offload-target',
    driver: updating({ cached: ({ Flags }) => ({ Flags: Flags & ~restartFlag }) }),
    situation: quietConnection([
      ...unanswered,
      [
        2500,
        (scene) => {
          scene.connection.setOptions({ maximumRetransmissionTime: 90_000 });
        },
      ],
      [
        2502,
        (scene) => {
          scene.query();
        },
      ],
      uploadAt(2600),
    ]),
  },
  {
    breaks: 'TMR-015',
    how: 'The target gives a connection up without a word.',
    in: 'offload-target',
    driver: silentEvents,
    situation: quietConnection([...unanswered, until(200_000)], threeTries),
  },
  {
    breaks: 'TMR-016',
    how: 'The target does not tell of its doubts about a neighbor.',
    in: 'offload-target',
    driver: hearing({ TcpDoubtReachabilityRetransmissions: 0 }),
    situation: quietConnection([...unanswered, uploadAt(10_000)], {
      plan: toldParameters({ TcpDoubtReachabilityRetransmissions: 2 }),
    }),
  },
  {
    breaks: 'TMR-017',
    how: 'The target waits for six duplicate acknowledgments, although TcpDuplicateAckThreshold is 3.',
    in: 'offload-target',
    driver: hearing({ TcpDuplicateAckThreshold: 6 }),
    situation: lossy,
  },
  {
    breaks: 'TMR-018',
    how: 'The target begins with a fresh timeout of three seconds.',
    in: 'offload-target',
    driver: taking({ delegated: () => ({ RetransmitTimeoutDelta: 3000 }) }),
    situation: quietConnection(
      [
        ...unanswered,
        [
          1150,
          (scene) => {
            scene.offload();
          },
        ],
        uploadAt(6000),
      ],
      { offloadAt: 'by-script' },
    ),
  },
  {
    breaks: 'TMR-019',
    how: 'The target forgets its retransmissions when it hands a connection up.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ RetransmitCount: 0, RetransmitTimeoutDelta: 3000 }) }),
    situation: quietConnection([...unanswered, uploadAt(2600)]),
  },
  {
    breaks: 'TMR-020',
    how: 'The target hands up a TimeoutDelta of 0 for a timer that does not run.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ RetransmitTimeoutDelta: 0 }) }),
    situation: quietConnection([uploadAt(1000)]),
  },
  {
    breaks: 'TMR-021',
    how: 'The host stack waits for a minute where its timer ought to fire at once.',
    in: 'host-stack',
    driver: takingBack({ delegated: () => ({ RetransmitTimeoutDelta: 60_000 }) }),
    situation: quietConnection([...unanswered, until(20_000)], threeTries),
  },
];

/** What looks odd and is legal. */
export const retransmittingOddities: readonly LegalOddity[] = [
  {
    shows: 'TMR-014',
    how: 'A connection with a MaxRT is queried while its segments are retransmitted, and TotalRT goes on.',
    situation: quietConnection([
      limitedTo(60_000),
      ...unanswered,
      [
        2500,
        (scene) => {
          scene.query();
        },
      ],
      uploadAt(2600),
    ]),
  },
];
