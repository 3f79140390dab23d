/**
 * The other end of the bench: a host of its own with ARP and TCP and nothing between them and the wire. Its one service discards what
 * it receives, or sends without end, as the services of RFC 863 and RFC 864 do, but copies and hashes nothing.
 */
import type { Machine } from '../../../electron/emulator/machine/machine';
import { Timer } from '../../../electron/emulator/machine/timer';
import { ConnectionMap } from '../../../electron/emulator/tcp/connectionMap';
import type { SendOwner } from '../../../electron/emulator/tcp/sendQueue';
import { TcpEngine, type SegmentOutput, type TcpUser } from '../../../electron/emulator/tcp/tcpEngine';
import type { TcpSettings } from '../../../electron/emulator/tcp/tcpSettings';
import {
  sameAddress,
  type IpAddress,
  type Ipv4Address,
  type MacAddress,
} from '../../../electron/emulator/wire/address';
import { arpOperations, readArpFrame, writeArpFrame } from '../../../electron/emulator/wire/arp';
import { etherTypeOf, etherTypes } from '../../../electron/emulator/wire/ethernet';
import type { Frame, FramePool } from '../../../electron/emulator/wire/frame';
import type { LinkEnd, Transmitter } from '../../../electron/emulator/wire/link';
import {
  fillSegmentFrame,
  readSegmentFrame,
  type SegmentAddressing,
} from '../../../electron/emulator/wire/segmentFrame';
import { TcpSegment } from '../../../electron/emulator/wire/tcpSegment';
import { TransmitRing, type RoomWaiter } from '../../../electron/emulator/wire/transmitRing';

/** Port of the service. */
export const servicePort = 9;

/** Longest wait of a frame in its adapter's transmit ring, ns. */
const ringTime = 50_000;

/** See the file's head. */
export class PlainHost implements LinkEnd {
  readonly component: number;
  /** Segments with new payload that have come in order, and their bytes. */
  segments = 0;
  bytes = 0;
  /** Bytes of its own that the other side has acknowledged. */
  acknowledged = 0;
  readonly ring: TransmitRing;
  readonly segment = new TcpSegment();
  private identification = 0;
  private link: Transmitter | undefined;
  private readonly sessions = new ConnectionMap<Session>();
  private readonly all: Session[] = [];
  private readonly sequenceNumbers;
  private client: SegmentAddressing | undefined;

  constructor(
    readonly machine: Machine,
    readonly pool: FramePool,
    private readonly mac: MacAddress,
    private readonly address: Ipv4Address,
    readonly settings: TcpSettings,
  ) {
    this.component = machine.probe.component('peer', 'Plain host');
    this.ring = new TransmitRing(machine, ringTime);
    this.sequenceNumbers = machine.random(3);
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  /** Sends without end on every connection: so many of these messages are outstanding at a time. */
  generate(message: Uint8Array, outstanding: number): void {
    for (const session of this.all) session.generate(message, outstanding);
  }

  receive(frame: Frame): void {
    const etherType = etherTypeOf(frame.bytes, frame.length);
    if (etherType === etherTypes.arp) this.receiveArp(frame);
    else if (etherType === etherTypes.ipv4) this.receiveSegment(frame);
  }

  /** Sends a frame. */
  send(frame: Frame): void {
    if (this.link === undefined) throw new Error('the plain host has no link');
    this.ring.queued(this.link.transmit(this, frame));
  }

  /** The next IPv4 identification. */
  nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0xffff);
  }

  private receiveArp(frame: Frame): void {
    const request = readArpFrame(frame.bytes, frame.length);
    if (request?.operation !== arpOperations.request || !sameAddress(request.targetAddress, this.address))
      return;
    const reply = this.pool.take('peer');
    reply.length = writeArpFrame(reply.bytes, request.senderMac, {
      operation: arpOperations.reply,
      senderMac: this.mac,
      senderAddress: this.address,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    });
    this.send(reply);
  }

  private receiveSegment(frame: Frame): void {
    const { segment } = this;
    const received = readSegmentFrame(segment, frame.bytes, frame.length);
    if (typeof received === 'string') throw new Error(`a frame of the bench can't be read: ${received}`);
    const { source, destination } = received;
    let session = this.sessions.get(destination, segment.destinationPort, source, segment.sourcePort);
    if (session === undefined) {
      const addressing = this.addressingTo(frame, source);
      session = new Session(this, addressing, segment.sourcePort, this.sequenceNumbers.nextUint32());
      this.sessions.set(destination, segment.destinationPort, source, segment.sourcePort, session);
      this.all.push(session);
    }
    session.process(segment);
  }

  /** What goes around segments to whom a frame is from: one object for all connections of a client. */
  private addressingTo(frame: Frame, client: IpAddress): SegmentAddressing {
    const { client: last } = this;
    if (
      last !== undefined &&
      sameAddress(last.destination, client) &&
      sameAddress(last.destinationMac, frame.bytes.subarray(6, 12))
    )
      return last;
    return (this.client = {
      sourceMac: this.mac,
      destinationMac: frame.bytes.slice(6, 12),
      source: this.address,
      destination: client.slice(),
      timeToLive: 64,
      typeOfService: 0,
    });
  }
}

/** One connection of the host: an engine, its timer, and the service. */
class Session implements SegmentOutput, SendOwner, RoomWaiter, TcpUser {
  private readonly engine: TcpEngine;
  private readonly timer: Timer;
  waitsForRoom = false;
  private message: Uint8Array | undefined;
  /** Bytes of messages that may be queued further. */
  private room = 0;

  constructor(
    private readonly host: PlainHost,
    private readonly addressing: SegmentAddressing,
    remotePort: number,
    initialSequence: number,
  ) {
    this.engine = new TcpEngine(host.settings, this, servicePort, remotePort);
    this.engine.listen(initialSequence);
    this.timer = new Timer(host.machine, this);
  }

  process(segment: TcpSegment): void {
    this.engine.process(segment, this.host.machine.now);
    this.run();
  }

  emit(segment: TcpSegment, queue: TcpEngine['queue'], offset: number, retransmission: boolean): void {
    const { host } = this;
    const frame = host.pool.take('peer');
    fillSegmentFrame(frame, this.addressing, host.nextIdentification(), segment, queue, offset);
    frame.retransmission = retransmission;
    host.send(frame);
  }

  hasRoom(): boolean {
    const { ring } = this.host;
    if (!ring.hasRoom) ring.wait(this);
    return ring.hasRoom;
  }

  onAcknowledged(count: number): void {
    this.host.acknowledged += count;
    this.room += count;
    this.queueMessages();
  }

  resume(): void {
    this.run();
  }

  expire(): void {
    this.run();
  }

  receiveSpace(): number {
    return this.host.settings.receiveBuffer;
  }

  onData(_bytes: Uint8Array, _start: number, length: number): void {
    this.host.segments++;
    this.host.bytes += length;
  }

  onEstablished(): void {
    // Whoever has connected sends, or is sent to when the bench starts.
  }

  onPeerClosed(): void {
    throw new Error('a connection of the bench has been closed');
  }

  onFinAcknowledged(): void {
    throw new Error('a connection of the bench has sent a FIN');
  }

  onReset(): void {
    throw new Error('a connection of the bench has been reset');
  }

  onTimeout(): void {
    throw new Error('a connection of the bench has timed out');
  }

  onClosed(): void {
    throw new Error('a connection of the bench has ended');
  }

  /** Sends without end. */
  generate(message: Uint8Array, outstanding: number): void {
    this.message = message;
    this.room = outstanding * message.length;
    this.queueMessages();
    this.run();
  }

  private queueMessages(): void {
    const { message } = this;
    if (message === undefined) return;
    for (; this.room >= message.length; this.room -= message.length) this.engine.send(message, this, true);
  }

  private run(): void {
    this.engine.dispatch(this.host.machine.now, this);
    this.timer.set(this.engine.nextAt());
  }
}
