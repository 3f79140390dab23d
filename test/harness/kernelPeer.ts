/** An emulated host in a test's own process, with the Linux kernel at the other end of its wire. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TraceFileSink } from '../../electron/files/traceFileSink';
import type { FrameDevice } from '../../electron/realwire/frameDevice';
import { RealWire } from '../../electron/realwire/realWire';
import { openTap } from '../../electron/realwire/tapDevice';
import { WireSession } from '../../electron/realwire/wireSession';
import type { WiredHostSettings } from '../../electron/emulator/wired/wiredHost';
import { everyService } from '../../electron/emulator/wired/wiredServices';
import { defaultHostSettings } from '../../electron/emulator/host/hostSettings';
import { defaultTargetSettings } from '../../electron/emulator/target/targetSettings';
import { emulatedAddress, KernelNetwork } from './kernelNetwork';

/** Shortest retransmission timeout of the emulated side where both are patient, ns. */
const patience = 30_000_000_000;

/** What a test wants. */
export interface KernelPeerOptions extends Partial<WiredHostSettings> {
  /** Whether to keep a capture, for tshark. */
  readonly captures?: boolean;
  /** Whether both sides wait for acknowledgments as long as a busy machine makes them wait: then a retransmission means a loss. */
  readonly patient?: boolean;
}

/** See the file's head. */
export class KernelPeer {
  readonly network = new KernelNetwork();
  /** For files of the test. */
  readonly folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-kernel-'));
  session!: WireSession;
  private device: FrameDevice | undefined;
  private sink: TraceFileSink | undefined;
  private realWire!: RealWire;
  private playing: Promise<void> = Promise.resolve();
  private failure: unknown;

  private constructor(private readonly options: KernelPeerOptions) {}

  /** Makes namespace, TAP device and host, and lets them play. */
  static async begin(options: KernelPeerOptions = {}): Promise<KernelPeer> {
    const peer = new KernelPeer(options);
    try {
      await peer.plugIn();
    } catch (error) {
      await peer.end();
      throw error;
    }
    return peer;
  }

  /** Path of the capture. */
  get capturePath(): string {
    return path.join(this.folder, 'wire.pcapng');
  }

  private async plugIn(): Promise<void> {
    const { network, options } = this;
    const { captures = false, patient = false, ...settings } = options;
    const largeFrames = settings.largeFrames === true;
    const opened = await openTap({ name: network.tapName, largeFrames });
    if (!opened.ok) throw new Error(opened.error);
    this.device = opened.value;
    network.plugIn(patient, settings.ipv6Address !== undefined);
    this.realWire = new RealWire(opened.value, (frame, time, direction) => {
      this.session.pass(frame, time, direction);
    });
    this.sink = captures ? new TraceFileSink(this.capturePath) : undefined;
    const host: WiredHostSettings = {
      seed: 1,
      processors: 1,
      mac: Uint8Array.from([2, 0x15, 0x5d, 0, 0, 1]),
      address: Uint8Array.from(emulatedAddress.split('.').map(Number)),
      link: { bitsPerSecond: 100e9, delay: 0, queueBytes: 64 * 1024 * 1024, loss: 0 },
      handOvers: { kind: 'offload' },
      ...(patient
        ? { host: { tcp: { ...defaultHostSettings.tcp, minimumRetransmissionTimeout: patience } } }
        : {}),
      ...(patient
        ? { target: { tcp: { ...defaultTargetSettings.tcp, minimumRetransmissionTimeout: patience } } }
        : {}),
      ...settings,
      largeFrames,
    };
    const { deliver } = this.realWire;
    this.session = new WireSession(
      { host, services: everyService(), application: 'test', otherEnd: network.tapName, capture: this.sink },
      deliver,
    );
    this.playing = this.realWire.run(this.session.host).catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** Stops the wire; the capture is complete then. */
  async stop(): Promise<void> {
    if (this.device === undefined) return;
    this.realWire.stop();
    await this.playing;
    this.session.finish(true, '');
    this.sink?.close();
    this.device.close();
    this.device = undefined;
    if (this.failure !== undefined) throw this.failure as Error;
  }

  /** Takes everything away. */
  async end(): Promise<void> {
    try {
      await this.stop();
    } finally {
      this.device?.close();
      this.network.dispose();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
