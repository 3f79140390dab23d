/** IPv4 headers (RFC 791). */
import { ethernetHeaderLength } from './ethernet';
import { finishChecksum, sumWords } from './internetChecksum';
import type { Ipv4Address } from './address';

/** Protocol numbers. */
export const ipProtocols = { icmp: 1, tcp: 6 } as const;

/** Bytes of a header without options. */
export const ipv4HeaderLength = 20;

/** Where the network layer begins in an untagged frame. */
export const ipv4Offset = ethernetHeaderLength;

/** Why a frame's IPv4 header can't be used. */
export type Ipv4Problem = 'too-short' | 'not-ipv4' | 'bad-checksum' | 'bad-length';

/** What the engine needs of a header. */
export interface Ipv4Header {
  readonly headerLength: number;
  /** Bytes of header and payload, without link-layer padding. */
  readonly totalLength: number;
  readonly protocol: number;
  readonly isFragment: boolean;
  readonly hasOptions: boolean;
}

/** Where {@link readIpv4Header} writes its answer: there is one for every frame. */
const answer = { headerLength: 0, totalLength: 0, protocol: 0, isFragment: false, hasOptions: false };

/** Fields of a header to write. */
export interface Ipv4Fields {
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly protocol: number;
  readonly identification: number;
  readonly timeToLive: number;
  readonly typeOfService: number;
  /** Bytes behind the header. */
  readonly payloadLength: number;
}

/** Writes a header without options, Don't Fragment set, at `at`. */
export function writeIpv4Header(bytes: Uint8Array, at: number, fields: Ipv4Fields): void {
  const totalLength = ipv4HeaderLength + fields.payloadLength;
  bytes[at] = 0x45;
  bytes[at + 1] = fields.typeOfService;
  bytes[at + 2] = totalLength >>> 8;
  bytes[at + 3] = totalLength & 0xff;
  bytes[at + 4] = fields.identification >>> 8;
  bytes[at + 5] = fields.identification & 0xff;
  bytes[at + 6] = 0x40;
  bytes[at + 7] = 0;
  bytes[at + 8] = fields.timeToLive;
  bytes[at + 9] = fields.protocol;
  bytes[at + 10] = 0;
  bytes[at + 11] = 0;
  for (let index = 0; index < 4; index++) {
    bytes[at + 12 + index] = fields.source[index]!;
    bytes[at + 16 + index] = fields.destination[index]!;
  }
  const checksum = finishChecksum(sumWords(0, bytes, at, at + ipv4HeaderLength));
  bytes[at + 10] = checksum >>> 8;
  bytes[at + 11] = checksum & 0xff;
}

/**
 * Checks and decodes the header of a frame of `length` bytes whose network layer begins at `at`. The answer holds until the next
 * header is read.
 */
export function readIpv4Header(bytes: Uint8Array, length: number, at: number): Ipv4Header | Ipv4Problem {
  if (length < at + ipv4HeaderLength) return 'too-short';
  if (bytes[at]! >> 4 !== 4) return 'not-ipv4';
  const headerLength = (bytes[at]! & 0xf) * 4;
  const totalLength = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (headerLength < ipv4HeaderLength || totalLength < headerLength || at + totalLength > length)
    return 'bad-length';
  if (finishChecksum(sumWords(0, bytes, at, at + headerLength)) !== 0) return 'bad-checksum';
  answer.headerLength = headerLength;
  answer.totalLength = totalLength;
  answer.protocol = bytes[at + 9]!;
  answer.isFragment = ((bytes[at + 6]! & 0x3f) << 8) + bytes[at + 7]! !== 0;
  answer.hasOptions = headerLength > ipv4HeaderLength;
  return answer;
}
