/** Host stack, NDIS, offload target and echo server on one machine, driven by a test instead of a scenario. */
import { HostStack } from '../../electron/emulator/host/hostStack';
import { DRIVER_OBJECT } from '../../electron/emulator/kit';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import type { ConnectionUser } from '../../electron/emulator/host/connectionUser';
import { defaultHostSettings, type HostSettings } from '../../electron/emulator/host/hostSettings';
import { PostedList } from '../../electron/emulator/host/postedList';
import { Machine } from '../../electron/emulator/machine/machine';
import { allocateNetBufferList } from '../../electron/emulator/ndis/netBufferList';
import { Ndis } from '../../electron/emulator/ndis/ndis';
import { EchoHost, echoPort } from '../../electron/emulator/peer/echoHost';
import { Router } from '../../electron/emulator/peer/router';
import { OffloadTarget } from '../../electron/emulator/target/offloadTarget';
import { OffloadedConnection } from '../../electron/emulator/target/offloadedConnection';
import { defaultTargetSettings, type TargetSettings } from '../../electron/emulator/target/targetSettings';
import { SendQueue } from '../../electron/emulator/tcp/sendQueue';
import { advance } from '../../electron/emulator/tcp/sequenceNumber';
import { defaultTcpSettings, type TcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { parseIpAddress } from '../../electron/emulator/wire/address';
import { etherTypeOf, etherTypes } from '../../electron/emulator/wire/ethernet';
import { Frame, FramePool } from '../../electron/emulator/wire/frame';
import { Link, type LinkEnd } from '../../electron/emulator/wire/link';
import { fillSegmentFrame } from '../../electron/emulator/wire/segmentFrame';
import { insertTag, type VlanTag } from '../../electron/emulator/wire/vlanTag';
import { TcpSegment, tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import type { Probe } from '../../electron/emulator/probe';
import type { FunctionName } from '../../shared/ddi/catalogue';
import type { CallArgument, FramePath } from '../../shared/trace/records';
import { silentProbe } from './silentProbe';

/** Addresses of both ends. */
export const benchAddresses = {
  ipv4: { host: Uint8Array.from([192, 0, 2, 1]), peer: Uint8Array.from([192, 0, 2, 2]) },
  ipv6: { host: parseIpAddress('2001:db8::1')!, peer: parseIpAddress('2001:db8::2')! },
} as const;

const routerAddresses = {
  ipv4: Uint8Array.from([192, 0, 2, 254]),
  ipv6: parseIpAddress('2001:db8::fe')!,
} as const;

const routesThroughRouter = (['ipv4', 'ipv6'] as const).map((version) => ({
  destination: benchAddresses[version].peer,
  nextHop: routerAddresses[version],
}));

/** A call that went through the door. */
export interface SeenCall {
  readonly functionName: string;
  readonly arguments: readonly CallArgument[];
  readonly irql: number;
  /** When it was entered, virtual ns. */
  readonly time: number;
}

/** A frame that began to leave. */
export interface SeenFrame {
  readonly time: number;
  readonly path: FramePath;
  readonly bytes: Uint8Array;
}

/** What a bench has instead of the usual. */
export interface BenchChoices {
  /** What the application does in the place of nothing. */
  readonly user?: Partial<ConnectionUser>;
  readonly host?: Partial<HostSettings>;
  readonly target?: Partial<TargetSettings>;
  readonly peer?: Partial<TcpSettings>;
  /** IP version of the connection; absent: IPv4. */
  readonly version?: 'ipv4' | 'ipv6';
  /** A router stands between the link and the peer; how many bytes it carries to the peer, and on the way back. */
  readonly router?: { readonly mtu: number; readonly back?: number };
}

/** A segment to inject as the peer's; numbers that are left out continue the connection. */
export interface InjectedSegment {
  readonly flags: number;
  /** Added to RcvNxt of the target. */
  readonly offset?: number;
  /** Added to SndUna of the target. */
  readonly acknowledges?: number;
  readonly payload?: Uint8Array;
  readonly window?: number;
  readonly tag?: VlanTag;
}

/** The cable's far end: what the peer gets, and what is sent in its name. */
class FarEnd implements LinkEnd {
  /** What the peer gets of what is sent to it. */
  hears: 'everything' | 'arp' | 'nothing' = 'everything';

  constructor(readonly peer: LinkEnd) {}

  get component(): number {
    return this.peer.component;
  }

  receive(frame: Frame): void {
    const isArp = etherTypeOf(frame.bytes, frame.length) === etherTypes.arp;
    if (this.hears === 'everything' || (this.hears === 'arp' && isArp)) this.peer.receive(frame);
  }
}

/** See the file's head. */
export class OffloadBench {
  /** IP version of the connection. */
  readonly version: 'ipv4' | 'ipv6';
  /** Every call through the door, in order. */
  readonly calls: SeenCall[] = [];
  /** Every frame, in order. */
  readonly frames: SeenFrame[] = [];
  readonly machine: Machine;
  readonly ndis: Ndis;
  readonly host: HostStack;
  readonly target: OffloadTarget;
  readonly link: Link;
  readonly peer: EchoHost;
  readonly router: Router | undefined;
  private readonly farEnd: FarEnd;
  private readonly pool = new FramePool();
  readonly connection: HostConnection;
  /** Bytes that came back from the echo server, and bytes that it has acknowledged. */
  returned = 0;
  readonly returnedBytes: number[] = [];
  /** Bytes that were posted. */
  readonly sentBytes: number[] = [];
  private readonly statuses = new Map<number, number | undefined>();
  private readonly eventOf: number[] = [];
  acknowledged = 0;

  /** Why the connection has ended, as the application was told. */
  ended: string | undefined;
  peerClosed = false;

  constructor(choices: BenchChoices = {}) {
    const silent = silentProbe();
    const probe: Probe = {
      ...silent,
      call: (time, call) => {
        this.calls.push({ ...call, time });
        const event = silent.call(time, call);
        this.eventOf.push(event);
        return event;
      },
      return: (time, result) => {
        this.statuses.set(result.call, result.status);
        silent.return(time, result);
      },
      frame: (time, sender, path, ...rest) => {
        const [, , length, , , bytes] = rest;
        this.frames.push({ time, path, bytes: bytes.slice(0, length) });
        return silent.frame(time, sender, path, ...rest);
      },
    };
    const machine = new Machine(probe, 1);
    this.machine = machine;
    this.ndis = new Ndis(machine, { enter: 10, leave: 10 });
    const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
    const { pool } = this;
    const hostDriver = new DRIVER_OBJECT(machine, this.ndis, 'host-stack', 'Host TCP/IP stack');
    this.host = new HostStack(hostDriver, {
      ...defaultHostSettings,
      ...(choices.router === undefined ? {} : { routes: routesThroughRouter }),
      ...choices.host,
      mac,
      address: benchAddresses.ipv4.host,
      ipv6Address: benchAddresses.ipv6.host,
    });
    const targetDriver = new DRIVER_OBJECT(machine, this.ndis, 'offload-target', 'Offload target');
    this.target = new OffloadTarget(targetDriver, pool, {
      ...defaultTargetSettings,
      ...choices.target,
      mac,
    });
    const peerMac = Uint8Array.from([2, 0, 0, 0, 0, 2]);
    const peer = new EchoHost(
      machine,
      pool,
      {
        mac: peerMac,
        address: benchAddresses.ipv4.peer,
        ipv6Address: benchAddresses.ipv6.peer,
      },
      { ...defaultTcpSettings, ...choices.peer },
      () => 0,
    );
    this.peer = peer;
    const speed = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 512 * 1024, loss: 0 };
    this.router = choices.router === undefined ? undefined : this.routerTo(peer, choices.router);
    const farEnd = new FarEnd(this.router?.near ?? peer);
    this.farEnd = farEnd;
    this.link = new Link(machine, pool, speed, this.target, farEnd);
    this.target.connect(this.link);
    const cable = { transmit: (_from: LinkEnd, frame: Frame) => this.link.transmit(farEnd, frame) };
    if (this.router === undefined) peer.connect(cable);
    else {
      this.router.near.connect(cable);
      const behind = new Link(machine, pool, speed, this.router.far, peer, 1);
      this.router.far.connect(behind);
      peer.connect(behind);
    }
    this.target.load();
    this.host.load();
    this.ndis.registration.startAdapters();
    this.host.enableChimney();
    this.version = choices.version ?? 'ipv4';
    this.connection = this.host.connect(benchAddresses[this.version].peer, echoPort, {
      onConnected: () => undefined,
      onData: (bytes) => {
        this.returned += bytes.length;
        for (const byte of bytes) this.returnedBytes.push(byte);
      },
      onPeerClosed: () => {
        this.peerClosed = true;
      },
      onClosed: (reason) => {
        this.ended = reason;
      },
      ...choices.user,
    });
    this.runFor(1e6);
  }

  private routerTo(peer: EchoHost, { mtu, back = 1500 }: NonNullable<BenchChoices['router']>): Router {
    const peers = [benchAddresses.ipv4.peer, benchAddresses.ipv6.peer];
    return new Router(this.machine, this.pool, {
      near: { mac: Uint8Array.of(2, 0, 0, 0, 0, 0x11), addresses: Object.values(routerAddresses), mtu: back },
      far: {
        mac: Uint8Array.of(2, 0, 0, 0, 0, 0x12),
        addresses: Object.values(routerAddresses),
        mtu,
        neighbors: peers.map((address) => ({ address, mac: peer.mac })),
      },
    });
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
  passively(work: () => void, time = 1e6): void {
    this.machine.queueWorkItem(0, work);
    this.runFor(time);
  }

  /** Posts bytes to send. */
  send(count: number): void {
    const first = this.sentBytes.length;
    const bytes = Uint8Array.from({ length: count }, (_, index) => (first + index) % 251);
    for (const byte of bytes) this.sentBytes.push(byte);
    this.connection.send(bytes, () => {
      this.acknowledged += count;
    });
  }

  /** Offloads the connection.
   * @throws Error if it has not arrived after a millisecond. */
  offload(): void {
    this.passively(() => {
      this.connection.offload();
    });
    if (this.connection.place !== 'Offloaded') throw new Error('the connection has not been offloaded');
  }

  /** Statuses that the calls of a function since `from` have returned. */
  returnsSince(from: number, functionName: string): (number | undefined)[] {
    return this.calls.flatMap((call, index) =>
      index >= from && call.functionName === functionName ? [this.statuses.get(this.eventOf[index]!)] : [],
    );
  }

  /** Names of the calls since `from`, an index into `calls`. */
  namesSince(from: number): string[] {
    return this.calls.slice(from).map((call) => call.functionName);
  }

  /** Calls of a function since `from`, an index into `calls`. */
  callsOf(name: FunctionName, from = 0): SeenCall[] {
    return this.calls.slice(from).filter((call) => call.functionName === name);
  }

  /** What the peer gets of what is sent to it. */
  set peerHears(hears: 'everything' | 'arp' | 'nothing') {
    this.farEnd.hears = hears;
  }

  /** The connection in the target's hands.
   * @throws Error if it is not offloaded. */
  get offloaded(): OffloadedConnection {
    const context = this.connection.handle.MiniportOffloadContext.value;
    if (context instanceof OffloadedConnection) return context;
    throw new Error('the connection is not offloaded');
  }

  /** Posts a receive as a host stack would. */
  postReceive(): void {
    const buffer = new Uint8Array(1024);
    const list = allocateNetBufferList(this.machine.addresses, [buffer], PostedList);
    list.ProtocolReserved = buffer;
    this.host.own(list, this.connection);
    this.ndis.tcp.NdisOffloadTcpReceive(this.connection.handle, list);
  }

  /** Sends a frame in the peer's name. */
  injectFrame(bytes: Uint8Array): void {
    const frame = this.pool.take('peer');
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    this.link.transmit(this.farEnd, frame);
  }

  /** The bytes of a segment in the peer's name. */
  segmentFromPeer(injected: InjectedSegment): Uint8Array {
    const { variables, localPort, remotePort } = this.offloaded.engine;
    const segment = new TcpSegment();
    segment.sourcePort = remotePort;
    segment.destinationPort = localPort;
    segment.SequenceNumber = advance(variables.RcvNxt, injected.offset ?? 0);
    segment.AcknowledgmentNumber = advance(variables.SndUna, injected.acknowledges ?? 0);
    segment.flags = injected.flags;
    segment.window = injected.window ?? 0x4000;
    segment.urgentPointer = (injected.flags & tcpFlags.URG) === 0 ? 0 : 1;
    if (variables.timestampsEnabled) {
      segment.timestampValue = advance(variables.TsRecent, 1);
      segment.timestampEcho = 0;
    }
    const payload = injected.payload ?? new Uint8Array(0);
    segment.payloadLength = payload.length;
    const queue = new SendQueue();
    if (payload.length > 0) queue.append(payload, { onAcknowledged: () => undefined }, true);
    const frame = new Frame();
    const addressing = {
      sourceMac: this.peer.mac,
      destinationMac: Uint8Array.from([2, 0, 0, 0, 0, 1]),
      source: benchAddresses[this.version].peer,
      destination: benchAddresses[this.version].host,
      timeToLive: 64,
      typeOfService: 0,
    };
    fillSegmentFrame(frame, addressing, 1, segment, queue, 0);
    if (injected.tag !== undefined) insertTag(frame, injected.tag);
    return frame.bytes.slice(0, frame.length);
  }

  /** Sends a segment in the peer's name and runs what follows from it in `time` ns. */
  inject(injected: InjectedSegment, time = 1e6): void {
    this.injectFrame(this.segmentFromPeer(injected));
    this.runFor(time);
  }
}
