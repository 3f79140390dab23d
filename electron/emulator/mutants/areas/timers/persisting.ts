/** Mutants for the rules about probing a closed window. */
import { copyFrame, editSegment } from '../../../tampering/segmentEdits';
import { badTcp, silentEvents, taking } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { toldParameters, until, uploadAt } from './retransmitting';

/** Offset of the window in a TCP header. */
const windowOffset = 14;

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
    how: 'The target takes the window that it has probed for closed when it opens again.',
    entails: { 'WIR-013': 'The SndWnd that comes back is the window as it was misread.' },
    frames: (frame, tools) => {
      if (frame.path === 'chimney' && frame.payloadLength === 1) tools.memory.set('probed', true);
      return [frame];
    },
    received: (frame, tools) => {
      if (frame.path !== 'peer' || !tools.memory.has('probed')) return [frame];
      const closed = editSegment(copyFrame(frame), (_bytes, { tcp }, view) => {
        view.setUint16(tcp + windowOffset, 0);
      });
      return [closed];
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
