/** One connection of an echo host: an engine, its timer, and the echo that reads and writes. */
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';
import { TcpEngine, type SegmentOutput } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import type { TcpSegment } from '../wire/tcpSegment';
import { EchoApplication } from './echoApplication';

/** See the file's head. */
export class EchoSession {
  readonly application: EchoApplication;
  /** VLAN that its client is in, as the last frame of it said; 0: none. */
  VlanId = 0;
  private readonly engine: TcpEngine;
  private readonly timer: Timer;

  constructor(
    private readonly machine: Machine,
    settings: TcpSettings,
    localPort: number,
    remotePort: number,
    initialSequence: number,
    private readonly output: SegmentOutput,
  ) {
    const application = new EchoApplication(
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
        onEstablished: () => undefined,
        onFinAcknowledged: () => undefined,
        onReset: () => undefined,
        onTimeout: () => {
          engine.abort();
        },
        onClosed: () => undefined,
      },
      localPort,
      remotePort,
    );
    this.engine = engine;
    engine.listen(initialSequence);
    this.timer = new Timer(machine, () => {
      this.run();
    });
  }

  /** Takes a segment of this connection. */
  process(segment: TcpSegment): void {
    this.engine.process(segment, this.machine.now);
    this.run();
  }

  /** Sends what may be sent now. */
  run(): void {
    this.engine.dispatch(this.machine.now, this.output);
    this.timer.set(this.engine.nextAt());
  }
}
