/**
 * A router between two links (RFC 1812, RFC 8200): forwards datagrams of both IP versions, counts hops down, cuts what may be cut, and
 * refuses what is too large for the next link with the MTU that would do (RFC 1191, RFC 8201). It has no routes but its two links:
 * what does not come from one goes to the other.
 */
import type { Machine } from '../machine/machine';
import { isGroupMac, isIpv6, sameAddress, type IpAddress, type MacAddress } from '../wire/address';
import { ethernetHeaderLength, etherTypeOf, etherTypes } from '../wire/ethernet';
import { fragmentFrame } from '../wire/fragmentation';
import type { Frame, FramePool } from '../wire/frame';
import { icmpFrame, icmpTypes, icmpv6Types, readIcmpFrame, type IcmpContent } from '../wire/icmp';
import { finishChecksum, sumWords } from '../wire/internetChecksum';
import { ipv4Offset, readIpv4Header } from '../wire/ipv4';
import { ipv6Offset, readIpv6Header } from '../wire/ipv6';
import type { LinkEnd, Transmitter } from '../wire/link';
import { isIpv6Multicast } from '../wire/neighborDiscovery';
import { tooBigMessage } from '../wire/pathMtu';
import { PeerInternet } from './peerInternet';

const timeToLive = 64;

/** Most bytes of a datagram that an error quotes. */
const mostQuoted = 548;

/** One of the router's interfaces. */
export interface RouterPortSettings {
  readonly mac: MacAddress;
  readonly addresses: readonly IpAddress[];
  /** Largest datagram on this port's link, bytes. */
  readonly mtu: number;
  /** Hosts on the link; those that have sent something are known without. */
  readonly neighbors?: readonly { readonly address: IpAddress; readonly mac: MacAddress }[];
}

/** Both interfaces. */
export interface RouterSettings {
  readonly near: RouterPortSettings;
  readonly far: RouterPortSettings;
}

/** What became of what arrived. */
export interface RouterCounts {
  forwarded: number;
  /** Refused for their size. */
  tooBig: number;
  /** Cut into fragments. */
  fragmented: number;
  /** At the end of their hops. */
  expired: number;
  /** Malformed, or for nobody who is known. */
  discarded: number;
}

/** An IP header as a router reads it. */
interface Datagram {
  readonly version: 'ipv4' | 'ipv6';
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly totalLength: number;
  /** Where TTL or hop limit stands. */
  readonly hopsAt: number;
  readonly mayBeCut: boolean;
}

/** One interface of a {@link Router}. */
export class RouterPort implements LinkEnd {
  readonly internet: PeerInternet;
  private link: Transmitter | undefined;
  private readonly known = new Map<string, MacAddress>();
  private identification = 0;

  constructor(
    readonly component: number,
    readonly settings: RouterPortSettings,
    private readonly pool: FramePool,
    private readonly arrived: (port: RouterPort, bytes: Uint8Array, connection: number | undefined) => void,
  ) {
    for (const { address, mac } of settings.neighbors ?? []) this.known.set(address.toString(), mac);
    this.internet = new PeerInternet({
      interfaces: () => [settings],
      owns: (address) => this.owns(address),
      nextIdentification: () => this.nextIdentification(),
      send: (bytes) => {
        this.send(bytes, undefined);
      },
    });
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  receive(frame: Frame): void {
    const { mac } = this.settings;
    const destination = frame.bytes.subarray(0, 6);
    if (!isGroupMac(destination) && !sameAddress(destination, mac)) return;
    this.arrived(this, frame.bytes.slice(0, frame.length), frame.connection);
  }

  /** Whether an address is this interface's. */
  owns(address: IpAddress): boolean {
    return this.settings.addresses.some((one) => sameAddress(one, address));
  }

  /** Whoever sends something is a neighbor. */
  learn(address: IpAddress, mac: MacAddress): void {
    this.known.set(address.toString(), mac);
  }

  /** The Ethernet address of a neighbor. */
  macOf(address: IpAddress): MacAddress | undefined {
    return this.known.get(address.toString());
  }

  /** Sends a message to a neighbor; nothing happens if it is not known or the interface has no address of its IP version. */
  report(destination: IpAddress, content: IcmpContent): void {
    const destinationMac = this.macOf(destination);
    const source = this.settings.addresses.find((one) => one.length === destination.length);
    if (destinationMac === undefined || source === undefined) return;
    const identification = this.nextIdentification();
    const ends = { source, destination, sourceMac: this.settings.mac, destinationMac };
    this.send(icmpFrame({ ...ends, timeToLive, identification }, content), undefined);
  }

  /** Puts a frame on the link. */
  send(bytes: Uint8Array, connection: number | undefined): void {
    if (this.link === undefined) return;
    const frame = this.pool.take('peer');
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    frame.connection = connection;
    this.link.transmit(this, frame);
  }

  private nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0xffff);
  }
}

/** See the file's head. */
export class Router {
  readonly near: RouterPort;
  readonly far: RouterPort;
  readonly counts: RouterCounts = { forwarded: 0, tooBig: 0, fragmented: 0, expired: 0, discarded: 0 };

  constructor(machine: Machine, pool: FramePool, settings: RouterSettings, name = 'Router') {
    const component = machine.probe.component('peer', name);
    const portOf = (side: RouterPortSettings): RouterPort =>
      new RouterPort(component, side, pool, (port, bytes, connection) => {
        this.receive(port, bytes, connection);
      });
    this.near = portOf(settings.near);
    this.far = portOf(settings.far);
  }

  private receive(port: RouterPort, bytes: Uint8Array, connection: number | undefined): void {
    if (etherTypeOf(bytes, bytes.length) === etherTypes.arp) {
      port.internet.receiveArp(bytes);
      return;
    }
    const datagram = readDatagram(bytes);
    if (datagram === undefined) {
      this.counts.discarded++;
      return;
    }
    port.learn(datagram.source, bytes.slice(6, 12));
    if (port.owns(datagram.destination) || isForGroup(datagram.destination)) {
      const message = readIcmpFrame(bytes, bytes.length);
      if (typeof message !== 'string') port.internet.receiveIcmp(message, bytes);
    } else this.forward(port, bytes, datagram, connection);
  }

  private forward(
    from: RouterPort,
    bytes: Uint8Array,
    datagram: Datagram,
    connection: number | undefined,
  ): void {
    const to = from === this.near ? this.far : this.near;
    const { version, source, destination, totalLength, hopsAt } = datagram;
    const destinationMac = to.macOf(destination);
    const packet = bytes.subarray(ethernetHeaderLength, ethernetHeaderLength + totalLength);
    if (bytes[hopsAt]! <= 1) {
      this.counts.expired++;
      const type = version === 'ipv6' ? icmpv6Types.timeExceeded : icmpTypes.timeExceeded;
      from.report(source, { type, code: 0, rest: 0, body: packet.slice(0, mostQuoted) });
      return;
    }
    if (destinationMac === undefined) {
      this.counts.discarded++;
      return;
    }
    if (totalLength > to.settings.mtu && !datagram.mayBeCut) {
      this.counts.tooBig++;
      from.report(source, tooBigMessage(version, to.settings.mtu, packet));
      return;
    }
    const frame = bytes.slice(0, ethernetHeaderLength + totalLength);
    frame.set(destinationMac);
    frame.set(to.settings.mac, 6);
    frame[hopsAt]!--;
    if (version === 'ipv4') renewChecksum(frame);
    const frames = fragmentFrame(frame, to.settings.mtu, 0);
    if (frames.length > 1) this.counts.fragmented++;
    this.counts.forwarded++;
    for (const one of frames) to.send(one, connection);
  }
}

function renewChecksum(frame: Uint8Array): void {
  const end = ipv4Offset + (frame[ipv4Offset]! & 0xf) * 4;
  frame[ipv4Offset + 10] = 0;
  frame[ipv4Offset + 11] = 0;
  const checksum = finishChecksum(sumWords(0, frame, ipv4Offset, end));
  frame[ipv4Offset + 10] = checksum >>> 8;
  frame[ipv4Offset + 11] = checksum & 0xff;
}

function isForGroup(destination: IpAddress): boolean {
  return isIpv6(destination) ? isIpv6Multicast(destination) : destination[0]! >= 224;
}

/** Undefined for what is no sound datagram. */
function readDatagram(bytes: Uint8Array): Datagram | undefined {
  if (etherTypeOf(bytes, bytes.length) === etherTypes.ipv6) {
    const header = readIpv6Header(bytes, bytes.length, ipv6Offset);
    if (typeof header === 'string') return undefined;
    return {
      version: 'ipv6',
      source: bytes.slice(ipv6Offset + 8, ipv6Offset + 24),
      destination: bytes.slice(ipv6Offset + 24, ipv6Offset + 40),
      totalLength: header.totalLength,
      hopsAt: ipv6Offset + 7,
      mayBeCut: false,
    };
  }
  if (etherTypeOf(bytes, bytes.length) !== etherTypes.ipv4) return undefined;
  const header = readIpv4Header(bytes, bytes.length, ipv4Offset);
  if (typeof header === 'string') return undefined;
  return {
    version: 'ipv4',
    source: bytes.slice(ipv4Offset + 12, ipv4Offset + 16),
    destination: bytes.slice(ipv4Offset + 16, ipv4Offset + 20),
    totalLength: header.totalLength,
    hopsAt: ipv4Offset + 8,
    mayBeCut: (bytes[ipv4Offset + 6]! & 0x40) === 0,
  };
}
