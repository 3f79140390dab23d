/** Mutants for rules about frames out of the ordinary: group addresses, IPv4 options, path MTU messages, a SYN in TIME_WAIT. */
import { etherTypeOf, etherTypes } from '../../../wire/ethernet';
import type { Frame } from '../../../wire/frame';
import { finishChecksum, sumWords } from '../../../wire/internetChecksum';
import { tcpFlags } from '../../../wire/tcpSegment';
import {
  copyFrame,
  editSegment,
  internetAt,
  rightChecksums,
  segmentPlaces,
} from '../../../tampering/segmentEdits';
import type { FrameChange, Mutant, Situation } from '../../mutant';

const { ACK, FIN, SYN } = tcpFlags;

/** The group of all hosts, which the host stack enables (RFC 1112 section 6.4). */
const allHosts = [0x01, 0x00, 0x5e, 0x00, 0x00, 0x01] as const;

/** A link on which a run lasts long enough to see what did not happen. */
const slow = { link: { bitsPerSecond: 10_000_000 } } as const;

/** Full segments of the peer are others, once the target has the connection: every tenth, or all. */
function fullSegments(change: (frame: Frame) => readonly Frame[], every = 10): Situation {
  const remote: FrameChange = (frame, tools) => {
    if (frame.payloadLength < 1000 || tools.count() < 40 || tools.count('every') % every !== 0)
      return [frame];
    return change(frame);
  };
  return { fileBytes: 200_000, settings: slow, remote };
}

const optionBytes = 4;

/** The frame with four bytes of IPv4 options that mean nothing (RFC 791 section 3.1: no operation). */
function withOptions(frame: Frame): Frame {
  const places = segmentPlaces(frame);
  if (places?.version !== 4) return frame;
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.copyWithin(places.tcp + optionBytes, places.tcp, frame.length);
  bytes.fill(1, places.tcp, places.tcp + optionBytes);
  bytes[places.ip]! += optionBytes / 4;
  view.setUint16(places.ip + 2, view.getUint16(places.ip + 2) + optionBytes);
  frame.length += optionBytes;
  rightChecksums(frame, segmentPlaces(frame)!);
  return frame;
}

/** The frame without its IPv4 options. */
function withoutOptions(frame: Frame): Frame {
  const copy = copyFrame(frame);
  const places = segmentPlaces(copy);
  if (places?.version !== 4 || (copy.bytes[places.ip]! & 15) === 5) return frame;
  const { bytes } = copy;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = places.tcp - places.ip;
  bytes.copyWithin(places.ip + 20, places.tcp, copy.length);
  bytes[places.ip] = 0x45;
  view.setUint16(places.ip + 2, view.getUint16(places.ip + 2) - (header - 20));
  copy.length -= header - 20;
  rightChecksums(copy, segmentPlaces(copy)!);
  return copy;
}

const icmpLength = 36;

/** ICMP "fragmentation needed" from the sender of a segment, about a datagram that nobody has sent. */
function fragmentationNeeded(segment: Frame): Frame {
  const frame = copyFrame(segment);
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const icmp = internetAt + 20;
  bytes.fill(0, icmp, icmp + icmpLength);
  frame.length = icmp + icmpLength;
  frame.payloadLength = 0;
  frame.connection = undefined;
  view.setUint16(internetAt + 2, 20 + icmpLength);
  bytes[internetAt + 9] = 1;
  view.setUint16(internetAt + 10, 0);
  view.setUint16(internetAt + 10, finishChecksum(sumWords(0, bytes, internetAt, icmp)));
  bytes.set([3, 4], icmp);
  view.setUint16(icmp + 6, 1400);
  bytes[icmp + 8] = 0x45;
  view.setUint16(icmp + 2, finishChecksum(sumWords(0, bytes, icmp, icmp + icmpLength)));
  return frame;
}

function isFragmentationNeeded({ bytes, length }: Frame): boolean {
  return (
    etherTypeOf(bytes, length) === etherTypes.ipv4 &&
    bytes[internetAt + 9] === 1 &&
    bytes[internetAt + 20] === 3 &&
    bytes[internetAt + 21] === 4
  );
}

/** Flags of a segment; 0 for any other frame. */
function flagsOf(frame: Frame): number {
  const places = segmentPlaces(frame);
  return places === undefined ? 0 : frame.bytes[places.tcp + 13]!;
}

const lastFins = new WeakMap<object, Frame>();

/** Virtual ns behind the FIN of the peer at which SYNs come. */
const beginnings = [20_000, 60_000, 120_000, 250_000, 500_000] as const;

/** As soon as both sides have closed, the peer begins anew from the same port; another connection goes on for a while. */
const beginsAnew: Situation = {
  plan: { halfway: 'nothing', connections: 2, connectInterval: 30_000_000 },
  remote: (frame, tools) => {
    if ((flagsOf(frame) & FIN) !== 0 && !lastFins.has(tools.ndis)) lastFins.set(tools.ndis, copyFrame(frame));
    return [frame];
  },
  act: ({ topology: { ndis, peers } }) => {
    const last = lastFins.get(ndis);
    if (last === undefined) return true;
    for (const delay of beginnings)
      peers[0]!.inject(delay, () =>
        editSegment(copyFrame(last), (bytes, { tcp }, view) => {
          bytes[tcp + 13] = SYN;
          view.setUint32(tcp + 4, (view.getUint32(tcp + 4) + 1_000_000) >>> 0);
        }),
      );
    return false;
  },
};

/** See the file's head. */
export const toHostMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-007',
    how: 'The target takes segments to its own address only.',
    entails: {
      'DSC-013': 'All data to the group address is lost, that behind the FIN as well.',
      'TMR-052': 'The segment with PSH is among those that are lost.',
    },
    situation: fullSegments((frame) => {
      frame.bytes.set(allHosts);
      return [frame];
    }, 1),
    received: (frame) => ((frame.bytes[0]! & 1) !== 0 && segmentPlaces(frame) !== undefined ? [] : [frame]),
  },
  {
    breaks: 'WIR-027',
    how: 'The target consumes messages about the path MTU.',
    situation: fullSegments((frame) => [fragmentationNeeded(frame), frame]),
    received: (frame) => (isFragmentationNeeded(frame) ? [] : [frame]),
    entails: { 'WIR-028': 'They are ICMP messages.' },
  },
  {
    breaks: 'WIR-029',
    how: 'The target steps over IPv4 options and processes the segment.',
    entails: {
      'RSS-003':
        'The hash of a datagram with options leads to another processor than that of the connection.',
    },
    situation: fullSegments((frame) => [withOptions(frame)]),
    received: (frame) => [(flagsOf(frame) & ACK) === 0 ? frame : withoutOptions(frame)],
  },
  {
    breaks: 'WIR-036',
    how: 'The target drops a SYN for a connection in TIME_WAIT.',
    entails: {
      'TRM-013': 'Further SYNs come when the connection has gone back, and are dropped as well.',
    },
    situation: beginsAnew,
    received: (frame) => (frame.path === 'peer' && (flagsOf(frame) & (SYN | ACK)) === SYN ? [] : [frame]),
  },
];
