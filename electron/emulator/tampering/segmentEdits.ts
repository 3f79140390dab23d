/** Changes frames on their way, with checksums that are right afterwards. */
import { ethernetHeaderLength, etherTypeOf, etherTypes } from '../wire/ethernet';
import { frameCapacity, Frame } from '../wire/frame';
import { finishChecksum, sumWords } from '../wire/internetChecksum';
import { ipProtocols, ipv4Offset } from '../wire/ipv4';
import { ipv6HeaderLength, ipv6Offset } from '../wire/ipv6';

/** Where the headers of a segment stand in its frame. */
export interface SegmentPlaces {
  /** Of the IP header. */
  readonly ip: number;
  readonly version: 4 | 6;
  /** Of the TCP header. */
  readonly tcp: number;
  /** Of the payload. */
  readonly payload: number;
}

/** The places of an untagged or tagged TCP segment without IPv6 extension headers; undefined for any other frame. */
export function segmentPlaces(frame: Frame): SegmentPlaces | undefined {
  const { bytes, length } = frame;
  let etherType: number | undefined = etherTypeOf(bytes, length);
  let shift = 0;
  if (etherType === 0x8100) {
    shift = 4;
    etherType = bytes[16]! * 256 + bytes[17]!;
  }
  if (etherType === etherTypes.ipv4) {
    const ip = ipv4Offset + shift;
    if (bytes[ip + 9] !== ipProtocols.tcp) return undefined;
    const tcp = ip + (bytes[ip]! & 0xf) * 4;
    return { ip, version: 4, tcp, payload: tcp + (bytes[tcp + 12]! >>> 4) * 4 };
  }
  if (etherType === etherTypes.ipv6) {
    const ip = ipv6Offset + shift;
    if (bytes[ip + 6] !== ipProtocols.tcp) return undefined;
    const tcp = ip + ipv6HeaderLength;
    return { ip, version: 6, tcp, payload: tcp + (bytes[tcp + 12]! >>> 4) * 4 };
  }
  return undefined;
}

/** Lets `edit` change the bytes of a segment, and makes both checksums right again. Frames that are no segments stay as they are. */
export function editSegment(
  frame: Frame,
  edit: (bytes: Uint8Array, places: SegmentPlaces, view: DataView) => void,
): Frame {
  const places = segmentPlaces(frame);
  if (places === undefined) return frame;
  const { bytes } = frame;
  edit(bytes, places, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  rightChecksums(frame, places);
  return frame;
}

/** Fills in the checksums of the IPv4 header and of TCP (RFC 9293 section 3.1). */
export function rightChecksums(frame: Frame, { ip, version, tcp }: SegmentPlaces): void {
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = version === 4 ? ip + view.getUint16(ip + 2) : ip + ipv6HeaderLength + view.getUint16(ip + 4);
  if (version === 4) {
    view.setUint16(ip + 10, 0);
    view.setUint16(ip + 10, finishChecksum(sumWords(0, bytes, ip, tcp)));
  }
  view.setUint16(tcp + 16, 0);
  const addresses = version === 4 ? ip + 12 : ip + 8;
  const pseudo =
    sumWords(0, bytes, addresses, addresses + (version === 4 ? 8 : 32)) + ipProtocols.tcp + (end - tcp);
  view.setUint16(tcp + 16, finishChecksum(sumWords(pseudo, bytes, tcp, end)));
  frame.checksum = 'in-frame';
}

/** Another frame with the same bytes, for whoever wants to send more than there was. */
export function copyFrame(frame: Frame): Frame {
  const copy = new Frame(Math.max(frameCapacity, frame.bytes.length));
  copy.bytes.set(frame.bytes.subarray(0, frame.length));
  copy.length = frame.length;
  copy.segmentSize = frame.segmentSize;
  copy.checksum = frame.checksum;
  copy.path = frame.path;
  copy.sender = frame.sender;
  copy.connection = frame.connection;
  copy.payloadLength = frame.payloadLength;
  copy.retransmission = frame.retransmission;
  return copy;
}

/** Bytes in front of the IP header of an untagged frame. */
export const internetAt = ethernetHeaderLength;
