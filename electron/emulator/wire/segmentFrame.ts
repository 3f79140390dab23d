/** A TCP segment as a whole frame: Ethernet, IPv4 or IPv6, TCP, payload. */
import type { SendQueue } from '../tcp/sendQueue';
import { ipAddressLengths, isIpv6, type IpAddress, type MacAddress } from './address';
import { ethernetHeaderLength, etherTypeOf, etherTypes, writeEthernetHeader } from './ethernet';
import type { Frame, FrameChecksum } from './frame';
import { finishChecksum, sumPseudoHeader, sumWords } from './internetChecksum';
import {
  ipProtocols,
  ipv4HeaderLength,
  ipv4Offset,
  readIpv4Header,
  writeIpv4Header,
  type Ipv4Fields,
  type Ipv4Problem,
} from './ipv4';
import {
  ipv6HeaderLength,
  ipv6Offset,
  readFragmentHeader,
  readIpv6Header,
  writeIpv6Header,
  type Ipv6Problem,
} from './ipv6';
import {
  headerLengthOf,
  readTcpSegment,
  tcpHeaderLength,
  writeTcpSegment,
  type TcpProblem,
  type TcpSegment,
} from './tcpSegment';

/** What a sender puts around its segments. */
export interface SegmentAddressing {
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  /** Both of one IP version, which is the datagram's. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL, or hop limit of IPv6. */
  readonly timeToLive: number;
  /** TOS, or traffic class of IPv6. */
  readonly typeOfService: number;
  /** 20 bits; IPv4 has none, and 0 stands where it is absent. */
  readonly flowLabel?: number;
}

/** Fields of the header that is being written: there is one for every frame. */
const ipv4Fields: { -readonly [Field in keyof Ipv4Fields]: Ipv4Fields[Field] } = {
  source: new Uint8Array(ipAddressLengths.ipv4),
  destination: new Uint8Array(ipAddressLengths.ipv4),
  protocol: ipProtocols.tcp,
  identification: 0,
  timeToLive: 0,
  typeOfService: 0,
  payloadLength: 0,
};

/**
 * Fills `frame` with a segment whose payload is taken from `queue` at `offset`; sets its lengths. `identification` goes into an IPv4
 * header; an IPv6 datagram has none unless it is a fragment (WIR-020). Where the frame says that its checksum is `partial`, it is.
 */
export function fillSegmentFrame(
  frame: Frame,
  addressing: SegmentAddressing,
  identification: number,
  segment: TcpSegment,
  queue: SendQueue,
  offset: number,
): void {
  const { bytes } = frame;
  const overIpv6 = isIpv6(addressing.source);
  const tcpAt = ethernetHeaderLength + (overIpv6 ? ipv6HeaderLength : ipv4HeaderLength);
  const headerLength = headerLengthOf(segment);
  if (segment.payloadLength > 0) queue.copyOut(offset, segment.payloadLength, bytes, tcpAt + headerLength);
  const { source, destination } = addressing;
  const checksum = frame.checksum === 'partial' ? 'partial' : 'in-frame';
  const tcpLength = writeTcpSegment(bytes, tcpAt, segment, source, destination, checksum);
  frame.length = tcpAt + tcpLength;
  frame.payloadLength = segment.payloadLength;
  if (overIpv6) {
    writeIpv6Header(bytes, ipv6Offset, {
      source: addressing.source,
      destination: addressing.destination,
      nextHeader: ipProtocols.tcp,
      hopLimit: addressing.timeToLive,
      trafficClass: addressing.typeOfService,
      flowLabel: addressing.flowLabel ?? 0,
      payloadLength: tcpLength,
    });
    writeEthernetHeader(bytes, addressing.destinationMac, addressing.sourceMac, etherTypes.ipv6);
    return;
  }
  ipv4Fields.source = source;
  ipv4Fields.destination = destination;
  ipv4Fields.identification = identification;
  ipv4Fields.timeToLive = addressing.timeToLive;
  ipv4Fields.typeOfService = addressing.typeOfService;
  ipv4Fields.payloadLength = tcpLength;
  writeIpv4Header(bytes, ipv4Offset, ipv4Fields);
  writeEthernetHeader(bytes, addressing.destinationMac, addressing.sourceMac, etherTypes.ipv4);
}

/** Where a TCP header has its checksum. */
const checksumOffset = 16;

/**
 * Leaves the TCP checksum of an IPv4 frame of {@link fillSegmentFrame} to the adapter: its field holds the folded sum over the
 * pseudo-header, as NDIS wants it for the checksum task.
 */
export function leaveTcpChecksum(frame: Frame, source: IpAddress, destination: IpAddress): void {
  const tcpAt = ipv4Offset + ipv4HeaderLength;
  const total = sumPseudoHeader(source, destination, ipProtocols.tcp, frame.length - tcpAt);
  const folded = ~finishChecksum(total) & 0xffff;
  frame.bytes[tcpAt + checksumOffset] = folded >>> 8;
  frame.bytes[tcpAt + checksumOffset + 1] = folded & 0xff;
}

/** Fills in the TCP checksum of a frame whose checksum is `partial`; any other stays as it is. */
export function completeTcpChecksum(frame: Frame): void {
  if (frame.checksum !== 'partial') return;
  frame.checksum = 'in-frame';
  const { bytes, length } = frame;
  const tcpAt = tcpOffsetOf(bytes, length);
  if (tcpAt === undefined || tcpAt + tcpHeaderLength > length) return;
  const checksum = finishChecksum(sumWords(0, bytes, tcpAt, length));
  bytes[tcpAt + checksumOffset] = checksum >>> 8;
  bytes[tcpAt + checksumOffset + 1] = checksum & 0xff;
}

/** Where the TCP header of an untagged frame without extension headers begins. */
function tcpOffsetOf(bytes: Uint8Array, length: number): number | undefined {
  const etherType = etherTypeOf(bytes, length);
  if (etherType === etherTypes.ipv6) return ipv6Offset + ipv6HeaderLength;
  return etherType === etherTypes.ipv4 ? ipv4Offset + (bytes[ipv4Offset]! & 0xf) * 4 : undefined;
}

/** Where a frame's TCP segment comes from and goes to. */
export interface ReceivedSegment {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Where the TCP header begins, and the length of header and payload. */
  readonly tcpAt: number;
  readonly tcpLength: number;
}

/** Why a frame holds no segment that TCP could take. */
export type SegmentProblem = Ipv4Problem | Ipv6Problem | TcpProblem | 'not-tcp' | 'fragment' | 'options';

/** Addresses and ports of a fragmented datagram's first fragment. */
export type FirstFragment = Pick<ReceivedSegment, 'source' | 'destination'> &
  Pick<TcpSegment, 'sourcePort' | 'destinationPort'>;

/** Addresses and ports of a fragmented datagram's first fragment; undefined for any other frame. */
export function readFirstFragment(bytes: Uint8Array, length: number): FirstFragment | undefined {
  if (etherTypeOf(bytes, length) === etherTypes.ipv6) return readFirstIpv6Fragment(bytes, length);
  const header = readIpv4Header(bytes, length, ipv4Offset);
  if (typeof header === 'string' || header.protocol !== ipProtocols.tcp || !header.isFragment)
    return undefined;
  const isFirst = ((bytes[ipv4Offset + 6]! & 0x1f) << 8) + bytes[ipv4Offset + 7]! === 0;
  const tcpAt = ipv4Offset + header.headerLength;
  if (!isFirst || header.totalLength < header.headerLength + 4) return undefined;
  return {
    source: bytes.subarray(ipv4Offset + 12, ipv4Offset + 16),
    destination: bytes.subarray(ipv4Offset + 16, ipv4Offset + 20),
    ...portsAt(bytes, tcpAt),
  };
}

function readFirstIpv6Fragment(bytes: Uint8Array, length: number): FirstFragment | undefined {
  const header = readIpv6Header(bytes, length, ipv6Offset);
  if (typeof header === 'string' || header.fragmentAt === undefined) return undefined;
  if (header.protocol !== ipProtocols.tcp || header.upperLength < 4) return undefined;
  if (readFragmentHeader(bytes, header.fragmentAt).offset !== 0) return undefined;
  return { ...ipv6Addresses(bytes), ...portsAt(bytes, header.upperAt) };
}

function portsAt(bytes: Uint8Array, at: number): Pick<TcpSegment, 'sourcePort' | 'destinationPort'> {
  return {
    sourcePort: (bytes[at]! << 8) | bytes[at + 1]!,
    destinationPort: (bytes[at + 2]! << 8) | bytes[at + 3]!,
  };
}

function ipv6Addresses(bytes: Uint8Array): Pick<ReceivedSegment, 'source' | 'destination'> {
  return {
    source: bytes.subarray(ipv6Offset + 8, ipv6Offset + 24),
    destination: bytes.subarray(ipv6Offset + 24, ipv6Offset + 40),
  };
}

/** Whether an untagged frame carries a TCP segment in an IPv4 packet that is not fragmented. Nothing else is looked at. */
export function carriesSegment(bytes: Uint8Array, length: number): boolean {
  if (length < ipv4Offset + ipv4HeaderLength || etherTypeOf(bytes, length) !== etherTypes.ipv4) return false;
  const isFragment = ((bytes[ipv4Offset + 6]! & 0x3f) | bytes[ipv4Offset + 7]!) !== 0;
  return !isFragment && bytes[ipv4Offset + 9] === ipProtocols.tcp;
}

/** Whether a frame carries a datagram of either IP version. */
export function carriesInternet(bytes: Uint8Array, length: number): boolean {
  const etherType = etherTypeOf(bytes, length);
  return etherType === etherTypes.ipv4 || etherType === etherTypes.ipv6;
}

/**
 * Checks an IPv4 or IPv6 frame of `length` bytes and decodes its segment; answers what is wrong otherwise. A TCP checksum that is not
 * `in-frame` is not looked at. Options of IPv4 and extension headers of IPv6 are something wrong unless they are to be skipped. The
 * answer holds until the next frame is read into the same segment.
 */
export function readSegmentFrame(
  segment: TcpSegment,
  bytes: Uint8Array,
  length: number,
  checksum: FrameChecksum = 'in-frame',
  options: 'refuse' | 'skip' = 'refuse',
): ReceivedSegment | SegmentProblem {
  if (etherTypeOf(bytes, length) === etherTypes.ipv6)
    return readIpv6SegmentFrame(segment, bytes, length, checksum, options);
  const header = readIpv4Header(bytes, length, ipv4Offset);
  if (typeof header === 'string') return header;
  if (header.protocol !== ipProtocols.tcp) return 'not-tcp';
  if (header.isFragment) return 'fragment';
  const { origin } = segment;
  const { source, destination } = origin;
  for (let index = 0; index < ipAddressLengths.ipv4; index++) {
    source[index] = bytes[ipv4Offset + 12 + index]!;
    destination[index] = bytes[ipv4Offset + 16 + index]!;
  }
  origin.tcpAt = ipv4Offset + header.headerLength;
  origin.tcpLength = header.totalLength - header.headerLength;
  const { tcpAt, tcpLength } = origin;
  const problem = readTcpSegment(segment, bytes, tcpAt, tcpLength, source, destination, checksum);
  if (problem !== undefined) return problem;
  return header.hasOptions && options === 'refuse' ? 'options' : origin;
}

function readIpv6SegmentFrame(
  segment: TcpSegment,
  bytes: Uint8Array,
  length: number,
  checksum: FrameChecksum,
  options: 'refuse' | 'skip',
): ReceivedSegment | SegmentProblem {
  const header = readIpv6Header(bytes, length, ipv6Offset);
  if (typeof header === 'string') return header;
  if (header.fragmentAt !== undefined) return 'fragment';
  if (header.protocol !== ipProtocols.tcp) return 'not-tcp';
  const { source, destination } = ipv6Addresses(bytes);
  const { upperAt, upperLength } = header;
  const problem = readTcpSegment(segment, bytes, upperAt, upperLength, source, destination, checksum);
  if (problem !== undefined) return problem;
  return header.hasExtensions && options === 'refuse'
    ? 'options'
    : { source, destination, tcpAt: upperAt, tcpLength: upperLength };
}
