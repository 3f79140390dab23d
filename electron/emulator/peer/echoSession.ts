/** One connection of an echo host: an engine, its timer, and the echo that reads and writes. */
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';
import { isBefore } from '../tcp/sequenceNumber';
import type { SendOwner } from '../tcp/sendQueue';
import { TcpEngine, type SegmentOutput } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import { TcpSegment, tcpFlags } from '../wire/tcpSegment';
import type { RoomWaiter } from '../wire/transmitRing';
import { EchoApplication } from './echoApplication';
import { HeardAddress } from './heardAddress';
import type { PeerApplication, PeerApplicationMaker } from './peerApplication';

/** The owner of bytes that nobody waits for. */
const nobody: SendOwner = { onAcknowledged: () => undefined };

/** See the file's head. */
export class EchoSession implements RoomWaiter {
  waitsForRoom = false;
  readonly application: PeerApplication;
  /** Where its client's frames come from. */
  readonly client = new HeardAddress();
  /** VLAN that its client is in, as the last frame of it said; 0: none. */
  VlanId = 0;
  private readonly engine: TcpEngine;
  private readonly timer: Timer;
  /** It has been reset and answers everything with a RST. */
  private forgotten = false;

  constructor(
    private readonly machine: Machine,
    settings: TcpSettings,
    localPort: number,
    remotePort: number,
    initialSequence: number,
    private readonly output: SegmentOutput,
    makeApplication: PeerApplicationMaker = (connection, window) => new EchoApplication(connection, window),
  ) {
    const application = makeApplication(
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
        run: () => {
          this.run();
        },
      },
      settings.receiveBuffer,
      remotePort,
    );
    this.application = application;
    const engine = new TcpEngine(
      settings,
      {
        receiveSpace: () => application.receiveSpace(),
        onData: (bytes, start, length) => {
          application.onData(bytes, start, length);
        },
        onPeerClosed: () => {
          application.onPeerClosed();
        },
        onEstablished: () => {
          application.onEstablished?.();
        },
        onFinAcknowledged: () => undefined,
        onReset: () => {
          application.onClosed?.('reset');
        },
        onTimeout: () => {
          engine.abort();
          application.onClosed?.('timeout');
        },
        onClosed: () => {
          application.onClosed?.('closed');
        },
      },
      localPort,
      remotePort,
    );
    this.engine = engine;
    engine.listen(initialSequence);
    this.timer = new Timer(machine, this);
  }

  /** Takes a segment of this connection. */
  process(segment: TcpSegment): void {
    if (this.forgotten) {
      this.refuse(segment);
      return;
    }
    this.engine.process(segment, this.machine.now);
    this.run();
  }

  /** A router has refused a segment for its size; believed if it is outstanding (RFC 5927 section 4.1). */
  packetTooBig(SequenceNumber: number, pathMss: number): void {
    const { SndUna, SndMax } = this.engine.variables;
    const isOutstanding = !isBefore(SequenceNumber, SndUna) && isBefore(SequenceNumber, SndMax);
    if (!isOutstanding || pathMss >= this.engine.pathMss) return;
    this.engine.packetTooBig(pathMss);
    this.run();
  }

  /** The server crashes: it sends a RST, and one more for whatever still comes (RFC 9293 section 3.10.7.1). */
  reset(): void {
    this.engine.abort();
    this.run();
    this.forgotten = true;
  }

  /** Answers a segment of a connection that nobody here knows any more. */
  private refuse({ flags, AcknowledgmentNumber }: TcpSegment): void {
    if ((flags & tcpFlags.RST) !== 0 || (flags & tcpFlags.ACK) === 0) return;
    const answer = new TcpSegment();
    answer.sourcePort = this.engine.localPort;
    answer.destinationPort = this.engine.remotePort;
    answer.flags = tcpFlags.RST;
    answer.SequenceNumber = AcknowledgmentNumber;
    this.output.emit(answer, this.engine.queue, 0, false);
  }

  resume(): void {
    this.run();
  }

  /** Its timer has expired. */
  expire(): void {
    this.run();
  }

  /** Sends bytes that its application knows nothing of. */
  sendBesides(bytes: Uint8Array): void {
    this.engine.send(bytes, nobody, true);
    this.run();
  }

  /** Sends what may be sent now. */
  run(): void {
    this.engine.dispatch(this.machine.now, this.output);
    this.timer.set(this.engine.nextAt());
  }
}
