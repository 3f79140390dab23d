/** Mutants for rules about RST and SYN segments of somebody who guesses. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { tcpFlags } from '../../../wire/tcpSegment';
import { advance } from '../../../tcp/sequenceNumber';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { FrameChange, Mutant } from '../../mutant';
import { walkBlocks } from '../../../kit';
import { attacked } from './attacks';

const second = 1_000_000_000;
const { SYN, RST, ACK, PSH } = tcpFlags;

/** A harmless segment that lets time pass. */
const wake = (at: number) => ({ at, flags: ACK }) as const;

/** The target does not see segments with these flags. */
function overlooking(flags: number): FrameChange {
  return (frame) => {
    const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
    return places !== undefined &&
      frame.connection !== undefined &&
      (frame.bytes[places.tcp + 13]! & flags) === flags &&
      isLate(frame.bytes, places.tcp)
      ? []
      : [frame];
  };
}

/** Whether a segment is none of the handshake: it acknowledges nothing, or has data in front. */
function isLate(bytes: Uint8Array, tcp: number): boolean {
  return (bytes[tcp + 13]! & ACK) === 0;
}

/** The target takes segments with these flags for others: sequence numbers moved, flags replaced. */
function misreading(flags: number, offset: number, seen = flags): FrameChange {
  return (frame) => {
    const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
    if (places === undefined || (frame.bytes[places.tcp + 13]! & (SYN | RST | ACK)) !== flags) return [frame];
    return [
      editSegment(copyFrame(frame), (bytes, { tcp }, view) => {
        view.setUint32(tcp + 4, advance(view.getUint32(tcp + 4), offset));
        bytes[tcp + 13] = seen;
      }),
    ];
  };
}

const synAtNext = attacked([{ at: 0, flags: SYN }, wake(second)]);
const synInWindow = attacked([{ at: 0, flags: SYN, offset: 1000 }, wake(second)]);
const rstInWindow = attacked([{ at: 0, flags: RST, offset: 1000 }, wake(second)]);

/** See the file's head. */
export const blindResetMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-037',
    how: 'The target takes a SYN at RcvNxt for one in the window, and challenges it.',
    situation: synAtNext,
    received: misreading(SYN, 50),
  },
  {
    breaks: 'WIR-037',
    how: 'The target hands a connection whose peer has begun anew back as established.',
    entails: {
      'TRM-031': 'It had the connection in CLOSED, and says ESTABLISHED.',
    },
    situation: synAtNext,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (handle, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'tcp' && state.delegated !== undefined)
              state.delegated.State = constantValue('TcpConnectionEstablished');
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'WIR-038',
    how: 'The target ignores a SYN in the window.',
    situation: synInWindow,
    received: overlooking(SYN),
  },
  {
    breaks: 'WIR-039',
    how: 'The target takes SYNs in the window for SYNs outside of it, and challenges each.',
    situation: attacked([
      { at: 0, flags: SYN, offset: 1000 },
      { at: second, flags: SYN, offset: 1000 },
      wake(2 * second),
    ]),
    received: misreading(SYN, -50_000),
  },
  {
    breaks: 'WIR-040',
    how: 'The target ignores a SYN outside the window.',
    situation: attacked([{ at: 0, flags: SYN, offset: -1000 }, wake(second)]),
    received: overlooking(SYN),
  },
  {
    breaks: 'WIR-041',
    how: 'The target aborts for any RST.',
    situation: attacked([{ at: 0, flags: RST, offset: -1000 }, wake(second)]),
    received: misreading(RST, 1000),
  },
  {
    breaks: 'WIR-042',
    how: 'The target takes a RST anywhere in the window for one at RcvNxt.',
    situation: rstInWindow,
    received: misreading(RST, -1000),
  },
  {
    breaks: 'WIR-042',
    how: 'The target ignores a RST in the window.',
    situation: rstInWindow,
    received: overlooking(RST),
  },
  {
    breaks: 'WIR-043',
    how: 'The target answers each RST in the window, as it would answer old segments.',
    situation: attacked([
      { at: 0, flags: RST, offset: 1000 },
      { at: second, flags: RST, offset: 1000 },
      wake(2 * second),
    ]),
    received: misreading(RST, -50_000, ACK),
  },
  {
    breaks: 'WIR-051',
    how: 'The target takes data whatever it acknowledges.',
    situation: attacked(
      [
        {
          at: 0,
          flags: ACK | PSH,
          payload: 100,
          edit: (_bytes, tcp, view) => {
            view.setUint32(tcp + 8, advance(view.getUint32(tcp + 8), 0x1000_0000));
          },
        },
        wake(second),
      ],
      true,
    ),
    received: (frame, tools) => {
      const places =
        frame.path === 'peer' && frame.connection !== undefined ? segmentPlaces(frame) : undefined;
      if (places === undefined) return [frame];
      const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset);
      const last = tools.memory.get('acknowledgment') as number | undefined;
      const number = view.getUint32(places.tcp + 8);
      if (last === undefined || Math.abs((number - last) | 0) < 0x100_0000) {
        tools.memory.set('acknowledgment', number);
        return [frame];
      }
      return [
        editSegment(copyFrame(frame), (_bytes, { tcp }, copied) => {
          copied.setUint32(tcp + 8, last);
        }),
      ];
    },
  },
];
