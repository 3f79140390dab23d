/** Neighbor discovery for IPv6 over Ethernet (RFC 4861, RFC 2464): solicitations and advertisements of neighbors. */
import { ipAddressLengths, type Ipv6Address, type MacAddress } from './address';
import { icmpv6Types, type IcmpContent, type ReceivedIcmp } from './icmp';

/** Hop limit of every message; less has come through a router and is not believed (RFC 4861 section 7.1). */
export const neighborDiscoveryHopLimit = 255;

/** The group of all nodes on the link, ff02::1 (RFC 4291 section 2.7.1). */
export const allNodes: Ipv6Address = Uint8Array.from([0xff, 2, ...new Array<number>(13).fill(0), 1]);

/** The address that says "no address", :: (RFC 4291 section 2.5.2). */
export const unspecifiedIpv6: Ipv6Address = new Uint8Array(ipAddressLengths.ipv6);

/** Options (RFC 4861 section 4.6.1). */
const optionTypes = { sourceLinkLayerAddress: 1, targetLinkLayerAddress: 2 } as const;

/** Bytes of a link-layer address option for Ethernet. */
const linkAddressOptionLength = 8;

/** Flags of an advertisement, in the four bytes behind the checksum. */
const advertisementFlags = { router: 0x8000_0000, solicited: 0x4000_0000, override: 0x2000_0000 } as const;

/** The group that an address's owner listens to: ff02::1:ff and its last three bytes (RFC 4291 section 2.7.1). */
export function solicitedNodeAddress(address: Ipv6Address): Ipv6Address {
  const group = Uint8Array.from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0]);
  group.set(address.subarray(13), 13);
  return group;
}

/** The Ethernet address of a group (RFC 2464 section 7). */
export function multicastMac(group: Ipv6Address): MacAddress {
  return Uint8Array.of(0x33, 0x33, group[12]!, group[13]!, group[14]!, group[15]!);
}

/** Whether an address is a group's. */
export function isIpv6Multicast(address: Ipv6Address): boolean {
  return address[0] === 0xff;
}

/** A decoded message. */
export type NeighborMessage =
  | {
      readonly kind: 'solicitation';
      readonly target: Ipv6Address;
      /** Who asks: source and link-layer address; no link-layer address where the sender has no address yet. */
      readonly sender: Ipv6Address;
      readonly linkAddress: MacAddress | undefined;
    }
  | {
      readonly kind: 'advertisement';
      readonly target: Ipv6Address;
      readonly linkAddress: MacAddress | undefined;
      readonly isRouter: boolean;
      /** Whether it answers a solicitation: only then it proves that the neighbor can be reached. */
      readonly solicited: boolean;
      /** Whether it replaces a link-layer address that is known already. */
      readonly overrides: boolean;
    };

function withLinkAddress(target: Ipv6Address, type: number, mac: MacAddress): Uint8Array {
  const body = new Uint8Array(ipAddressLengths.ipv6 + linkAddressOptionLength);
  body.set(target);
  body.set([type, 1, ...mac], ipAddressLengths.ipv6);
  return body;
}

/** Asks for the link-layer address of `target` and tells one's own. */
export function neighborSolicitation(target: Ipv6Address, ownMac: MacAddress): IcmpContent {
  const body = withLinkAddress(target, optionTypes.sourceLinkLayerAddress, ownMac);
  return { type: icmpv6Types.neighborSolicitation, code: 0, rest: 0, body };
}

/** Tells the link-layer address of `target`. */
export function neighborAdvertisement(
  target: Ipv6Address,
  mac: MacAddress,
  flags: { readonly solicited: boolean; readonly overrides: boolean; readonly isRouter?: boolean },
): IcmpContent {
  const rest =
    (flags.isRouter === true ? advertisementFlags.router : 0) +
    (flags.solicited ? advertisementFlags.solicited : 0) +
    (flags.overrides ? advertisementFlags.override : 0);
  const body = withLinkAddress(target, optionTypes.targetLinkLayerAddress, mac);
  return { type: icmpv6Types.neighborAdvertisement, code: 0, rest, body };
}

/** The link-layer address option of a type; 'bad' if the options can't be read. */
function readLinkAddress(body: Uint8Array, type: number): MacAddress | undefined | 'bad' {
  let found: MacAddress | undefined;
  for (let at = ipAddressLengths.ipv6; at < body.length;) {
    const length = (body[at + 1] ?? 0) * 8;
    if (length === 0 || at + length > body.length) return 'bad';
    if (body[at] === type && length === linkAddressOptionLength) found = body.slice(at + 2, at + 8);
    at += length;
  }
  return found;
}

/** Validates a message as RFC 4861 section 7.1 asks for and decodes it; undefined if it is another one or not to be believed. */
export function readNeighborMessage(message: ReceivedIcmp): NeighborMessage | undefined {
  const { type, code, rest, body, source, destination, timeToLive, version } = message;
  if (version !== 'ipv6' || code !== 0 || timeToLive !== neighborDiscoveryHopLimit) return undefined;
  if (body.length < ipAddressLengths.ipv6) return undefined;
  const target = body.slice(0, ipAddressLengths.ipv6);
  if (isIpv6Multicast(target)) return undefined;
  if (type === icmpv6Types.neighborSolicitation) {
    const linkAddress = readLinkAddress(body, optionTypes.sourceLinkLayerAddress);
    if (linkAddress === 'bad') return undefined;
    const hasSource = source.some((byte) => byte !== 0);
    // Without a source it is duplicate address detection, which tells no link-layer address and goes to the group.
    if (!hasSource && (linkAddress !== undefined || !isIpv6Multicast(destination))) return undefined;
    return { kind: 'solicitation', target, sender: source.slice(), linkAddress };
  }
  if (type !== icmpv6Types.neighborAdvertisement) return undefined;
  const linkAddress = readLinkAddress(body, optionTypes.targetLinkLayerAddress);
  const solicited = (rest & advertisementFlags.solicited) !== 0;
  if (linkAddress === 'bad' || (solicited && isIpv6Multicast(destination))) return undefined;
  return {
    kind: 'advertisement',
    target,
    linkAddress,
    isRouter: (rest & advertisementFlags.router) !== 0,
    solicited,
    overrides: (rest & advertisementFlags.override) !== 0,
  };
}
