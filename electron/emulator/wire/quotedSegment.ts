/** The beginning of the segment that an ICMP error is about, as the error quotes it (RFC 792, RFC 4443 section 3, RFC 5927). */
import type { IpAddress } from './address';
import { ipProtocols, ipv4HeaderLength } from './ipv4';
import { ipv6HeaderLength, nextHeaders } from './ipv6';

/** Bytes of a TCP header that every error quotes: ports and sequence number (RFC 792). */
const quotedTcpLength = 8;

/** See the file's head. */
export interface QuotedSegment {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly SequenceNumber: number;
  /** Bytes of the datagram as its IP header tells. */
  readonly totalLength: number;
}

/**
 * Decodes the datagram that begins an error's body; undefined if it is no TCP, a later fragment, or cut before the sequence number.
 * The body is cut by whoever sends the error, so lengths in the header are only reported.
 */
export function readQuotedSegment(version: 'ipv4' | 'ipv6', body: Uint8Array): QuotedSegment | undefined {
  return version === 'ipv4' ? readQuotedIpv4(body) : readQuotedIpv6(body);
}

function readQuotedIpv4(body: Uint8Array): QuotedSegment | undefined {
  if (body.length < ipv4HeaderLength || body[0]! >> 4 !== 4) return undefined;
  const tcpAt = (body[0]! & 0xf) * 4;
  const isFirst = (((body[6]! & 0x1f) << 8) | body[7]!) === 0;
  if (tcpAt < ipv4HeaderLength || body[9] !== ipProtocols.tcp || !isFirst) return undefined;
  const totalLength = (body[2]! << 8) | body[3]!;
  return readTcp(body, tcpAt, body.subarray(12, 16), body.subarray(16, 20), totalLength);
}

function readQuotedIpv6(body: Uint8Array): QuotedSegment | undefined {
  if (body.length < ipv6HeaderLength || body[0]! >> 4 !== 6 || body[6] !== nextHeaders.tcp) return undefined;
  const totalLength = ipv6HeaderLength + ((body[4]! << 8) | body[5]!);
  return readTcp(body, ipv6HeaderLength, body.subarray(8, 24), body.subarray(24, 40), totalLength);
}

function readTcp(
  body: Uint8Array,
  at: number,
  source: IpAddress,
  destination: IpAddress,
  totalLength: number,
): QuotedSegment | undefined {
  if (body.length < at + quotedTcpLength) return undefined;
  const SequenceNumber =
    ((body[at + 4]! << 24) | (body[at + 5]! << 16) | (body[at + 6]! << 8) | body[at + 7]!) >>> 0;
  return {
    source,
    destination,
    sourcePort: (body[at]! << 8) | body[at + 1]!,
    destinationPort: (body[at + 2]! << 8) | body[at + 3]!,
    SequenceNumber,
    totalLength,
  };
}
