/**
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) messages: type, code, checksum, four bytes whose meaning the type decides, and a body. The
 * checksum of ICMPv6 covers a pseudo-header as well.
 */
import { isIpv6, type IpAddress, type MacAddress } from './address';
import { ethernetHeaderLength, etherTypeOf, etherTypes, writeEthernetHeader } from './ethernet';
import { finishChecksum, sumPseudoHeader, sumWords } from './internetChecksum';
import { ipProtocols, ipv4HeaderLength, ipv4Offset, readIpv4Header, writeIpv4Header } from './ipv4';
import { ipv6HeaderLength, ipv6Offset, nextHeaders, readIpv6Header, writeIpv6Header } from './ipv6';

/** Types of ICMP. */
export const icmpTypes = {
  echoReply: 0,
  destinationUnreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

/** Codes of ICMP's Destination Unreachable (RFC 792, RFC 1122 section 3.2.2.1). */
export const unreachableCodes = {
  network: 0,
  host: 1,
  protocol: 2,
  port: 3,
  fragmentationNeeded: 4,
  sourceRouteFailed: 5,
} as const;

/** Types of ICMPv6 (RFC 4443, RFC 4861). */
export const icmpv6Types = {
  destinationUnreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighborSolicitation: 135,
  neighborAdvertisement: 136,
  redirect: 137,
} as const;

/** Bytes in front of the body. */
export const icmpHeaderLength = 8;

/** A message to send. */
export interface IcmpContent {
  readonly type: number;
  readonly code: number;
  /** Bytes 4 to 7, big-endian. */
  readonly rest: number;
  readonly body: Uint8Array;
}

/** What a sender puts around its messages. */
export interface IcmpAddressing {
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly timeToLive: number;
  /** Of the IPv4 header. */
  readonly identification: number;
}

/** A received message; its checksum is right. */
export interface ReceivedIcmp {
  readonly version: 'ipv4' | 'ipv6';
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit on arrival. */
  readonly timeToLive: number;
  readonly type: number;
  readonly code: number;
  readonly rest: number;
  /** The bytes behind the header; a view of the frame. */
  readonly body: Uint8Array;
}

/** Why a frame holds no message that can be used. */
export type IcmpProblem = 'bad-header' | 'not-icmp' | 'fragment' | 'too-short' | 'bad-checksum';

/** The whole Ethernet frame of a message, without padding. */
export function icmpFrame(addressing: IcmpAddressing, content: IcmpContent): Uint8Array {
  const { source, destination, timeToLive } = addressing;
  const overIpv6 = isIpv6(source);
  const at = ethernetHeaderLength + (overIpv6 ? ipv6HeaderLength : ipv4HeaderLength);
  const length = icmpHeaderLength + content.body.length;
  const bytes = new Uint8Array(at + length);
  const etherType = overIpv6 ? etherTypes.ipv6 : etherTypes.ipv4;
  writeEthernetHeader(bytes, addressing.destinationMac, addressing.sourceMac, etherType);
  if (overIpv6) {
    writeIpv6Header(bytes, ipv6Offset, {
      source,
      destination,
      nextHeader: nextHeaders.icmpv6,
      hopLimit: timeToLive,
      trafficClass: 0,
      flowLabel: 0,
      payloadLength: length,
    });
  } else {
    writeIpv4Header(bytes, ipv4Offset, {
      source,
      destination,
      protocol: ipProtocols.icmp,
      identification: addressing.identification,
      timeToLive,
      typeOfService: 0,
      payloadLength: length,
    });
  }
  bytes[at] = content.type;
  bytes[at + 1] = content.code;
  for (let index = 0; index < 4; index++) bytes[at + 4 + index] = (content.rest >>> (24 - 8 * index)) & 0xff;
  bytes.set(content.body, at + icmpHeaderLength);
  const pseudo = overIpv6 ? sumPseudoHeader(source, destination, nextHeaders.icmpv6, length) : 0;
  const checksum = finishChecksum(sumWords(pseudo, bytes, at, at + length));
  bytes[at + 2] = checksum >>> 8;
  bytes[at + 3] = checksum & 0xff;
  return bytes;
}

/** Checks an untagged frame of `length` bytes and decodes its message; answers what is wrong otherwise. */
export function readIcmpFrame(bytes: Uint8Array, length: number): ReceivedIcmp | IcmpProblem {
  if (etherTypeOf(bytes, length) === etherTypes.ipv6) {
    const header = readIpv6Header(bytes, length, ipv6Offset);
    if (typeof header === 'string') return 'bad-header';
    if (header.fragmentAt !== undefined) return 'fragment';
    if (header.protocol !== nextHeaders.icmpv6) return 'not-icmp';
    const source = bytes.subarray(ipv6Offset + 8, ipv6Offset + 24);
    const destination = bytes.subarray(ipv6Offset + 24, ipv6Offset + 40);
    const pseudo = sumPseudoHeader(source, destination, nextHeaders.icmpv6, header.upperLength);
    const message = readMessage(bytes, header.upperAt, header.upperLength, pseudo);
    if (typeof message === 'string') return message;
    return { version: 'ipv6', source, destination, timeToLive: bytes[ipv6Offset + 7]!, ...message };
  }
  const header = readIpv4Header(bytes, length, ipv4Offset);
  if (typeof header === 'string') return 'bad-header';
  if (header.protocol !== ipProtocols.icmp) return 'not-icmp';
  if (header.isFragment) return 'fragment';
  const { headerLength, totalLength } = header;
  const message = readMessage(bytes, ipv4Offset + headerLength, totalLength - headerLength, 0);
  if (typeof message === 'string') return message;
  return {
    version: 'ipv4',
    source: bytes.subarray(ipv4Offset + 12, ipv4Offset + 16),
    destination: bytes.subarray(ipv4Offset + 16, ipv4Offset + 20),
    timeToLive: bytes[ipv4Offset + 8]!,
    ...message,
  };
}

function readMessage(
  bytes: Uint8Array,
  at: number,
  length: number,
  pseudo: number,
): Pick<ReceivedIcmp, 'type' | 'code' | 'rest' | 'body'> | IcmpProblem {
  if (length < icmpHeaderLength) return 'too-short';
  if (finishChecksum(sumWords(pseudo, bytes, at, at + length)) !== 0) return 'bad-checksum';
  const rest =
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  const body = bytes.subarray(at + icmpHeaderLength, at + length);
  return { type: bytes[at]!, code: bytes[at + 1]!, rest, body };
}
