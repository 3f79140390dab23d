/** IPv6 headers and the extension headers behind them (RFC 8200). */
import { ethernetHeaderLength } from './ethernet';
import type { Ipv6Address } from './address';

/** Bytes of the fixed header. */
export const ipv6HeaderLength = 40;

/** Bytes of a Fragment header. */
export const fragmentHeaderLength = 8;

/** Smallest MTU of a link (RFC 8200 section 5). */
export const ipv6MinimumMtu = 1280;

/** Where the network layer begins in an untagged frame. */
export const ipv6Offset = ethernetHeaderLength;

/** Values of Next Header (IANA protocol numbers). */
export const nextHeaders = {
  hopByHop: 0,
  tcp: 6,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  none: 59,
  destinationOptions: 60,
} as const;

/** Why a frame's IPv6 headers can't be used. */
export type Ipv6Problem = 'too-short' | 'not-ipv6' | 'bad-length' | 'bad-extension';

/** What stands in front of the upper layer of a datagram. */
export interface Ipv6Header {
  /** Bytes of header and payload, without link-layer padding. */
  readonly totalLength: number;
  /** Upper-layer protocol; of a fragment: what its Fragment header says. */
  readonly protocol: number;
  /** Where the upper layer begins, counted from the start of the frame; of a fragment: its piece. */
  readonly upperAt: number;
  /** Bytes of the upper layer, or of the piece. */
  readonly upperLength: number;
  /** Where the Fragment header begins, counted from the start of the frame; undefined if there is none. */
  readonly fragmentAt: number | undefined;
  /** Where the Next Header value stands that names the Fragment header; 6 bytes into the fixed header if nothing is between. */
  readonly nextHeaderAt: number;
  /** Whether there are extension headers of any kind. */
  readonly hasExtensions: boolean;
}

/** Fields of a header to write. */
export interface Ipv6Fields {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /** Bytes behind the header. */
  readonly payloadLength: number;
}

/** Writes a fixed header at `at`. */
export function writeIpv6Header(bytes: Uint8Array, at: number, fields: Ipv6Fields): void {
  const { trafficClass, flowLabel, payloadLength, source, destination } = fields;
  bytes[at] = 0x60 | (trafficClass >>> 4);
  bytes[at + 1] = ((trafficClass & 0xf) << 4) | ((flowLabel >>> 16) & 0xf);
  bytes[at + 2] = (flowLabel >>> 8) & 0xff;
  bytes[at + 3] = flowLabel & 0xff;
  bytes[at + 4] = payloadLength >>> 8;
  bytes[at + 5] = payloadLength & 0xff;
  bytes[at + 6] = fields.nextHeader;
  bytes[at + 7] = fields.hopLimit;
  for (let index = 0; index < 16; index++) {
    bytes[at + 8 + index] = source[index]!;
    bytes[at + 24 + index] = destination[index]!;
  }
}

/** Whether a header is followed by options whose length its second byte gives. */
function isSkipped(nextHeader: number): boolean {
  return (
    nextHeader === nextHeaders.hopByHop ||
    nextHeader === nextHeaders.routing ||
    nextHeader === nextHeaders.destinationOptions
  );
}

/**
 * Checks and decodes the headers of a frame of `length` bytes whose network layer begins at `at`. Extension headers are walked up to
 * the upper layer or a Fragment header, whichever comes first; none may reach beyond the datagram, so that the walk ends.
 */
export function readIpv6Header(bytes: Uint8Array, length: number, at: number): Ipv6Header | Ipv6Problem {
  if (length < at + ipv6HeaderLength) return 'too-short';
  if (bytes[at]! >> 4 !== 6) return 'not-ipv6';
  const totalLength = ipv6HeaderLength + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
  const end = at + totalLength;
  if (end > length) return 'bad-length';
  let nextHeaderAt = at + 6;
  let upperAt = at + ipv6HeaderLength;
  let hasExtensions = false;
  while (isSkipped(bytes[nextHeaderAt]!)) {
    // Hop-by-Hop Options come first or not at all (RFC 8200 section 4.1).
    if (hasExtensions && bytes[nextHeaderAt] === nextHeaders.hopByHop) return 'bad-extension';
    if (upperAt + 8 > end) return 'bad-extension';
    hasExtensions = true;
    nextHeaderAt = upperAt;
    upperAt += (bytes[upperAt + 1]! + 1) * 8;
    if (upperAt > end) return 'bad-extension';
  }
  const isFragment = bytes[nextHeaderAt] === nextHeaders.fragment;
  const fragmentAt = isFragment ? upperAt : undefined;
  if (isFragment) {
    if (upperAt + fragmentHeaderLength > end) return 'bad-extension';
    upperAt += fragmentHeaderLength;
  }
  return {
    totalLength,
    protocol: bytes[fragmentAt ?? nextHeaderAt]!,
    upperAt,
    upperLength: end - upperAt,
    fragmentAt,
    nextHeaderAt,
    hasExtensions: hasExtensions || isFragment,
  };
}

/** The fields of a Fragment header (RFC 8200 section 4.5). */
export interface FragmentFields {
  /** Bytes in front of this piece; a multiple of 8. */
  readonly offset: number;
  readonly moreFragments: boolean;
  readonly identification: number;
}

/** Decodes the Fragment header at `at`. */
export function readFragmentHeader(bytes: Uint8Array, at: number): FragmentFields {
  const flags = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const identification =
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  return { offset: flags & 0xfff8, moreFragments: (flags & 1) !== 0, identification };
}

/** Writes a Fragment header in front of a piece of an upper layer. */
export function writeFragmentHeader(
  bytes: Uint8Array,
  at: number,
  nextHeader: number,
  { offset, moreFragments, identification }: FragmentFields,
): void {
  bytes[at] = nextHeader;
  bytes[at + 1] = 0;
  bytes[at + 2] = offset >>> 8;
  bytes[at + 3] = (offset & 0xf8) | (moreFragments ? 1 : 0);
  for (let index = 0; index < 4; index++)
    bytes[at + 4 + index] = (identification >>> (24 - 8 * index)) & 0xff;
}
