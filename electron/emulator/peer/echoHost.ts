/**
 * A remote host with an echo server: its own interface, ARP and TCP, none of it offloaded. It stands for "the other side" and
 * knows nothing of chimneys.
 */
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';
import { TcpEngine, type SegmentOutput } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import { sameAddress, type Ipv4Address, type MacAddress } from '../wire/address';
import { arpOperations, readArpFrame, writeArpFrame } from '../wire/arp';
import { etherTypeOf, etherTypes, isAddressedTo } from '../wire/ethernet';
import type { Frame, FramePool } from '../wire/frame';
import type { Link, LinkEnd } from '../wire/link';
import { fillSegmentFrame, readSegmentFrame } from '../wire/segmentFrame';
import { TcpSegment, tcpFlags } from '../wire/tcpSegment';
import { TransmitRing } from '../wire/transmitRing';
import { EchoApplication } from './echoApplication';

/** Port of the echo service (RFC 862). */
export const echoPort = 7;

/** Longest wait of a frame in its adapter's transmit ring, ns. */
const ringTime = 50_000;

/** Addresses of the remote host. */
export interface EchoHostAddresses {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
}

/** See the file's head. It serves one connection, which is what the scenarios make. */
export class EchoHost implements LinkEnd {
  readonly component: number;
  readonly application: EchoApplication;
  private link: Link | undefined;
  private readonly engine: TcpEngine;
  private readonly segment = new TcpSegment();
  private readonly output: SegmentOutput;
  private readonly timer: Timer;
  private clientMac: MacAddress = new Uint8Array(6);
  private clientAddress: Ipv4Address = new Uint8Array(4);
  private clientPort = 0;
  private identification = 0;
  private readonly ring: TransmitRing;
  private readonly resume = (): void => {
    this.run();
  };

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly own: EchoHostAddresses,
    private readonly settings: TcpSettings,
    /** The trace's id of the connection, once it is known. */
    private readonly connection: () => number | undefined,
  ) {
    this.component = machine.probe.component('peer', 'Echo server');
    this.ring = new TransmitRing(machine, ringTime);
    this.application = new EchoApplication(
      {
        send: (bytes, owner) => {
          this.engine.send(bytes, owner, true);
        },
        shutdown: () => {
          this.engine.shutdown();
        },
        receiveSpaceGrew: () => {
          this.engine.receiveSpaceGrew();
        },
      },
      settings.receiveBuffer,
    );
    this.engine = this.listen();
    this.timer = new Timer(machine, () => {
      this.run();
    });
    this.output = {
      emit: (segment, queue, offset, retransmission) => {
        const frame = pool.take('peer');
        const addressing = {
          sourceMac: own.mac,
          destinationMac: this.clientMac,
          source: own.address,
          destination: this.clientAddress,
          timeToLive: 64,
          typeOfService: 0,
        };
        segment.destinationPort = this.clientPort;
        fillSegmentFrame(frame, addressing, this.nextIdentification(), segment, queue, offset);
        frame.connection = this.connection();
        frame.retransmission = retransmission;
        this.send(frame);
      },
      hasRoom: () => {
        if (!this.ring.hasRoom) this.ring.wait(this.resume);
        return this.ring.hasRoom;
      },
    };
  }

  /** Plugs the cable in. */
  connect(link: Link): void {
    this.link = link;
  }

  receive(frame: Frame): void {
    if (!isAddressedTo(frame.bytes, this.own.mac)) return;
    const etherType = etherTypeOf(frame.bytes, frame.length);
    if (etherType === etherTypes.arp) this.receiveArp(frame);
    else if (etherType === etherTypes.ipv4) this.receiveSegment(frame);
  }

  private send(frame: Frame): void {
    if (this.link === undefined) this.pool.release(frame);
    else this.ring.queued(this.link.transmit(this, frame));
  }

  private receiveArp(frame: Frame): void {
    const request = readArpFrame(frame.bytes, frame.length);
    if (request?.operation !== arpOperations.request || !sameAddress(request.targetAddress, this.own.address))
      return;
    const reply = this.pool.take('peer');
    reply.length = writeArpFrame(reply.bytes, request.senderMac, {
      operation: arpOperations.reply,
      senderMac: this.own.mac,
      senderAddress: this.own.address,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    });
    this.send(reply);
  }

  private receiveSegment(frame: Frame): void {
    const { segment } = this;
    const received = readSegmentFrame(segment, frame.bytes, frame.length);
    if (typeof received === 'string' || !sameAddress(received.destination, this.own.address)) return;
    if (segment.destinationPort !== echoPort) return;
    if (this.clientPort === 0 && segment.has(tcpFlags.SYN)) {
      this.clientMac = frame.bytes.slice(6, 12);
      this.clientAddress = received.source.slice();
      this.clientPort = segment.sourcePort;
    } else if (segment.sourcePort !== this.clientPort || !sameAddress(received.source, this.clientAddress))
      return;
    this.engine.process(segment, this.machine.now);
    this.run();
  }

  private run(): void {
    this.engine.dispatch(this.machine.now, this.output);
    this.timer.set(this.engine.nextAt());
  }

  private listen(): TcpEngine {
    const { application } = this;
    const engine = new TcpEngine(
      this.settings,
      {
        receiveSpace: () => application.receiveSpace(),
        onData: (bytes, start, length) => {
          application.onData(bytes, start, length);
        },
        onPeerClosed: () => {
          application.onPeerClosed();
        },
        onEstablished: () => undefined,
        onFinAcknowledged: () => undefined,
        onReset: () => undefined,
        onTimeout: () => {
          engine.abort();
        },
        onClosed: () => undefined,
      },
      echoPort,
      0,
    );
    engine.listen(this.machine.random(3).nextUint32());
    return engine;
  }

  private nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0xffff);
  }
}
