/**
 * One emulated computer whose cable leads out of the emulator: host stack, NDIS and offload target, with listening services, at a
 * link whose other end is somebody else's. Frames come in at virtual times and go out; who calls it decides how virtual time follows
 * real time. Equal settings and equal frames at equal times give equal traces.
 */
import type { RunReport } from '../../../shared/analysis/runReport';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { HostConnection, PathBytes } from '../host/hostConnection';
import { defaultHostSettings, type HostSettings } from '../host/hostSettings';
import { HostStack } from '../host/hostStack';
import { defaultRoute, type Route } from '../host/routes';
import { DRIVER_OBJECT } from '../kit';
import { Machine } from '../machine/machine';
import { Ndis } from '../ndis/ndis';
import { countingProbe, type ProbeTotals } from '../observe/countingProbe';
import type { Probe } from '../probe';
import { OffloadTarget } from '../target/offloadTarget';
import { defaultTargetSettings, type TargetSettings } from '../target/targetSettings';
import type { IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '../wire/address';
import { ExternalEnd } from '../wire/externalEnd';
import { FramePool, largeFrameCapacity, type Frame } from '../wire/frame';
import { Link, type LinkSettings } from '../wire/link';
import { handOver, type HandOverPolicy } from './handOvers';

/** Processor time of crossing the door, ns: as in the scenarios. */
const doorCosts = { enter: 180, leave: 60 } as const;

/**
 * Starts the applications of a host once it runs. Each connection that they accept is to be told to `accepted`, before anything else
 * happens to it.
 */
export type ServiceStart = (host: HostStack, accepted: (connection: HostConnection) => void) => void;

/** A router, and what is reached without it. */
export interface WiredGateway {
  readonly gateway: IpAddress;
  /** An address of the link, with the bits that all of its addresses begin with. */
  readonly onLink: IpAddress;
  readonly prefixLength: number;
}

function routesThrough({ gateway, onLink, prefixLength }: WiredGateway): Route[] {
  return [{ destination: onLink, prefixLength, nextHop: undefined }, defaultRoute(gateway)];
}

/** How many connections a host remembers after their end. */
const remembered = 1000;

/** See the file's head. */
export interface WiredHostSettings {
  readonly seed: number;
  readonly processors: number;
  readonly mac: MacAddress;
  /** 0.0.0.0 for a host without IPv4. */
  readonly address: Ipv4Address;
  /** Absent: the host has no IPv6. */
  readonly ipv6Address?: Ipv6Address | undefined;
  /** Routers to everything that is not on the link; absent: everything is. */
  readonly gateways?: readonly WiredGateway[];
  readonly link: LinkSettings;
  readonly handOvers: HandOverPolicy;
  /** Whether frames may be larger than the MTU, with the rest of the work left to whoever has the other end. */
  readonly largeFrames: boolean;
  /** What differs from the usual. */
  readonly host?: Partial<HostSettings>;
  readonly target?: Partial<TargetSettings>;
}

/** See the file's head. */
export class WiredHost {
  readonly machine: Machine;
  readonly host: HostStack;
  readonly target: OffloadTarget;
  readonly ndis: Ndis;
  readonly link: Link;
  readonly pool: FramePool;
  private readonly totals: ProbeTotals;
  private readonly outside: ExternalEnd;
  private readonly accepted: HostConnection[] = [];
  private readonly forgotten: CarriedBytes = {
    sent: { hostPath: 0, chimney: 0 },
    received: { hostPath: 0, chimney: 0 },
  };
  private failure: string | undefined;

  constructor(
    probe: Probe,
    private readonly settings: WiredHostSettings,
    startServices: ServiceStart,
    /** Takes a frame that leaves; it may be used until the call returns. */
    deliver: (frame: Frame) => void,
  ) {
    const counting = countingProbe(probe);
    this.totals = counting.totals;
    const machine = new Machine(counting.probe, settings.seed, settings.processors);
    this.machine = machine;
    machine.probe.component('application', 'Services');
    this.ndis = new Ndis(machine, doorCosts);
    const { mac, address, ipv6Address, gateways = [] } = settings;
    const routes = gateways.flatMap((gateway) => routesThrough(gateway));
    const hostSettings = { ...defaultHostSettings, routes, ...settings.host, mac, address, ipv6Address };
    this.host = new HostStack(
      new DRIVER_OBJECT(machine, this.ndis, 'host-stack', 'Host TCP/IP stack'),
      hostSettings,
    );
    this.pool = new FramePool(settings.largeFrames ? largeFrameCapacity : undefined);
    const { bitsPerSecond: linkSpeed } = settings.link;
    const emitsLargeFrames = settings.largeFrames;
    const targetSettings = { ...defaultTargetSettings, linkSpeed, emitsLargeFrames, ...settings.target, mac };
    const driver = new DRIVER_OBJECT(machine, this.ndis, 'offload-target', 'Offload target');
    this.target = new OffloadTarget(driver, this.pool, targetSettings);
    this.outside = new ExternalEnd(machine, this.pool, deliver, 'The real wire');
    this.link = new Link(machine, this.pool, settings.link, this.target, this.outside);
    this.outside.connect(this.link);
    this.target.connect(this.link);
    machine.queueWorkItem(0, () => {
      this.boot(startServices);
    });
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.machine.now;
  }

  /** When something happens next of itself, virtual ns; Infinity: nothing until a frame comes. */
  get nextTime(): number {
    return this.machine.scheduler.nextTime;
  }

  /** Why nothing works; undefined while all is well. */
  get problem(): string | undefined {
    return this.failure;
  }

  /** Connections that were accepted, oldest first; of those that are over, the latest. */
  get connections(): readonly HostConnection[] {
    return this.accepted;
  }

  /** Lets virtual time go on to `time` ns. What is being done then takes as long as it takes: `now` may be a little later. */
  advanceTo(time: number): void {
    this.machine.runUntil(time);
  }

  /** A frame to fill for `inject`, or to give back by `putBack`. */
  takeFrame(): Frame {
    return this.outside.take();
  }

  putBack(frame: Frame): void {
    this.pool.release(frame);
  }

  /** A frame comes in at a virtual time; everything that was due by then must have happened. Takes it over. */
  inject(frame: Frame, time: number): void {
    this.outside.send(frame, time);
  }

  /** What happened. */
  report(scenario: string, success: boolean, summary: string): RunReport {
    const { totals } = this;
    const { sent, received } = this.forgotten;
    const carried = { sent: { ...sent, chimney: this.target.newBytesSent }, received: { ...received } };
    for (const connection of this.accepted) addBytes(carried, connection);
    return {
      scenario,
      success: success && this.failure === undefined,
      summary: this.failure ?? summary,
      seed: this.settings.seed,
      fileBytes: 0,
      sha256: { source: null, peer: null, returned: null },
      bytesSent: carried.sent,
      bytesReceived: carried.received,
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime: this.now,
    };
  }

  private boot(startServices: ServiceStart): void {
    const { target, host, ndis, machine } = this;
    if ([target, host].some((driver) => driver.load() !== NDIS_STATUS.SUCCESS)) {
      this.failure = 'A driver could not be registered.';
      return;
    }
    ndis.registration.startAdapters();
    if (host.enableChimney() !== NDIS_STATUS.SUCCESS)
      this.failure = 'The adapter refused the chimney parameters.';
    startServices(host, (connection) => {
      handOver(machine, connection, this.settings.handOvers);
      this.remember(connection);
    });
  }

  /** Keeps a connection for the report; of those that are over the oldest are forgotten, but for their bytes. */
  private remember(connection: HostConnection): void {
    const { accepted, forgotten } = this;
    accepted.push(connection);
    if (accepted.length <= remembered) return;
    const index = accepted.findIndex(({ isClosed, place }) => isClosed && place === 'InHost');
    const [oldest] = index < 0 ? [] : accepted.splice(index, 1);
    if (oldest !== undefined) addBytes(forgotten, oldest);
  }
}

interface CarriedBytes {
  readonly sent: PathBytes;
  readonly received: PathBytes;
}

function addBytes({ sent, received }: CarriedBytes, connection: HostConnection): void {
  sent.hostPath += connection.bytesSentByHostPath;
  received.hostPath += connection.received.hostPath;
  received.chimney += connection.received.chimney;
}
