/** What a router's "too big" says about the MTU of a path (RFC 1191, RFC 8201). */
import { ipv6MinimumMtu } from './ipv6';
import { icmpTypes, icmpv6Types, unreachableCodes, type IcmpContent, type ReceivedIcmp } from './icmp';

/** Smallest MTU that IPv4 knows (RFC 791). */
export const ipv4MinimumMtu = 68;

/** Common MTUs, largest first: table 7-1 of RFC 1191. */
export const mtuPlateaus: readonly number[] = [
  65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68,
];

/** Most bytes of the refused datagram that an error quotes, so that IPv4 errors stay below 576 bytes (RFC 1812 section 4.3.2.3). */
const quotedLengths = { ipv4: 548, ipv6: ipv6MinimumMtu - 48 } as const;

/** Whether a message tells that a datagram was too large for the next link. */
export function saysTooBig({
  version,
  type,
  code,
}: Pick<ReceivedIcmp, 'version' | 'type' | 'code'>): boolean {
  return version === 'ipv6'
    ? type === icmpv6Types.packetTooBig
    : type === icmpTypes.destinationUnreachable && code === unreachableCodes.fragmentationNeeded;
}

/**
 * The MTU that a message of {@link saysTooBig} tells for a datagram of `totalLength` bytes; undefined if none can be believed. Old
 * routers leave the field zero: then the next lower plateau is tried (RFC 1191 section 7.1). IPv6 needs no MTU below 1280 and
 * ignores what says so (RFC 8201 section 4).
 */
export function toldMtu(
  { version, rest }: Pick<ReceivedIcmp, 'version' | 'rest'>,
  totalLength: number,
): number | undefined {
  if (version === 'ipv6') return rest >= ipv6MinimumMtu ? rest : undefined;
  const mtu = rest & 0xffff;
  if (mtu >= ipv4MinimumMtu) return mtu;
  return mtu === 0 ? mtuPlateaus.find((plateau) => plateau < totalLength) : undefined;
}

/** The message with which a router refuses a datagram that is too large for a link of `mtu` bytes. */
export function tooBigMessage(version: 'ipv4' | 'ipv6', mtu: number, datagram: Uint8Array): IcmpContent {
  const body = datagram.slice(0, quotedLengths[version]);
  return version === 'ipv6'
    ? { type: icmpv6Types.packetTooBig, code: 0, rest: mtu, body }
    : { type: icmpTypes.destinationUnreachable, code: unreachableCodes.fragmentationNeeded, rest: mtu, body };
}
