/** What is wrong with a frame that has arrived, as far as its recorded bytes and the bits that flipped on the way tell. */
import type { WireFrame } from '../engine/frame';

/**
 * `header`: the IP header is corrupt, or there is too little for one. `truncated`: a valid IP header, and less data than it says. `segment`: a
 * valid IP header, and a TCP header or checksum that is not. `unclear`: it may be anything.
 */
export type ArrivalFault = 'none' | 'header' | 'truncated' | 'segment' | 'unclear';

/** Bytes of an IPv4 header without options, of an IPv6 header, and of a TCP header without options. */
const ipv4Header = 20;
const ipv6Header = 40;
const tcpHeader = 20;

const tcp = 6;

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

/** Sum of 16-bit words, folded (RFC 1071). */
function sumOf(bytes: Uint8Array, from: number, until: number, start = 0): number {
  let sum = start;
  for (let at = from; at < until; at += 2) sum += bytes[at]! * 256 + (at + 1 < until ? bytes[at + 1]! : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** See the file's head. `flippedBits` are those of the frame's fate: at most so far apart that the Internet checksum shows them. */
export function faultOf(frame: WireFrame, flippedBits: readonly number[] | undefined): ArrivalFault {
  const at = frame.internetAt;
  const { ipVersion } = frame;
  if (ipVersion === undefined) return flippedBits === undefined ? 'none' : 'unclear';
  const before = ipVersion === 4 ? ipv4Fault(frame, at) : ipv6Fault(frame, at);
  if (flippedBits === undefined || before !== 'none') return before;
  const first = Math.floor((flippedBits[0] ?? 0) / 8);
  if (first < at) return 'unclear';
  if (ipVersion === 6 && first < at + ipv6Header) return 'unclear';
  if (ipVersion === 4 && first < at + (frame.record.bytes[at]! & 15) * 4) return 'header';
  const end = at + datagramLength(frame, at);
  if (first >= end) return 'none';
  // A fragment, and what is not TCP, is none of the target's to judge.
  return frame.isSegment && !frame.isFragment ? 'segment' : 'none';
}

function datagramLength(frame: WireFrame, at: number): number {
  const { bytes } = frame.record;
  return frame.ipVersion === 4 ? word(bytes, at + 2) : word(bytes, at + 4) + ipv6Header;
}

function ipv4Fault(frame: WireFrame, at: number): ArrivalFault {
  const { bytes, length } = frame.record;
  if (length < at + ipv4Header) return 'header';
  if (bytes.length < at + ipv4Header) return 'unclear';
  const header = (bytes[at]! & 15) * 4;
  if (bytes[at]! >>> 4 !== 4 || header < ipv4Header || length < at + header) return 'header';
  if (bytes.length < at + header) return 'unclear';
  if (sumOf(bytes, at, at + header) !== 0xffff) return 'header';
  const total = word(bytes, at + 2);
  if (total < header) return 'header';
  if (at + total > length) return 'truncated';
  // An expired time to live is a router's to judge.
  if (bytes[at + 8] === 0) return 'unclear';
  if (bytes[at + 9] !== tcp || frame.isFragment) return 'none';
  return segmentFault(bytes, at + header, at + total, at + 12, 8);
}

function ipv6Fault(frame: WireFrame, at: number): ArrivalFault {
  const { bytes, length } = frame.record;
  if (length < at + ipv6Header) return 'header';
  if (bytes.length < at + ipv6Header) return 'unclear';
  if (bytes[at]! >>> 4 !== 6) return 'header';
  const end = at + datagramLength(frame, at);
  if (end > length) return 'truncated';
  return bytes[at + 6] === tcp ? segmentFault(bytes, at + ipv6Header, end, at + 8, 32) : 'none';
}

/** `addresses`: where the addresses of the IP header begin, and how many bytes they have. */
function segmentFault(
  bytes: Uint8Array,
  from: number,
  end: number,
  addresses: number,
  addressBytes: number,
): ArrivalFault {
  if (end - from < tcpHeader) return 'segment';
  if (bytes.length < from + tcpHeader) return 'unclear';
  const header = (bytes[from + 12]! >>> 4) * 4;
  if (header < tcpHeader || from + header > end) return 'segment';
  if (bytes.length < end) return 'none';
  const pseudo = sumOf(bytes, addresses, addresses + addressBytes, tcp + (end - from));
  // A sum that is left to the other end of the cable is the one over the pseudo-header alone.
  if (word(bytes, from + 16) === pseudo) return 'none';
  return sumOf(bytes, from, end, pseudo) === 0xffff ? 'none' : 'segment';
}
