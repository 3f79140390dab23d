/**
 * One emulated computer whose cable leads out of the emulator: host stack, NDIS and offload target, with listening services, at a
 * link whose other end is somebody else's. Frames come in at virtual times and go out; who calls it decides how virtual time follows
 * real time. Equal settings and equal frames at equal times give equal traces.
 */
import type { RunReport } from '../../../shared/analysis/runReport';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { ConnectionUser } from '../host/connectionUser';
import type { HostConnection } from '../host/hostConnection';
import { defaultHostSettings, type HostSettings } from '../host/hostSettings';
import { HostStack } from '../host/hostStack';
import { DRIVER_OBJECT } from '../kit';
import { Machine } from '../machine/machine';
import { Ndis } from '../ndis/ndis';
import { countingProbe, type ProbeTotals } from '../observe/countingProbe';
import type { Probe } from '../probe';
import { OffloadTarget } from '../target/offloadTarget';
import { defaultTargetSettings, type TargetSettings } from '../target/targetSettings';
import type { Ipv4Address, MacAddress } from '../wire/address';
import { ExternalEnd } from '../wire/externalEnd';
import { FramePool, largeFrameCapacity, type Frame } from '../wire/frame';
import { Link, type LinkSettings } from '../wire/link';
import { handOver, type HandOverPolicy } from './handOvers';

/** Processor time of crossing the door, ns: as in the scenarios. */
const doorCosts = { enter: 180, leave: 60 } as const;

/** An application of the host that waits for connections to a port. */
export interface WiredService {
  readonly port: number;
  /** Answers who uses an accepted connection. */
  accept(connection: HostConnection): ConnectionUser;
}

/** See the file's head. */
export interface WiredHostSettings {
  readonly seed: number;
  readonly processors: number;
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
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
  private failure: string | undefined;

  constructor(
    probe: Probe,
    private readonly settings: WiredHostSettings,
    services: readonly WiredService[],
    /** Takes a frame that leaves; it may be used until the call returns. */
    deliver: (frame: Frame) => void,
  ) {
    const counting = countingProbe(probe);
    this.totals = counting.totals;
    const machine = new Machine(counting.probe, settings.seed, settings.processors);
    this.machine = machine;
    machine.probe.component('application', 'Services');
    this.ndis = new Ndis(machine, doorCosts);
    const { mac, address } = settings;
    const hostSettings = { ...defaultHostSettings, ...settings.host, mac, address };
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
      this.boot(services);
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

  /** Connections that were accepted, oldest first. */
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
    const bytesSent = { hostPath: 0, chimney: this.target.newBytesSent };
    const bytesReceived = { hostPath: 0, chimney: 0 };
    for (const connection of this.accepted) {
      bytesSent.hostPath += connection.bytesSentByHostPath;
      bytesReceived.hostPath += connection.received.hostPath;
      bytesReceived.chimney += connection.received.chimney;
    }
    return {
      scenario,
      success: success && this.failure === undefined,
      summary: this.failure ?? summary,
      seed: this.settings.seed,
      fileBytes: 0,
      sha256: { source: null, peer: null, returned: null },
      bytesSent,
      bytesReceived,
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime: this.now,
    };
  }

  private boot(services: readonly WiredService[]): void {
    const { target, host, ndis, machine } = this;
    if ([target, host].some((driver) => driver.load() !== NDIS_STATUS.SUCCESS)) {
      this.failure = 'A driver could not be registered.';
      return;
    }
    ndis.registration.startAdapters();
    if (host.enableChimney() !== NDIS_STATUS.SUCCESS)
      this.failure = 'The adapter refused the chimney parameters.';
    for (const service of services) {
      host.listen(service.port, {}, (connection) => {
        handOver(machine, connection, this.settings.handOvers);
        this.accepted.push(connection);
        return service.accept(connection);
      });
    }
  }
}
