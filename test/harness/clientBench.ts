/** Host stack, NDIS, offload target and client hosts on one machine: for tests of what the host stack serves. */
import { HostStack } from '../../electron/emulator/host/hostStack';
import { defaultHostSettings, type HostSettings } from '../../electron/emulator/host/hostSettings';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import type { ConnectionEnd, ConnectionUser } from '../../electron/emulator/host/connectionUser';
import { DRIVER_OBJECT } from '../../electron/emulator/kit';
import { Machine } from '../../electron/emulator/machine/machine';
import { Ndis } from '../../electron/emulator/ndis/ndis';
import { ClientHost, type ClientSession, type ClientUser } from '../../electron/emulator/peer/clientHost';
import type { Probe } from '../../electron/emulator/probe';
import { OffloadTarget } from '../../electron/emulator/target/offloadTarget';
import { defaultTargetSettings, type TargetSettings } from '../../electron/emulator/target/targetSettings';
import { defaultTcpSettings, type TcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { etherTypeOf, etherTypes } from '../../electron/emulator/wire/ethernet';
import { FramePool } from '../../electron/emulator/wire/frame';
import { Link, type LinkSettings } from '../../electron/emulator/wire/link';
import { readSegmentFrame } from '../../electron/emulator/wire/segmentFrame';
import { Switch } from '../../electron/emulator/wire/switch';
import { TcpSegment, tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { silentProbe } from './silentProbe';

const hostMac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
const hostAddress = Uint8Array.from([192, 0, 2, 1]);

/** What a bench has instead of the usual. */
export interface ClientBenchChoices {
  readonly clients?: number;
  readonly host?: Partial<HostSettings>;
  readonly target?: Partial<TargetSettings>;
  readonly client?: Partial<TcpSettings>;
  readonly link?: Partial<LinkSettings>;
  readonly seed?: number;
  /** Sees everything besides the bench. */
  readonly probe?: Probe;
  /** Whether frames are kept for the test to look at. */
  readonly keepsFrames?: boolean;
}

/** A segment as it was on the wire. */
export interface SeenSegment {
  readonly time: number;
  readonly fromHost: boolean;
  readonly path: string;
  readonly flags: string;
  readonly SequenceNumber: number;
  readonly AcknowledgmentNumber: number;
  readonly payloadLength: number;
  readonly window: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function flagNames(flags: number): string {
  return Object.entries(tcpFlags)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .join(' ');
}

/** What an application saw of its connection; End is how it may have ended. */
class Recording<End extends string> {
  connected = false;
  peerClosed = false;
  ended: End | undefined;
  readonly received: Uint8Array[] = [];

  onConnected(): void {
    this.connected = true;
  }

  onData(bytes: Uint8Array): void {
    this.received.push(bytes);
  }

  onPeerClosed(): void {
    this.peerClosed = true;
  }

  onClosed(reason: End): void {
    this.ended = reason;
  }

  /** Everything received. */
  get bytes(): Uint8Array {
    const bytes = new Uint8Array(this.received.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.received) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

/** A client's connection as its application saw it. */
export class RecordingUser extends Recording<'closed' | 'reset' | 'timeout'> implements ClientUser {
  /** Room that its application leaves, bytes. */
  room = Infinity;

  receiveSpace(): number {
    return this.room;
  }
}

/** A host's connection as its application saw it; reads at once, or whatever `reading` says. */
export class RecordingHostUser extends Recording<ConnectionEnd> implements ConnectionUser {
  constructor(readonly reading: ConnectionUser['reading'] = 'at-once') {
    super();
  }
}

/** See the file's head. */
export class ClientBench {
  readonly machine: Machine;
  readonly ndis: Ndis;
  readonly host: HostStack;
  readonly target: OffloadTarget;
  readonly link: Link;
  readonly clients: readonly ClientHost[];
  readonly segments: SeenSegment[] = [];
  readonly calls: string[] = [];

  constructor(choices: ClientBenchChoices = {}) {
    const inner = choices.probe ?? silentProbe();
    const keepsFrames = choices.keepsFrames ?? true;
    const segment = new TcpSegment();
    const probe: Probe = {
      ...inner,
      call: (time, call) => {
        if (keepsFrames) this.calls.push(call.functionName);
        return inner.call(time, call);
      },
      frame: (time, sender, path, ...rest) => {
        const [, , length, , , bytes] = rest;
        if (keepsFrames && etherTypeOf(bytes, length) === etherTypes.ipv4) {
          const read = readSegmentFrame(segment, bytes, length);
          if (typeof read !== 'string')
            this.segments.push({
              time,
              fromHost: path !== 'peer',
              path,
              flags: flagNames(segment.flags),
              SequenceNumber: segment.SequenceNumber,
              AcknowledgmentNumber: segment.AcknowledgmentNumber,
              payloadLength: segment.payloadLength,
              window: segment.window,
              sourcePort: segment.sourcePort,
              destinationPort: segment.destinationPort,
            });
        }
        return inner.frame(time, sender, path, ...rest);
      },
    };
    const machine = new Machine(probe, choices.seed ?? 1);
    this.machine = machine;
    this.ndis = new Ndis(machine, { enter: 10, leave: 10 });
    const pool = new FramePool();
    this.host = new HostStack(new DRIVER_OBJECT(machine, this.ndis, 'host-stack', 'Host TCP/IP stack'), {
      ...defaultHostSettings,
      ...choices.host,
      mac: hostMac,
      address: hostAddress,
    });
    this.target = new OffloadTarget(
      new DRIVER_OBJECT(machine, this.ndis, 'offload-target', 'Offload target'),
      pool,
      { ...defaultTargetSettings, ...choices.target, mac: hostMac },
    );
    this.clients = Array.from({ length: choices.clients ?? 1 }, (_, index) => {
      const addresses = {
        mac: Uint8Array.from([2, 0, 0, 0, 1, index]),
        address: Uint8Array.from([192, 0, 2, 2 + index]),
        hostMac,
        hostAddress,
      };
      const settings = { ...defaultTcpSettings, clockOffset: 5_000, ...choices.client };
      return new ClientHost(machine, pool, addresses, settings, `Client ${index + 1}`, 200 + index);
    });
    const farEnd = new Switch(this.clients);
    const speed = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 512 * 1024, loss: 0, ...choices.link };
    this.link = new Link(machine, pool, speed, this.target, farEnd);
    this.target.connect(this.link);
    farEnd.connect(this.link);
    this.target.load();
    this.host.load();
    this.ndis.registration.startAdapters();
    this.host.enableChimney();
  }

  /** The first client. */
  get client(): ClientHost {
    return this.clients[0]!;
  }

  /** Runs everything that happens in the next `time` ns. */
  runFor(time: number): void {
    const { machine } = this;
    const until = machine.now + time;
    while (machine.scheduler.nextTime <= until) machine.step();
    machine.schedule(until, { onEvent: () => undefined });
    while (machine.scheduler.nextTime <= until) machine.step();
  }

  /** Does something at PASSIVE_LEVEL and runs what follows from it in `time` ns. */
  passively(work: () => void, time = 2e6): void {
    this.machine.queueWorkItem(0, work);
    this.runFor(time);
  }

  /** Opens a connection from a client and runs until the handshake must be over. */
  open(port: number, user: ClientUser = new RecordingUser(), client = this.client): ClientSession {
    const session = client.open(port, user);
    this.runFor(2e6);
    return session;
  }

  /** Offloads a connection.
   * @throws Error if it has not arrived after two milliseconds. */
  offload(connection: HostConnection): void {
    this.passively(() => {
      connection.offload();
    });
    if (connection.place !== 'Offloaded') throw new Error('the connection has not been offloaded');
  }

  /** Segments since an index, as `flags` or `flags length`. */
  flagsSince(from: number, fromHost: boolean): string[] {
    return this.segments
      .slice(from)
      .filter((seen) => seen.fromHost === fromHost)
      .map((seen) => seen.flags);
  }
}

/** Bytes with a pattern of their own. */
export function patternBytes(count: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => (first + index) % 251);
}
