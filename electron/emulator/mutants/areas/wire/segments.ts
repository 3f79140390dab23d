/** Mutants for rules about what a target makes of segments that arrive, and about its states and windows. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { walkBlocks } from '../../../kit';
import type { TCP_OFFLOAD_STATE_CONST, TCP_OFFLOAD_STATE_DELEGATED } from '../../../ndis/offloadState';
import { advance } from '../../../tcp/sequenceNumber';
import { defaultTcpSettings } from '../../../tcp/tcpSettings';
import { defaultTargetSettings } from '../../../target/targetSettings';
import { tcpFlags } from '../../../wire/tcpSegment';
import type { BadDriver } from '../../badDriver';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import { attacked } from './attacks';

/** A link that loses a frame now and then. */
const lossy: Situation = { fileBytes: 400_000, settings: { loss: 0.03 } };

/** Offset of an option in a segment; -1 where there is none. */
export function optionAt(bytes: Uint8Array, tcp: number, kind: number): number {
  for (
    let at = tcp + 20;
    at < tcp + (bytes[tcp + 12]! >>> 4) * 4;
    at += bytes[at] === 1 ? 1 : Math.max(2, bytes[at + 1]!)
  )
    if (bytes[at] === kind) return at;
  return -1;
}

/** The target reads something else in the connections that it is offered. */
function misreadingOffers(
  change: (constant: TCP_OFFLOAD_STATE_CONST, delegated: TCP_OFFLOAD_STATE_DELEGATED) => void,
): BadDriver {
  return {
    handlers: {
      InitiateOffloadHandler: (next) => (context, root) => {
        walkBlocks(root, ({ state }) => {
          if (state?.layer === 'tcp') change(state.const!, state.delegated!);
        });
        next(context, root);
      },
    },
  };
}

/** The target hands back other delegated variables. */
function misreporting(change: (delegated: TCP_OFFLOAD_STATE_DELEGATED) => void): BadDriver {
  return {
    functions: {
      NdisMTerminateOffloadComplete: (next) => (handle, root) => {
        walkBlocks(root, ({ state }) => {
          if (state?.layer === 'tcp' && state.delegated !== undefined) change(state.delegated);
        });
        next(handle, root);
      },
    },
  };
}

/** The host's window closes: nobody reads. */
const nobodyReads: Situation = {
  fileBytes: 200_000,
  plan: {
    halfway: 'nothing',
    host: { tcp: { ...defaultTcpSettings, clockOffset: 91_350, receiveBuffer: 16_384 } },
  },
  act: ({ streams }) => {
    const [stream] = streams;
    if (stream?.connection?.place !== 'Offloaded') return true;
    stream.application.receives = { posted: 0, bytes: 65_536, postDelay: 20_000_000_000, consume: () => 0 };
    return false;
  },
};

/** See the file's head. */
export const segmentMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-014',
    how: 'The target sends SACK blocks on a connection without TCP_FLAG_SACK_ENABLED.',
    entails: {
      'TMR-017': 'Duplicate acknowledgments count only with news in their blocks, and the peer sends none.',
    },
    situation: {
      ...lossy,
      plan: { host: { tcp: { ...defaultTcpSettings, clockOffset: 91_350, sack: false } } },
    },
    in: 'offload-target',
    driver: misreadingOffers((constant) => {
      Object.assign(constant, { Flags: constant.Flags | constantValue('TCP_FLAG_SACK_ENABLED') });
    }),
  },
  {
    breaks: 'WIR-015',
    how: 'The target reports SupportSack and makes no SACK blocks.',
    situation: lossy,
    entails: { 'WIR-014': 'The connection has TCP_FLAG_SACK_ENABLED.' },
    frames: (frame) => [
      frame.path !== 'chimney'
        ? frame
        : editSegment(frame, (bytes, { tcp }) => {
            const at = optionAt(bytes, tcp, 5);
            if (at >= 0) bytes.fill(1, at, at + bytes[at + 1]!);
          }),
    ],
  },
  {
    breaks: 'WIR-016',
    how: 'The target without SACK drops segments that have the option.',
    situation: {
      fileBytes: 400_000,
      settings: { loss: 0.08 },
      plan: { target: { tcp: { ...defaultTargetSettings.tcp, sack: false } } },
    },
    received: (frame, tools) => {
      const places =
        frame.path === 'peer' && frame.connection !== undefined ? segmentPlaces(frame) : undefined;
      // Until then the host stack has the connection.
      if (tools.count() < 200) return [frame];
      return places !== undefined && optionAt(frame.bytes, places.tcp, 5) >= 0 ? [] : [frame];
    },
  },
  {
    breaks: 'WIR-024',
    how: 'The target drops what comes behind a gap.',
    situation: lossy,
    received: (frame, { memory }) => {
      const places = frame.path === 'peer' && frame.payloadLength > 0 ? segmentPlaces(frame) : undefined;
      if (places === undefined) return [frame];
      const sequence = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint32(places.tcp + 4);
      const next = memory.get('next') as number | undefined;
      if (next !== undefined && ((sequence - next) | 0) > 0) return [];
      if (next === undefined || ((sequence + frame.payloadLength - next) | 0) > 0)
        memory.set('next', advance(sequence, frame.payloadLength));
      return [frame];
    },
  },
  {
    breaks: 'WIR-025',
    how: 'The target takes data with a timestamp of ten seconds ago.',
    entails: {
      'TMS-013': 'It echoes the timestamp that it takes the old one for.',
    },
    situation: attacked(
      [
        {
          at: 0,
          flags: tcpFlags.ACK | tcpFlags.PSH,
          payload: 100,
          edit: (bytes, tcp, view) => {
            const at = optionAt(bytes, tcp, 8) + 2;
            view.setUint32(at, advance(view.getUint32(at), -10_000));
          },
        },
        { at: 1e9, flags: tcpFlags.ACK },
      ],
      true,
    ),
    received: (frame) => {
      const places = frame.path === 'peer' && frame.payloadLength === 100 ? segmentPlaces(frame) : undefined;
      if (places === undefined) return [frame];
      return [
        editSegment(copyFrame(frame), (bytes, { tcp }, view) => {
          const at = optionAt(bytes, tcp, 8) + 2;
          view.setUint32(at, advance(view.getUint32(at), 20_000));
        }),
      ];
    },
  },
  {
    breaks: 'WIR-026',
    how: 'The target does not answer probes of its closed window.',
    situation: nobodyReads,
    received: (frame) => (frame.path === 'peer' && frame.payloadLength === 1 ? [] : [frame]),
  },
  {
    breaks: 'WIR-002',
    how: 'The target hands back every connection as established.',
    entails: {
      'TRM-031': 'It had the connection in another state.',
      'TMR-020': 'The timer of TIME_WAIT comes back with a state that has none.',
    },
    in: 'offload-target',
    driver: misreporting((delegated) => {
      delegated.State = constantValue('TcpConnectionEstablished');
    }),
  },
  {
    breaks: 'WIR-013',
    how: 'The target does not scale the windows that it offers.',
    in: 'offload-target',
    driver: misreadingOffers((constant) => {
      Object.assign(constant, { RcvWindScale: 0 });
    }),
  },
  {
    breaks: 'WIR-022',
    how: 'The target sends as much as the peer takes, whatever CWnd was handed over.',
    situation: { fileBytes: 1_000_000, settings: { link: { delay: 10_000_000 } } },
    in: 'offload-target',
    driver: misreadingOffers((_constant, delegated) => {
      delegated.CWnd = 1_000_000;
    }),
  },
];
