/** Mutants for rules about what a target leaves to the host stack, and about urgent data. */
import { etherTypeOf, etherTypes } from '../../../wire/ethernet';
import { fragmentFrame } from '../../../wire/fragmentation';
import type { Frame } from '../../../wire/frame';
import { tcpFlags } from '../../../wire/tcpSegment';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import { attacked } from './attacks';

const { ACK, PSH, URG } = tcpFlags;

/** Another frame with other bytes. */
function withBytes(frame: Frame, bytes: Uint8Array): Frame {
  const copy = copyFrame(frame);
  copy.bytes.set(bytes);
  copy.length = bytes.length;
  return copy;
}

/** The network cuts some of the peer's datagrams, once the target has the connection. */
const fragmenting: Situation = {
  fileBytes: 200_000,
  remote: (frame, tools) => {
    if (frame.payloadLength < 1000 || tools.count() < 40 || tools.count('every') % 10 !== 0) return [frame];
    return fragmentFrame(frame.bytes.slice(0, frame.length), 800, 7).map((bytes) => withBytes(frame, bytes));
  },
};

/** Urgent data, and a segment behind it. */
const urgent = attacked(
  [
    {
      at: 0,
      flags: ACK | PSH | URG,
      payload: 100,
      edit: (_bytes, tcp, view) => {
        view.setUint16(tcp + 18, 100);
      },
    },
    { at: 1e9, flags: ACK },
  ],
  true,
);

const oldUrgent = attacked(
  [
    {
      at: 0,
      flags: ACK | PSH | URG,
      payload: 100,
      offset: -5000,
      edit: (_bytes, tcp, view) => {
        view.setUint16(tcp + 18, 100);
      },
    },
    { at: 1e9, flags: ACK },
  ],
  true,
);

/** The target does not look at URG. */
const overlookUrgent: Mutant['received'] = (frame) => {
  const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
  if (places === undefined || (frame.bytes[places.tcp + 13]! & URG) === 0) return [frame];
  return [
    editSegment(copyFrame(frame), (bytes, { tcp }) => {
      bytes[tcp + 13]! &= ~URG;
    }),
  ];
};

/** See the file's head. */
export const specialMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-028',
    how: 'The target consumes ARP messages.',
    received: (frame) => (etherTypeOf(frame.bytes, frame.length) === etherTypes.arp ? [] : [frame]),
  },
  {
    breaks: 'WIR-030',
    how: 'The target drops fragments.',
    situation: fragmenting,
    received: (frame) => {
      const isFragment =
        etherTypeOf(frame.bytes, frame.length) === etherTypes.ipv4 &&
        ((frame.bytes[20]! & 0x3f) | frame.bytes[21]!) !== 0;
      return isFragment ? [] : [frame];
    },
  },
  {
    breaks: 'WIR-031',
    how: 'The target asks for the upload as soon as it sees URG.',
    entails: {
      'EVT-027': 'The upload names urgent data, and none that is valid has come.',
    },
    situation: oldUrgent,
    received: (frame) => {
      const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
      if (places === undefined || (frame.bytes[places.tcp + 13]! & URG) === 0) return [frame];
      return [
        editSegment(copyFrame(frame), (_bytes, { tcp }, view) => {
          view.setUint32(tcp + 4, view.getUint32(tcp + 4) + 5000);
        }),
      ];
    },
  },
  {
    breaks: 'WIR-032',
    how: 'The target does not look at URG.',
    situation: urgent,
    entails: { 'WIR-033': 'So it acknowledges urgent data like any other.' },
    received: overlookUrgent,
  },
  {
    breaks: 'WIR-033',
    how: 'The target takes urgent data for ordinary data and acknowledges it.',
    situation: urgent,
    entails: { 'WIR-032': 'It does not ask for the upload either.' },
    received: overlookUrgent,
  },
  {
    breaks: 'WIR-035',
    how: 'The target drops the urgent segment at the terminate instead of indicating it.',
    situation: urgent,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMIndicateReceiveNetBufferLists: (next, tools) => (handle, lists, connection) => {
          if (tools.memory.get('terminating') !== true) next(handle, lists, connection);
        },
      },
      handlers: {
        TerminateOffloadHandler: (next, tools) => (context, root) => {
          tools.memory.set('terminating', true);
          next(context, root);
        },
      },
    },
  },
];
