/** A TCP segment as a whole frame: Ethernet, IPv4, TCP, payload. */
import type { SendQueue } from '../tcp/sendQueue';
import type { Ipv4Address, MacAddress } from './address';
import { ethernetHeaderLength, etherTypes, writeEthernetHeader } from './ethernet';
import type { Frame } from './frame';
import { finishChecksum, sumPseudoHeader } from './internetChecksum';
import {
  ipProtocols,
  ipv4HeaderLength,
  ipv4Offset,
  readIpv4Header,
  writeIpv4Header,
  type Ipv4Problem,
} from './ipv4';
import {
  headerLengthOf,
  readTcpSegment,
  writeTcpSegment,
  type TcpProblem,
  type TcpSegment,
} from './tcpSegment';

/** What a sender puts around its segments. */
export interface SegmentAddressing {
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly timeToLive: number;
  readonly typeOfService: number;
}

/** Fills `frame` with a segment whose payload is taken from `queue` at `offset`; sets its lengths. */
export function fillSegmentFrame(
  frame: Frame,
  addressing: SegmentAddressing,
  identification: number,
  segment: TcpSegment,
  queue: SendQueue,
  offset: number,
): void {
  const { bytes } = frame;
  const tcpAt = ipv4Offset + ipv4HeaderLength;
  const headerLength = headerLengthOf(segment);
  if (segment.payloadLength > 0) queue.copyOut(offset, segment.payloadLength, bytes, tcpAt + headerLength);
  const tcpLength = writeTcpSegment(bytes, tcpAt, segment, addressing.source, addressing.destination);
  writeIpv4Header(bytes, ipv4Offset, {
    source: addressing.source,
    destination: addressing.destination,
    protocol: ipProtocols.tcp,
    identification,
    timeToLive: addressing.timeToLive,
    typeOfService: addressing.typeOfService,
    payloadLength: tcpLength,
  });
  writeEthernetHeader(bytes, addressing.destinationMac, addressing.sourceMac, etherTypes.ipv4);
  frame.length = ethernetHeaderLength + ipv4HeaderLength + tcpLength;
  frame.payloadLength = segment.payloadLength;
}

/** Where a TCP header has its checksum. */
const checksumOffset = 16;

/**
 * Leaves the TCP checksum of a frame of {@link fillSegmentFrame} to the adapter: its field holds the folded sum over the
 * pseudo-header, as NDIS wants it for the checksum task.
 */
export function leaveTcpChecksum(frame: Frame, source: Ipv4Address, destination: Ipv4Address): void {
  const tcpAt = ipv4Offset + ipv4HeaderLength;
  const total = sumPseudoHeader(source, destination, ipProtocols.tcp, frame.length - tcpAt);
  const folded = ~finishChecksum(total) & 0xffff;
  frame.bytes[tcpAt + checksumOffset] = folded >>> 8;
  frame.bytes[tcpAt + checksumOffset + 1] = folded & 0xff;
}

/** Where a frame's TCP segment comes from and goes to. */
export interface ReceivedSegment {
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  /** Where the TCP header begins, and the length of header and payload. */
  readonly tcpAt: number;
  readonly tcpLength: number;
}

/** Why a frame holds no segment that TCP could take. */
export type SegmentProblem = Ipv4Problem | TcpProblem | 'not-tcp' | 'fragment' | 'options';

/** Addresses and ports of a fragmented datagram's first fragment; undefined for any other frame. */
export function readFirstFragment(
  bytes: Uint8Array,
  length: number,
):
  | (Pick<ReceivedSegment, 'source' | 'destination'> & Pick<TcpSegment, 'sourcePort' | 'destinationPort'>)
  | undefined {
  const header = readIpv4Header(bytes, length, ipv4Offset);
  if (typeof header === 'string' || header.protocol !== ipProtocols.tcp || !header.isFragment)
    return undefined;
  const isFirst = ((bytes[ipv4Offset + 6]! & 0x1f) << 8) + bytes[ipv4Offset + 7]! === 0;
  const tcpAt = ipv4Offset + header.headerLength;
  if (!isFirst || header.totalLength < header.headerLength + 4) return undefined;
  return {
    source: bytes.subarray(ipv4Offset + 12, ipv4Offset + 16),
    destination: bytes.subarray(ipv4Offset + 16, ipv4Offset + 20),
    sourcePort: (bytes[tcpAt]! << 8) | bytes[tcpAt + 1]!,
    destinationPort: (bytes[tcpAt + 2]! << 8) | bytes[tcpAt + 3]!,
  };
}

/** Checks an IPv4 frame of `length` bytes and decodes its segment; answers what is wrong otherwise. */
export function readSegmentFrame(
  segment: TcpSegment,
  bytes: Uint8Array,
  length: number,
): ReceivedSegment | SegmentProblem {
  const header = readIpv4Header(bytes, length, ipv4Offset);
  if (typeof header === 'string') return header;
  if (header.protocol !== ipProtocols.tcp) return 'not-tcp';
  if (header.isFragment) return 'fragment';
  const source = bytes.subarray(ipv4Offset + 12, ipv4Offset + 16);
  const destination = bytes.subarray(ipv4Offset + 16, ipv4Offset + 20);
  const tcpAt = ipv4Offset + header.headerLength;
  const tcpLength = header.totalLength - header.headerLength;
  const problem = readTcpSegment(segment, bytes, tcpAt, tcpLength, source, destination);
  if (problem !== undefined) return problem;
  return header.hasOptions ? 'options' : { source, destination, tcpAt, tcpLength };
}
