/**
 * A remote host with an echo server: its own interface, ARP and TCP, none of it offloaded. It stands for "the other side" and
 * knows nothing of chimneys. With further addresses it also stands for a router and the hosts behind it.
 */
import type { Random } from '../../../shared/base/random';
import type { Machine } from '../machine/machine';
import { ConnectionMap } from '../tcp/connectionMap';
import type { SegmentOutput } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import { broadcastMac, sameAddress, type Ipv4Address, type MacAddress } from '../wire/address';
import { arpOperations, readArpFrame, writeArpFrame } from '../wire/arp';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { Frame, type FramePool } from '../wire/frame';
import type { Transmitter } from '../wire/link';
import { fillSegmentFrame, readSegmentFrame } from '../wire/segmentFrame';
import type { SwitchedHost } from '../wire/switch';
import { TcpSegment, tcpFlags } from '../wire/tcpSegment';
import { insertTag, removeTag, tagOf } from '../wire/vlanTag';
import { TransmitRing } from '../wire/transmitRing';
import { EchoSession } from './echoSession';
import type { PeerApplication, PeerApplicationMaker } from './peerApplication';

/** Port of the echo service (RFC 862). */
export const echoPort = 7;

/** Longest wait of a frame in its adapter's transmit ring, ns. */
const ringTime = 50_000;

/** Addresses of the remote host. */
export interface EchoHostAddresses {
  readonly mac: MacAddress;
  /** On the link: answers ARP. */
  readonly address: Ipv4Address;
  /** Addresses behind it. */
  readonly further?: readonly Ipv4Address[];
  /** A second interface, through which everything can be reached as well. */
  readonly standby?: { readonly mac: MacAddress; readonly address: Ipv4Address };
}

/** See the file's head. It serves any number of connections. */
export class EchoHost implements SwitchedHost {
  readonly component: number;
  private link: Transmitter | undefined;
  private currentMac: MacAddress;
  private readonly addresses: readonly Ipv4Address[];
  private readonly sessions = new ConnectionMap<EchoSession>();
  private readonly segment = new TcpSegment();
  private readonly sequenceNumbers: Random;
  private identification = 0;
  private makeApplication: PeerApplicationMaker | undefined;
  private readonly ring: TransmitRing;
  private readonly untagged = new Frame();

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
    this.addresses = [own.address, ...(own.further ?? [])];
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

  /** Announces its Ethernet address with a gratuitous ARP request (RFC 5227 section 3). */
  announce(): void {
    const announcement = {
      operation: arpOperations.request,
      senderMac: this.mac,
      senderAddress: this.own.address,
      targetMac: new Uint8Array(6),
      targetAddress: this.own.address,
    };
    this.sendArp(broadcastMac, announcement, 0);
  }

  /** The echo of a client's connection to one of its addresses. */
  application(address: Ipv4Address, client: Ipv4Address, clientPort: number): PeerApplication | undefined {
    return this.sessions.get(address, echoPort, client, clientPort)?.application;
  }

  /** Has another application than an echo serve connections from now on. */
  serve(makeApplication: PeerApplicationMaker): void {
    this.makeApplication = makeApplication;
  }

  /** Resets a client's connection to one of its addresses; nothing happens if there is none. */
  reset(address: Ipv4Address, client: Ipv4Address, clientPort: number): void {
    this.sessions.get(address, echoPort, client, clientPort)?.reset();
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  receive(frame: Frame): void {
    const destination = frame.bytes.subarray(0, 6);
    if (!this.takes(destination) && !sameAddress(destination, broadcastMac)) return;
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
    const etherType = etherTypeOf(frame.bytes, frame.length);
    if (etherType === etherTypes.arp) this.receiveArp(frame, VlanId);
    else if (etherType === etherTypes.ipv4) this.receiveSegment(frame, VlanId);
  }

  /** Sends a frame into a VLAN; 0: none. */
  private send(frame: Frame, VlanId: number): void {
    if (VlanId !== 0) insertTag(frame, { VlanId, UserPriority: 0 });
    if (this.link === undefined) this.pool.release(frame);
    else this.ring.queued(this.link.transmit(this, frame));
  }

  private sendArp(
    destination: MacAddress,
    message: Parameters<typeof writeArpFrame>[2],
    VlanId: number,
  ): void {
    const frame = this.pool.take('peer');
    frame.length = writeArpFrame(frame.bytes, destination, message);
    this.send(frame, VlanId);
  }

  private receiveArp(frame: Frame, VlanId: number): void {
    const request = readArpFrame(frame.bytes, frame.length);
    if (request?.operation !== arpOperations.request) return;
    const { address, standby } = this.own;
    const asked = [{ mac: this.mac, address }, ...(standby === undefined ? [] : [standby])].find((one) =>
      sameAddress(one.address, request.targetAddress),
    );
    if (asked === undefined) return;
    const reply = {
      operation: arpOperations.reply,
      senderMac: asked.mac,
      senderAddress: asked.address,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    };
    this.sendArp(request.senderMac, reply, VlanId);
  }

  private receiveSegment(frame: Frame, VlanId: number): void {
    const { segment } = this;
    const received = readSegmentFrame(segment, frame.bytes, frame.length);
    if (typeof received === 'string' || segment.destinationPort !== echoPort) return;
    const { source, destination } = received;
    if (!this.addresses.some((address) => sameAddress(address, destination))) return;
    let session = this.sessions.get(destination, echoPort, source, segment.sourcePort);
    if (session === undefined) {
      if (!segment.has(tcpFlags.SYN)) return;
      session = this.accept(destination.slice(), source.slice(), segment.sourcePort);
    }
    session.VlanId = VlanId;
    session.client.heard(frame.bytes);
    session.process(segment);
  }

  private accept(local: Ipv4Address, client: Ipv4Address, clientPort: number): EchoSession {
    const { machine, pool, ring } = this;
    const resume = (): void => {
      session.run();
    };
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
        if (!ring.hasRoom) ring.wait(resume);
        return ring.hasRoom;
      },
    };
    const session = new EchoSession(
      machine,
      this.settings,
      echoPort,
      clientPort,
      this.sequenceNumbers.nextUint32(),
      output,
      this.makeApplication,
    );
    this.sessions.set(local, echoPort, client, clientPort, session);
    return session;
  }

  private nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0xffff);
  }
}
