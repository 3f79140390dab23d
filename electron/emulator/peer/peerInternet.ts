/**
 * What a peer answers besides TCP, for itself and its further interfaces: ARP (RFC 826), neighbor solicitations (RFC 4861), and echo
 * requests of ICMP and ICMPv6.
 */
import { isIpv6, sameAddress, type IpAddress, type MacAddress } from '../wire/address';
import { arpFrameLength, arpOperations, readArpFrame, writeArpFrame } from '../wire/arp';
import { fragmentFrame } from '../wire/fragmentation';
import { icmpFrame, icmpTypes, icmpv6Types, type IcmpContent, type ReceivedIcmp } from '../wire/icmp';
import {
  allNodes,
  multicastMac,
  neighborAdvertisement,
  neighborDiscoveryHopLimit,
  readNeighborMessage,
} from '../wire/neighborDiscovery';

/** MTU of the link. */
const linkMtu = 1500;

const timeToLive = 64;

/** An interface with the addresses for which it answers ARP and neighbor solicitations. */
export interface PeerInterface {
  readonly mac: MacAddress;
  readonly addresses: readonly IpAddress[];
}

/** What the answers need of the peer. */
export interface PeerSurroundings {
  /** Its interfaces as they are now, the first one first. */
  interfaces(): readonly PeerInterface[];
  /** Whether an address is the peer's, on the link or behind it. */
  owns(address: IpAddress): boolean;
  nextIdentification(): number;
  send(bytes: Uint8Array): void;
}

/** See the file's head. */
export class PeerInternet {
  constructor(private readonly peer: PeerSurroundings) {}

  /** Answers an ARP request for an address of an interface. */
  receiveArp(frame: Uint8Array): void {
    const request = readArpFrame(frame, frame.length);
    if (request?.operation !== arpOperations.request) return;
    const asked = this.interfaceWith(request.targetAddress);
    if (asked === undefined) return;
    const bytes = new Uint8Array(arpFrameLength);
    writeArpFrame(bytes, request.senderMac, {
      operation: arpOperations.reply,
      senderMac: asked.mac,
      senderAddress: request.targetAddress,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    });
    this.peer.send(bytes);
  }

  /** Answers a message if it asks for something; `frame` is what it came in. */
  receiveIcmp(message: ReceivedIcmp, frame: Uint8Array): void {
    const { version, type } = message;
    if (version === 'ipv6' && type === icmpv6Types.neighborSolicitation)
      this.answerSolicitation(message, frame);
    const isEcho = type === (version === 'ipv6' ? icmpv6Types.echoRequest : icmpTypes.echoRequest);
    if (!isEcho || !this.peer.owns(message.destination)) return;
    const reply = {
      type: version === 'ipv6' ? icmpv6Types.echoReply : icmpTypes.echoReply,
      code: 0,
      rest: message.rest,
      body: message.body.slice(),
    };
    const ends = { source: message.destination.slice(), destination: message.source.slice() };
    this.send(ends, [frame.slice(0, 6), frame.slice(6, 12)], timeToLive, reply);
  }

  /** Tells everybody the Ethernet address of an IPv6 address (RFC 4861 section 7.2.6). */
  announce(address: IpAddress, mac: MacAddress): void {
    const announcement = neighborAdvertisement(address, mac, { solicited: false, overrides: true });
    const ends = { source: address, destination: allNodes };
    this.send(ends, [mac, multicastMac(allNodes)], neighborDiscoveryHopLimit, announcement);
  }

  private interfaceWith(address: IpAddress): PeerInterface | undefined {
    return this.peer.interfaces().find(({ addresses }) => addresses.some((one) => sameAddress(one, address)));
  }

  private answerSolicitation(message: ReceivedIcmp, frame: Uint8Array): void {
    const asked = readNeighborMessage(message);
    if (asked?.kind !== 'solicitation') return;
    const own = this.interfaceWith(asked.target);
    if (own === undefined) return;
    const hasSender = asked.sender.some((byte) => byte !== 0);
    const answer = neighborAdvertisement(asked.target, own.mac, { solicited: hasSender, overrides: true });
    const ends = { source: asked.target, destination: hasSender ? asked.sender : allNodes };
    const to = hasSender ? (asked.linkAddress ?? frame.slice(6, 12)) : multicastMac(allNodes);
    this.send(ends, [own.mac, to], neighborDiscoveryHopLimit, answer);
  }

  private send(
    { source, destination }: { readonly source: IpAddress; readonly destination: IpAddress },
    [own, to]: readonly [own: MacAddress, to: MacAddress],
    limit: number,
    content: IcmpContent,
  ): void {
    const identification = this.peer.nextIdentification();
    const addressing = {
      sourceMac: own,
      destinationMac: to,
      source,
      destination,
      timeToLive: limit,
      identification: isIpv6(source) ? 0 : identification,
    };
    const whole = icmpFrame(addressing, content);
    for (const frame of fragmentFrame(whole, linkMtu, identification)) this.peer.send(frame);
  }
}
