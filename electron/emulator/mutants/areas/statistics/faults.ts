/** Mutants for rules about datagrams and segments with faults. */
import type { Frame } from '../../../wire/frame';
import { finishChecksum, sumWords } from '../../../wire/internetChecksum';
import { editSegment, internetAt, segmentPlaces } from '../../../tampering/segmentEdits';
import type { FrameChange, Mutant } from '../../mutant';
import { answeringWith, injecting, note } from './asking';

/** The IP header's checksum is wrong. */
function spoilChecksum({ bytes }: Frame, { ip }: { readonly ip: number }): void {
  bytes[ip + 10]! ^= 0x40;
}

/** The TCP header says that it is shorter than any is. */
function spoilSegment({ bytes }: Frame, { tcp }: { readonly tcp: number }): void {
  bytes[tcp + 12] = 0x30;
}

function isSpoilt({ bytes }: Frame): boolean {
  return bytes[internetAt + 9] === 6 && bytes[internetAt + 20 + 12] === 0x30;
}

/** Bytes of the datagram, as its header says. */
function saidLength({ bytes }: Frame): number {
  return bytes[internetAt + 2]! * 256 + bytes[internetAt + 3]!;
}

/** Another length in an IPv4 header, whose checksum is right all the same. */
function sayLength({ bytes }: Frame, length: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(internetAt + 2, length);
  view.setUint16(internetAt + 10, 0);
  view.setUint16(internetAt + 10, finishChecksum(sumWords(0, bytes, internetAt, internetAt + 20)));
}

/** The last byte of the destination address. */
const destinationEnd = internetAt + 19;

/** The adapter notes frames of a kind that have arrived, and loses them or doesn't. */
function noting(isMeant: (frame: Frame) => boolean, loses = false): FrameChange {
  return (frame, tools) => {
    if (!isMeant(frame)) return [frame];
    note(tools, 'arrived');
    return loses ? [] : [frame];
  };
}

/** See the file's head. */
export const faultMutants: readonly Mutant[] = [
  {
    breaks: 'STT-012',
    how: 'The target counts datagrams for somebody else in InHeaderErrors.',
    situation: injecting((frame) => {
      editSegment(frame, (bytes, { ip }) => {
        bytes[ip + 19]! ^= 0x80;
      });
      frame.connection = undefined;
    }),
    in: 'offload-target',
    received: noting(({ bytes }) => bytes[internetAt + 9] === 6 && (bytes[destinationEnd]! & 0x80) !== 0),
    driver: answeringWith('ip4', 'InHeaderErrors', ({ tools }) => note(tools, 'arrived', 0)),
    entails: { 'STT-010': 'What it counts as an error it has not counted as received.' },
  },
  {
    breaks: 'STT-013',
    how: 'The target counts datagrams that are too short for a header in InTruncatedPackets.',
    situation: injecting((frame) => {
      sayLength(frame, 10);
    }),
    in: 'offload-target',
    received: noting((frame) => saidLength(frame) === 10),
    driver: answeringWith('ip4', 'InTruncatedPackets', ({ tools }) => note(tools, 'arrived', 0)),
  },
  {
    breaks: 'STT-013',
    how: 'The target drops frames with too little data, and counts nothing.',
    situation: injecting((frame) => {
      sayLength(frame, 3000);
    }),
    received: (frame) => (saidLength(frame) === 3000 ? [] : [frame]),
  },
  {
    breaks: 'STT-014',
    how: 'The target counts datagrams with a corrupt IP header in InDiscards.',
    situation: injecting(spoilChecksum),
    in: 'offload-target',
    received: noting(hasWrongChecksum),
    driver: answeringWith('ip4', 'InDiscards', ({ tools }) => note(tools, 'arrived', 0)),
    entails: { 'STT-010': 'What it counts as an error it has not counted as received.' },
  },
  {
    breaks: 'STT-016',
    how: 'The target passes datagrams with a corrupt IP header up and counts them.',
    situation: injecting(spoilChecksum),
    in: 'offload-target',
    received: noting(hasWrongChecksum),
    driver: answeringWith('ip4', 'InHeaderErrors', ({ tools }) => note(tools, 'arrived', 0)),
    entails: { 'STT-010': 'What it counts as an error it has not counted as received.' },
  },
  {
    breaks: 'STT-017',
    how: 'The target drops segments with a corrupt TCP header and does not count them.',
    situation: injecting(spoilSegment),
    received: noting(isSpoilt, true),
  },
  {
    breaks: 'STT-018',
    how: 'The target drops and counts segments with a corrupt TCP header though it has no path.',
    situation: injecting(spoilSegment, 'InHost'),
    in: 'offload-target',
    received: noting(isSpoilt, true),
    driver: answeringWith('tcp4', 'InErrors', ({ tools }) => note(tools, 'arrived', 0)),
    entails: {
      'STT-005': 'Nothing is offloaded, and InErrors grows.',
      'STT-019': 'What it counts in InErrors it has not counted in InSegments.',
    },
  },
];

/** Whether the checksum of an IPv4 header is wrong. */
function hasWrongChecksum(frame: Frame): boolean {
  const places = segmentPlaces(frame);
  if (places?.version !== 4) return false;
  let sum = 0;
  for (let at = places.ip; at < places.tcp; at += 2) sum += frame.bytes[at]! * 256 + frame.bytes[at + 1]!;
  return sum % 0xffff !== 0;
}
