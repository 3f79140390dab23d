/** Mutants for the rules about probing a closed window. */
import { badTcp, silentEvents, taking } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { toldParameters, until, uploadAt } from './retransmitting';

/** The remote application stops reading after a second, and more is sent than its window takes. */
const closes: readonly QuietStep[] = [
  [
    1000,
    (scene) => {
      scene.pauseReading();
      scene.send(400_000);
    },
  ],
];

const becomesSilent: QuietStep = [
  2000,
  (scene) => {
    scene.silence();
  },
];

/** See the file's head. */
export const persistingMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-023',
    how: 'The first four window probes of the target never leave.',
    frames: (frame, tools) =>
      frame.path === 'chimney' && frame.payloadLength === 1 && tools.count() <= 4 ? [] : [frame],
    entails: { 'TMR-025': 'The wait before the next round is less than twice what seems to be the first.' },
    situation: quietConnection([...closes, uploadAt(20_000)]),
  },
  {
    breaks: 'TMR-024',
    how: 'The gaps between unanswered window probes do not grow.',
    target: badTcp({ maximumRetransmissionTimeout: 300_000_000 }),
    situation: quietConnection([...closes, becomesSilent, uploadAt(8000)]),
  },
  {
    breaks: 'TMR-025',
    how: 'The wait does not grow from round to round.',
    target: badTcp({ maximumRetransmissionTimeout: 300_000_000 }),
    situation: quietConnection([...closes, uploadAt(20_000)]),
  },
  {
    breaks: 'TMR-026',
    how: 'The target sends nothing any more when the window opens again.',
    frames: (frame, tools) => {
      if (frame.path === 'chimney' && frame.payloadLength === 1) tools.memory.set('probed', true);
      return frame.payloadLength > 1 && tools.memory.has('probed') ? [] : [frame];
    },
    situation: quietConnection([
      ...closes,
      [
        3000,
        (scene) => {
          scene.pauseReading(false);
        },
      ],
      uploadAt(5000),
    ]),
  },
  {
    breaks: 'TMR-027',
    how: 'The target gives up probing a window without a word.',
    in: 'offload-target',
    driver: silentEvents,
    situation: quietConnection([...closes, becomesSilent, until(100_000)], {
      plan: toldParameters({ TcpMaximumRetransmissions: 3 }),
    }),
  },
  {
    breaks: 'TMR-028',
    how: 'The target begins probing anew where the host stack had begun.',
    in: 'offload-target',
    driver: taking({ delegated: () => ({ SndWndProbeCount: 0, RetransmitTimeoutDelta: 5000 }) }),
    situation: quietConnection(
      [
        ...closes,
        [
          2500,
          (scene) => {
            scene.offload();
          },
        ],
        uploadAt(20_000),
      ],
      { offloadAt: 'by-script' },
    ),
  },
];
