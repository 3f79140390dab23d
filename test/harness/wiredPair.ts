/** Two emulated hosts, each on a machine of its own, whose cables lead to each other: what a real wire is without a real peer. */
import type { ConnectionUser } from '../../electron/emulator/host/connectionUser';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import {
  WiredHost,
  type ServiceStart,
  type WiredHostSettings,
} from '../../electron/emulator/wired/wiredHost';
import type { Probe } from '../../electron/emulator/probe';
import type { Frame } from '../../electron/emulator/wire/frame';
import { silentProbe } from './silentProbe';

/** A frame that went from the client to the server, with the moment at which it came in. */
export interface CarriedFrame {
  readonly bytes: Uint8Array;
  readonly time: number;
  readonly segmentSize: number;
  readonly checksum: Frame['checksum'];
}

/** Settings of an end, 1 or 2, of a fast cable. */
export function wiredSettings(end: number, choices: Partial<WiredHostSettings> = {}): WiredHostSettings {
  return {
    seed: end,
    processors: 1,
    mac: Uint8Array.from([2, 0, 0, 0, 0, end]),
    address: Uint8Array.from([192, 0, 2, end]),
    link: { bitsPerSecond: 10e9, delay: 1_000, queueBytes: 4 * 1024 * 1024, loss: 0 },
    handOvers: { kind: 'never' },
    largeFrames: false,
    ...choices,
  };
}

function copyInto(frame: Frame, { bytes, segmentSize, checksum }: CarriedFrame): Frame {
  frame.bytes.set(bytes);
  frame.length = bytes.length;
  frame.segmentSize = segmentSize;
  frame.checksum = checksum;
  return frame;
}

/** Gives a frame of the wire to a host. */
export function injectInto(host: WiredHost, carried: CarriedFrame): void {
  host.advanceTo(carried.time);
  host.inject(copyInto(host.takeFrame(), carried), carried.time);
}

function carriedOf(frame: Frame, time: number): CarriedFrame {
  const { segmentSize, checksum } = frame;
  return { bytes: frame.bytes.slice(0, frame.length), time, segmentSize, checksum };
}

/** A host that only connects. */
export const noServices: ServiceStart = () => undefined;

/** See the file's head. */
export class WiredPair {
  readonly server: WiredHost;
  readonly client: WiredHost;
  /** Everything that came in at the server, in order. */
  readonly toServer: CarriedFrame[] = [];
  /** Everything that left the server. */
  readonly fromServer: CarriedFrame[] = [];
  private readonly toClient: CarriedFrame[] = [];
  private readonly waiting: CarriedFrame[] = [];

  constructor(
    services: ServiceStart,
    server: Partial<WiredHostSettings> = {},
    client: Partial<WiredHostSettings> = {},
    probe: Probe = silentProbe(),
  ) {
    this.server = new WiredHost(probe, wiredSettings(2, server), services, (frame) => {
      const carried = carriedOf(frame, 0);
      this.fromServer.push(carried);
      this.toClient.push(carried);
    });
    this.client = new WiredHost(silentProbe(), wiredSettings(1, client), noServices, (frame) => {
      this.waiting.push(carriedOf(frame, 0));
    });
  }

  /** The client connects. */
  connect(port: number, user: ConnectionUser): HostConnection {
    // Drivers are loaded and the adapter started by then.
    this.play(5_000_000);
    return this.client.host.connect(Uint8Array.from([192, 0, 2, 2]), port, user);
  }

  /** Lets both go on for a while, in steps that are shorter than anything that TCP waits for. */
  play(duration: number, isOver: () => boolean = () => false): void {
    const end = this.now + duration;
    while (this.now < end && !isOver()) {
      const time = this.now + 20_000;
      for (const host of [this.server, this.client]) host.advanceTo(time);
      this.now = Math.max(time, this.server.now, this.client.now);
      for (const carried of this.waiting.splice(0)) {
        const arriving = { ...carried, time: this.now };
        this.toServer.push(arriving);
        injectInto(this.server, arriving);
      }
      for (const carried of this.toClient.splice(0)) injectInto(this.client, { ...carried, time: this.now });
    }
  }

  private now = 0;
}
