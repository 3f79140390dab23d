/**
 * A remote host whose applications open connections to the emulated one: its own interface, ARP and TCP, none of it offloaded. Like
 * the echo host it knows nothing of chimneys.
 */
import type { Random } from '../../../shared/base/random';
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';
import { ConnectionMap } from '../tcp/connectionMap';
import { refusalOf } from '../tcp/segmentRefusal';
import { SendQueue } from '../tcp/sendQueue';
import { TcpEngine, type SegmentOutput, type TcpUser } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { broadcastMac, sameAddress, type Ipv4Address, type MacAddress } from '../wire/address';
import { arpOperations, readArpFrame, writeArpFrame } from '../wire/arp';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import type { Frame, FramePool } from '../wire/frame';
import type { Transmitter } from '../wire/link';
import { fillSegmentFrame, readSegmentFrame, type SegmentAddressing } from '../wire/segmentFrame';
import type { SwitchedHost } from '../wire/switch';
import { TcpSegment } from '../wire/tcpSegment';
import { TransmitRing, type RoomWaiter } from '../wire/transmitRing';

/** Longest wait of a frame in its adapter's transmit ring, ns. */
const ringTime = 50_000;

/** Where a client's connections lead. */
export interface ClientHostAddresses {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  /** Ethernet address of the emulated host. */
  readonly hostMac: MacAddress;
  readonly hostAddress: Ipv4Address;
}

/** What an application on the client is told. */
export interface ClientUser {
  onConnected(): void;
  /** Bytes in order; they may be kept. */
  onData(bytes: Uint8Array): void;
  onPeerClosed(): void;
  /** `reset` also where the connection was refused. */
  onClosed(reason: 'closed' | 'reset' | 'timeout'): void;
  /** Room for further bytes; absent: the whole receive buffer at any time. */
  receiveSpace?(): number;
}

/** One connection of a client. */
export class ClientSession implements RoomWaiter {
  waitsForRoom = false;
  readonly engine: TcpEngine;
  private readonly timer: Timer;
  private running = false;

  constructor(
    private readonly machine: Machine,
    settings: TcpSettings,
    readonly localPort: number,
    readonly remotePort: number,
    private readonly output: SegmentOutput,
    user: ClientUser,
    private readonly onGone: () => void,
  ) {
    const tcpUser: TcpUser = {
      receiveSpace: () => Math.min(settings.receiveBuffer, user.receiveSpace?.() ?? Infinity),
      onData: (bytes, start, length) => {
        user.onData(bytes.slice(start, start + length));
      },
      onEstablished: () => {
        user.onConnected();
      },
      onPeerClosed: () => {
        user.onPeerClosed();
      },
      onFinAcknowledged: () => undefined,
      onReset: () => {
        user.onClosed('reset');
      },
      onTimeout: () => {
        this.engine.abort();
        user.onClosed('timeout');
      },
      onClosed: () => {
        user.onClosed('closed');
      },
    };
    this.engine = new TcpEngine(settings, tcpUser, localPort, remotePort);
    this.timer = new Timer(machine, this);
  }

  /** Opens it. */
  connect(initialSequence: number): void {
    this.engine.connect(initialSequence);
    this.run();
  }

  /** Posts bytes; `acknowledged` hears how many of them, in order, the host has acknowledged. */
  send(bytes: Uint8Array, acknowledged: (count: number) => void = () => undefined): void {
    this.engine.send(bytes, { onAcknowledged: acknowledged }, true);
    this.run();
  }

  /** Sends nothing more. */
  shutdown(): void {
    this.engine.shutdown();
    this.run();
  }

  /** Gives it up with a RST. */
  abort(): void {
    this.engine.abort();
    this.run();
  }

  /** There is room for further bytes. */
  receiveSpaceGrew(): void {
    this.engine.receiveSpaceGrew();
    this.run();
  }

  /** Takes a segment of this connection. */
  process(segment: TcpSegment): void {
    const outermost = !this.running;
    this.running = true;
    this.engine.process(segment, this.machine.now);
    if (outermost) {
      this.running = false;
      this.run();
    }
  }

  resume(): void {
    this.run();
  }

  /** Its timer has expired. */
  expire(): void {
    this.run();
  }

  /** Sends what may be sent now. */
  run(): void {
    if (this.running) return;
    this.running = true;
    this.engine.dispatch(this.machine.now, this.output);
    this.running = false;
    this.timer.set(this.engine.nextAt());
    if (this.engine.variables.State === TcpConnectionState.Closed) this.onGone();
  }
}

/** See the file's head. */
export class ClientHost implements SwitchedHost {
  readonly component: number;
  private link: Transmitter | undefined;
  private readonly sessions = new ConnectionMap<ClientSession>();
  private readonly segment = new TcpSegment();
  private readonly sequenceNumbers: Random;
  private readonly ring: TransmitRing;
  private readonly addressing: SegmentAddressing;
  private readonly noData = new SendQueue();
  private identification = 0;
  private nextPort = 1025;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly own: ClientHostAddresses,
    private readonly settings: TcpSettings,
    name = 'Client',
    /** Stream of chance for its initial sequence numbers. */
    stream = 200,
    /** The trace's id of the connection from one of its ports, once it is known. */
    private readonly connectionFrom: (localPort: number) => number | undefined = () => undefined,
  ) {
    this.addressing = {
      sourceMac: own.mac,
      destinationMac: own.hostMac,
      source: own.address,
      destination: own.hostAddress,
      timeToLive: 64,
      typeOfService: 0,
    };
    this.component = machine.probe.component('peer', name);
    this.ring = new TransmitRing(machine, ringTime);
    this.sequenceNumbers = machine.random(stream);
  }

  takes(destination: MacAddress): boolean {
    return sameAddress(destination, this.own.mac);
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  /** Opens a connection to a port of the emulated host; from a given port of its own, or the next one. */
  open(remotePort: number, user: ClientUser, localPort = this.takePort()): ClientSession {
    const { machine, ring, own } = this;
    const output: SegmentOutput = {
      emit: (segment, queue, offset, retransmission) => {
        this.send(segment, queue, offset, retransmission);
      },
      hasRoom: () => {
        if (!ring.hasRoom) ring.wait(session);
        return ring.hasRoom;
      },
    };
    const forget = (): void => {
      if (this.sessions.get(own.address, localPort, own.hostAddress, remotePort) === session)
        this.sessions.delete(own.address, localPort, own.hostAddress, remotePort);
    };
    const session: ClientSession = new ClientSession(
      machine,
      this.settings,
      localPort,
      remotePort,
      output,
      user,
      forget,
    );
    this.sessions.set(own.address, localPort, own.hostAddress, remotePort, session);
    session.connect(this.sequenceNumbers.nextUint32());
    return session;
  }

  receive(frame: Frame): void {
    const destination = frame.bytes.subarray(0, 6);
    if (!this.takes(destination) && !sameAddress(destination, broadcastMac)) return;
    const etherType = etherTypeOf(frame.bytes, frame.length);
    if (etherType === etherTypes.arp) this.receiveArp(frame);
    else if (etherType === etherTypes.ipv4) this.receiveSegment(frame);
  }

  private takePort(): number {
    const port = this.nextPort;
    this.nextPort = port === 0xffff ? 1025 : port + 1;
    return port;
  }

  private transmit(frame: Frame): void {
    if (this.link === undefined) this.pool.release(frame);
    else this.ring.queued(this.link.transmit(this, frame));
  }

  private receiveArp(received: Frame): void {
    const request = readArpFrame(received.bytes, received.length);
    if (request?.operation !== arpOperations.request) return;
    if (!sameAddress(request.targetAddress, this.own.address)) return;
    const frame = this.pool.take('peer');
    frame.length = writeArpFrame(frame.bytes, request.senderMac, {
      operation: arpOperations.reply,
      senderMac: this.own.mac,
      senderAddress: this.own.address,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    });
    this.transmit(frame);
  }

  private receiveSegment(frame: Frame): void {
    const { segment } = this;
    const received = readSegmentFrame(segment, frame.bytes, frame.length);
    if (typeof received === 'string') return;
    const { destinationPort, sourcePort } = segment;
    const { source, destination } = received;
    const session = this.sessions.get(destination, destinationPort, source, sourcePort);
    if (session !== undefined) session.process(segment);
    else if (sameAddress(destination, this.own.address)) this.refuse(segment);
  }

  /** Answers a segment that no connection takes (RFC 9293 section 3.10.7.1). */
  private refuse(segment: TcpSegment): void {
    const answer = refusalOf(segment);
    if (answer !== undefined) this.send(answer, this.noData, 0, false);
  }

  private send(segment: TcpSegment, queue: SendQueue, offset: number, retransmission: boolean): void {
    const frame = this.pool.take('peer');
    this.identification = (this.identification + 1) & 0xffff;
    fillSegmentFrame(frame, this.addressing, this.identification, segment, queue, offset);
    frame.connection = this.connectionFrom(segment.sourcePort);
    frame.retransmission = retransmission;
    this.transmit(frame);
  }
}
