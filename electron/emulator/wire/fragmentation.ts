/** Cuts a datagram into fragments (RFC 791 section 3.2, RFC 8200 section 4.5). */
import { ethernetHeaderLength, etherTypeOf, etherTypes } from './ethernet';
import { finishChecksum, sumWords } from './internetChecksum';
import { ipv4Offset, readIpv4Header } from './ipv4';
import {
  fragmentHeaderLength,
  ipv6HeaderLength,
  ipv6Offset,
  nextHeaders,
  readIpv6Header,
  writeFragmentHeader,
} from './ipv6';

/** Offset of the checksum in an IPv4 header. */
const checksumAt = ipv4Offset + 10;

/**
 * Frames of `mtu` bytes behind the Ethernet header, together the datagram of an untagged frame; the frame itself if it fits or holds
 * no datagram. `identification` names an IPv6 datagram, 32 bits; an IPv4 datagram keeps its own, and loses DF. Options of IPv4 are
 * repeated in each fragment, extension headers of IPv6 as well.
 */
export function fragmentFrame(frame: Uint8Array, mtu: number, identification: number): readonly Uint8Array[] {
  if (frame.length - ethernetHeaderLength <= mtu) return [frame];
  switch (etherTypeOf(frame, frame.length)) {
    case etherTypes.ipv4:
      return fragmentIpv4(frame, mtu);
    case etherTypes.ipv6:
      return fragmentIpv6(frame, mtu, identification);
    default:
      return [frame];
  }
}

/** Ranges of a payload that take `most` bytes at most; all but the last a multiple of eight. */
function pieces(length: number, most: number): readonly (readonly [start: number, end: number])[] {
  const step = Math.max(8, most & ~7);
  const count = Math.ceil(length / step);
  return Array.from({ length: count }, (_, index) => [index * step, Math.min(length, (index + 1) * step)]);
}

function fragmentIpv4(frame: Uint8Array, mtu: number): readonly Uint8Array[] {
  const header = readIpv4Header(frame, frame.length, ipv4Offset);
  if (typeof header === 'string') return [frame];
  const payloadAt = ipv4Offset + header.headerLength;
  const end = ipv4Offset + header.totalLength;
  return pieces(end - payloadAt, mtu - header.headerLength).map(([start, stop]) => {
    const bytes = new Uint8Array(payloadAt + stop - start);
    bytes.set(frame.subarray(0, payloadAt));
    bytes.set(frame.subarray(payloadAt + start, payloadAt + stop), payloadAt);
    const totalLength = bytes.length - ipv4Offset;
    const flags = (payloadAt + stop < end ? 0x2000 : 0) | (start / 8);
    bytes.set([totalLength >>> 8, totalLength & 0xff], ipv4Offset + 2);
    bytes.set([flags >>> 8, flags & 0xff], ipv4Offset + 6);
    bytes.set([0, 0], checksumAt);
    const checksum = finishChecksum(sumWords(0, bytes, ipv4Offset, payloadAt));
    bytes.set([checksum >>> 8, checksum & 0xff], checksumAt);
    return bytes;
  });
}

function fragmentIpv6(frame: Uint8Array, mtu: number, identification: number): readonly Uint8Array[] {
  const header = readIpv6Header(frame, frame.length, ipv6Offset);
  if (typeof header === 'string' || header.fragmentAt !== undefined) return [frame];
  const { upperAt, nextHeaderAt, protocol, upperLength } = header;
  const headLength = upperAt + fragmentHeaderLength;
  return pieces(upperLength, mtu - (headLength - ipv6Offset)).map(([start, stop]) => {
    const bytes = new Uint8Array(headLength + stop - start);
    bytes.set(frame.subarray(0, upperAt));
    bytes.set(frame.subarray(upperAt + start, upperAt + stop), headLength);
    const payloadLength = bytes.length - ipv6Offset - ipv6HeaderLength;
    bytes.set([payloadLength >>> 8, payloadLength & 0xff], ipv6Offset + 4);
    bytes[nextHeaderAt] = nextHeaders.fragment;
    const moreFragments = stop < upperLength;
    writeFragmentHeader(bytes, upperAt, protocol, { offset: start, moreFragments, identification });
    return bytes;
  });
}
