/**
 * A remote host with an echo server: its own interface, ARP and TCP, none of it offloaded. It stands for "the other side" and
 * knows nothing of chimneys. With further addresses it also stands for a router and the hosts behind it.
 */
import type { Random } from '../../../shared/base/random';
import type { Machine } from '../machine/machine';
import { ConnectionMap } from '../tcp/connectionMap';
import { opensConnection, refusalOf } from '../tcp/segmentRefusal';
import { SendQueue } from '../tcp/sendQueue';
import type { SegmentOutput } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import {
  broadcastMac,
  isGroupMac,
  isIpv6,
  sameAddress,
  type IpAddress,
  type Ipv4Address,
  type Ipv6Address,
  type MacAddress,
} from '../wire/address';
import { arpFrameLength, arpOperations, writeArpFrame } from '../wire/arp';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { Frame, type FramePool } from '../wire/frame';
import type { Transmitter } from '../wire/link';
import { readIcmpFrame, type ReceivedIcmp } from '../wire/icmp';
import { ipv4HeaderLength } from '../wire/ipv4';
import { ipv6HeaderLength } from '../wire/ipv6';
import { saysTooBig, toldMtu } from '../wire/pathMtu';
import { readQuotedSegment } from '../wire/quotedSegment';
import {
  carriesInternet,
  fillSegmentFrame,
  readSegmentFrame,
  type ReceivedSegment,
} from '../wire/segmentFrame';
import type { SwitchedHost } from '../wire/switch';
import { TcpSegment, tcpHeaderLength } from '../wire/tcpSegment';
import { insertTag, removeTag, tagOf } from '../wire/vlanTag';
import { TransmitRing } from '../wire/transmitRing';
import { EchoSession } from './echoSession';
import type { PeerApplication, PeerApplicationMaker } from './peerApplication';
import { PeerInternet } from './peerInternet';

/** Port of the echo service (RFC 862). */
export const echoPort = 7;

/** Longest wait of a frame in its adapter's transmit ring, ns. */
const ringTime = 50_000;

/** Addresses of the remote host. */
export interface EchoHostAddresses {
  readonly mac: MacAddress;
  /** On the link: answers ARP. */
  readonly address: Ipv4Address;
  /** On the link: answers neighbor solicitations. */
  readonly ipv6Address?: Ipv6Address | undefined;
  /** Addresses behind it. */
  readonly further?: readonly IpAddress[];
  /** A second interface, through which everything can be reached as well. */
  readonly standby?: {
    readonly mac: MacAddress;
    readonly address: Ipv4Address;
    readonly ipv6Address?: Ipv6Address | undefined;
  };
}

/** See the file's head. It serves any number of connections. */
export class EchoHost implements SwitchedHost {
  readonly component: number;
  private link: Transmitter | undefined;
  private currentMac: MacAddress;
  private readonly addresses: readonly IpAddress[];
  private readonly sessions = new ConnectionMap<EchoSession>();
  private readonly segment = new TcpSegment();
  private readonly sequenceNumbers: Random;
  private identification = 0;
  private makeApplication: PeerApplicationMaker | undefined;
  private readonly ring: TransmitRing;
  private readonly untagged = new Frame();
  private readonly internet: PeerInternet;
  /** VLAN of the frame that is being received, and so of the answer to it. */
  private receivingVlanId = 0;
  private readonly noData = new SendQueue();

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly own: EchoHostAddresses,
    private readonly settings: TcpSettings,
    /** The trace's id of the connection from a port of the client, once it is known. */
    private readonly connectionFrom: (clientPort: number) => number | undefined,
    name = 'Echo server',
    /** Stream of chance for its initial sequence numbers. */
    stream = 3,
  ) {
    this.component = machine.probe.component('peer', name);
    this.ring = new TransmitRing(machine, ringTime);
    this.currentMac = own.mac;
    const ipv6Addresses = own.ipv6Address === undefined ? [] : [own.ipv6Address];
    this.addresses = [own.address, ...ipv6Addresses, ...(own.further ?? [])];
    this.internet = new PeerInternet({
      interfaces: () => {
        const all = [{ ...own, mac: this.mac }, ...(own.standby === undefined ? [] : [own.standby])];
        return all.map(({ mac, address, ipv6Address }) => ({
          mac,
          addresses: ipv6Address === undefined ? [address] : [address, ipv6Address],
        }));
      },
      owns: (address) => this.owns(address),
      nextIdentification: () => this.nextIdentification(),
      send: (bytes) => {
        this.sendBytes(bytes, this.receivingVlanId);
      },
    });
    this.sequenceNumbers = machine.random(stream);
  }

  /** Its Ethernet address. */
  get mac(): MacAddress {
    return this.currentMac;
  }

  takes(destination: MacAddress): boolean {
    const { standby } = this.own;
    return (
      sameAddress(destination, this.mac) || (standby !== undefined && sameAddress(destination, standby.mac))
    );
  }

  /** Its adapter is replaced: announces the new Ethernet address. */
  replaceMac(mac: MacAddress): void {
    this.currentMac = mac;
    this.announce();
  }

  /** Announces its Ethernet address: by a gratuitous ARP request (RFC 5227 section 3), and by an unsolicited advertisement. */
  announce(): void {
    const announcement = {
      operation: arpOperations.request,
      senderMac: this.mac,
      senderAddress: this.own.address,
      targetMac: new Uint8Array(6),
      targetAddress: this.own.address,
    };
    const bytes = new Uint8Array(arpFrameLength);
    writeArpFrame(bytes, broadcastMac, announcement);
    this.sendBytes(bytes, 0);
    this.receivingVlanId = 0;
    if (this.own.ipv6Address !== undefined) this.internet.announce(this.own.ipv6Address, this.mac);
  }

  /** The echo of a client's connection to one of its addresses. */
  application(address: IpAddress, client: IpAddress, clientPort: number): PeerApplication | undefined {
    return this.sessions.get(address, echoPort, client, clientPort)?.application;
  }

  /** Has another application than an echo serve connections from now on. */
  serve(makeApplication: PeerApplicationMaker): void {
    this.makeApplication = makeApplication;
  }

  /** Resets a client's connection to one of its addresses; nothing happens if there is none. */
  reset(address: IpAddress, client: IpAddress, clientPort: number): void {
    this.sessions.get(address, echoPort, client, clientPort)?.reset();
  }

  /** Sends bytes on a client's connection besides what its application does; false if there is none. */
  sendBesides(address: IpAddress, client: IpAddress, clientPort: number, bytes: Uint8Array): boolean {
    const session = this.sessions.get(address, echoPort, client, clientPort);
    session?.sendBesides(bytes);
    return session !== undefined;
  }

  /** Somebody on its link sends a frame after a while, virtual ns, perhaps in its name; `make` answers it then. */
  inject(delay: number, make: () => Frame | undefined): void {
    this.machine.queueDeferredCall(delay, () => {
      const frame = make();
      if (frame !== undefined) this.link?.transmit(this, frame);
    });
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  /** Puts something in front of its cable. */
  sendThrough(wrap: (link: Transmitter) => Transmitter): void {
    if (this.link !== undefined) this.link = wrap(this.link);
  }

  receive(frame: Frame): void {
    const destination = frame.bytes.subarray(0, 6);
    if (!this.takes(destination) && !isGroupMac(destination)) return;
    const tag = tagOf(frame.bytes, frame.length);
    if (tag === undefined) {
      this.receiveUntagged(frame, 0);
      return;
    }
    // A broadcast is for other hosts as well: the tag is taken out of a copy.
    const { untagged } = this;
    untagged.bytes.set(frame.bytes.subarray(0, frame.length));
    untagged.length = frame.length;
    removeTag(untagged);
    this.receiveUntagged(untagged, tag.VlanId);
  }

  private receiveUntagged(frame: Frame, VlanId: number): void {
    const { bytes, length } = frame;
    this.receivingVlanId = VlanId;
    if (carriesInternet(bytes, length)) this.receiveInternet(frame, VlanId);
    else if (etherTypeOf(bytes, length) === etherTypes.arp)
      this.internet.receiveArp(bytes.subarray(0, length));
  }

  private owns(address: IpAddress): boolean {
    return this.addresses.some((one) => sameAddress(one, address));
  }

  /** Sends a frame into a VLAN; 0: none. */
  private send(frame: Frame, VlanId: number): void {
    if (VlanId !== 0) insertTag(frame, { VlanId, UserPriority: 0 });
    if (this.link === undefined) this.pool.release(frame);
    else this.ring.queued(this.link.transmit(this, frame));
  }

  private sendBytes(bytes: Uint8Array, VlanId: number): void {
    const frame = this.pool.take('peer');
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    this.send(frame, VlanId);
  }

  private receiveInternet(frame: Frame, VlanId: number): void {
    const { segment } = this;
    const received = readSegmentFrame(segment, frame.bytes, frame.length);
    if (typeof received !== 'string') this.receiveSegment(frame, received, VlanId);
    else if (received === 'not-tcp') {
      const message = readIcmpFrame(frame.bytes, frame.length);
      if (typeof message === 'string') return;
      if (saysTooBig(message)) this.takeTooBig(message);
      else this.internet.receiveIcmp(message, frame.bytes.subarray(0, frame.length));
    }
  }

  /** A router has refused a segment for its size (RFC 1191, RFC 8201). */
  private takeTooBig(message: ReceivedIcmp): void {
    const quoted = readQuotedSegment(message.version, message.body);
    if (quoted === undefined) return;
    const { source, sourcePort, destination, destinationPort } = quoted;
    const session = this.sessions.get(source, sourcePort, destination, destinationPort);
    const mtu = toldMtu(message, quoted.totalLength);
    if (mtu !== undefined) session?.packetTooBig(quoted.SequenceNumber, mtu - headerLengthsOf(source));
  }

  private receiveSegment(frame: Frame, { source, destination }: ReceivedSegment, VlanId: number): void {
    const { segment } = this;
    if (!this.owns(destination)) return;
    const { sourcePort, destinationPort } = segment;
    let session = this.sessions.get(destination, destinationPort, source, sourcePort);
    if (session === undefined) {
      if (destinationPort !== echoPort || !opensConnection(segment)) {
        this.refuse(frame, { source, destination }, VlanId);
        return;
      }
      session = this.accept(destination.slice(), source.slice(), segment.sourcePort);
    }
    session.VlanId = VlanId;
    session.client.heard(frame.bytes);
    session.process(segment);
  }

  /** Answers a segment of a connection that it does not have (RFC 9293 section 3.10.7.1). */
  private refuse(
    received: Frame,
    { source, destination }: Pick<ReceivedSegment, 'source' | 'destination'>,
    VlanId: number,
  ): void {
    const answer = refusalOf(this.segment);
    if (answer === undefined) return;
    const frame = this.pool.take('peer');
    const addressing = {
      sourceMac: this.mac,
      destinationMac: received.bytes.subarray(6, 12),
      source: destination,
      destination: source,
      timeToLive: 64,
      typeOfService: 0,
    };
    fillSegmentFrame(frame, addressing, this.nextIdentification(), answer, this.noData, 0);
    frame.connection = received.connection;
    this.send(frame, VlanId);
  }

  private accept(local: IpAddress, client: IpAddress, clientPort: number): EchoSession {
    const { machine, pool, ring } = this;
    const output: SegmentOutput = {
      emit: (segment, queue, offset, retransmission) => {
        const frame = pool.take('peer');
        const addressing = {
          sourceMac: this.mac,
          destinationMac: session.client.mac,
          source: local,
          destination: client,
          timeToLive: 64,
          typeOfService: 0,
        };
        fillSegmentFrame(frame, addressing, this.nextIdentification(), segment, queue, offset);
        frame.connection = this.connectionFrom(clientPort);
        frame.retransmission = retransmission;
        this.send(frame, session.VlanId);
      },
      hasRoom: () => {
        if (!ring.hasRoom) ring.wait(session);
        return ring.hasRoom;
      },
    };
    const session = new EchoSession(
      machine,
      this.settingsFor(local),
      echoPort,
      clientPort,
      this.sequenceNumbers.nextUint32(),
      output,
      this.makeApplication,
    );
    this.sessions.set(local, echoPort, client, clientPort, session);
    return session;
  }

  /** What a segment may carry depends on the IP version (RFC 6691 section 2). */
  private settingsFor(local: IpAddress): TcpSettings {
    const { settings } = this;
    return isIpv6(local)
      ? { ...settings, localMss: settings.localMss - (ipv6HeaderLength - ipv4HeaderLength) }
      : settings;
  }

  private nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0xffff);
  }
}

/** Bytes of an IP and a TCP header without options. */
function headerLengthsOf(address: IpAddress): number {
  return (isIpv6(address) ? ipv6HeaderLength : ipv4HeaderLength) + tcpHeaderLength;
}
