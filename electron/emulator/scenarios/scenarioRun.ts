/**
 * One run of a built-in scenario: host, NDIS, offload target, link and echo server on one machine, driven event by event, so that
 * whoever runs it can show progress and stop it.
 */
import type { RunReport } from '../../../shared/analysis/runReport';
import { Random } from '../../../shared/base/random';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { HostConnection } from '../host/hostConnection';
import { defaultHostSettings } from '../host/hostSettings';
import { HostStack } from '../host/hostStack';
import { OffloadRequest } from '../host/offloadRequest';
import { Machine } from '../machine/machine';
import { Ndis } from '../ndis/ndis';
import { countingProbe, type ProbeTotals } from '../observe/countingProbe';
import { EchoHost, echoPort } from '../peer/echoHost';
import type { Probe } from '../probe';
import { OffloadTarget } from '../target/offloadTarget';
import { defaultTargetSettings } from '../target/targetSettings';
import { defaultTcpSettings } from '../tcp/tcpSettings';
import { FramePool } from '../wire/frame';
import { Link } from '../wire/link';
import { AdapterEvents } from './adapterEvents';
import { gigabitLink, type ScenarioSettings } from './scenarioSettings';
import { TransferApplication } from './transferApplication';

const hostMac = Uint8Array.from([0x02, 0x15, 0x5d, 0x00, 0x00, 0x01]);
const peerMac = Uint8Array.from([0x02, 0x15, 0x5d, 0x00, 0x00, 0x02]);
/** Documentation addresses (RFC 5737). */
const hostAddress = Uint8Array.from([192, 0, 2, 1]);
const peerAddress = Uint8Array.from([192, 0, 2, 2]);

/** Processor time of crossing the door, ns. */
const doorCosts = { enter: 180, leave: 60 } as const;

/** Virtual time in which late returns and completions may still happen after the end, ns. */
const settlingTime = 5_000_000;

/** No scenario lasts longer, virtual ns: a run that does has stalled. */
const longestRun = 24 * 3600 * 1e9;

/** Acknowledged bytes at which the host offers the connection to the target: a part of the file, a chunk of it at most. */
function offloadThreshold(fileBytes: number): number {
  return Math.min(128 * 1024, Math.floor(fileBytes / 8));
}

/** Makes up a file of incompressible bytes. */
export function inventFile(seed: number, bytes: number): Uint8Array {
  const file = new Uint8Array(bytes);
  new Random(seed, 5).fill(file);
  return file;
}

/** See the file's head. */
export class ScenarioRun {
  private readonly machine: Machine;
  private readonly totals: ProbeTotals;
  private readonly ndis: Ndis;
  private readonly host: HostStack;
  private readonly target: OffloadTarget;
  private readonly peer: EchoHost;
  private readonly application: TransferApplication;
  private connection: HostConnection | undefined;
  private readonly adapterEvents: AdapterEvents;
  private offloadTried = false;
  private halfwayDone = false;
  private endsAt = Infinity;
  private failure: string | undefined;

  constructor(
    probe: Probe,
    private readonly settings: ScenarioSettings,
  ) {
    const counting = countingProbe(probe);
    this.totals = counting.totals;
    const machine = new Machine(counting.probe, settings.seed);
    this.machine = machine;
    const pool = new FramePool();
    this.application = new TransferApplication(machine, settings.file, () => this.connection!);
    this.ndis = new Ndis(machine, doorCosts);
    this.host = new HostStack(machine, this.ndis, {
      ...defaultHostSettings,
      mac: hostMac,
      address: hostAddress,
    });
    this.target = new OffloadTarget(machine, this.ndis, pool, {
      ...defaultTargetSettings,
      mac: hostMac,
      tcpCapacity: settings.scenario === 'no-tcp-entries' ? 0 : defaultTargetSettings.tcpCapacity,
    });
    const peerSettings = { ...defaultTcpSettings, clockOffset: 1_700_033 };
    const addresses = { mac: peerMac, address: peerAddress };
    this.peer = new EchoHost(machine, pool, addresses, peerSettings, () => this.connection?.id);
    const link = new Link(machine, pool, { ...gigabitLink, loss: settings.loss }, this.target, this.peer);
    this.target.connect(link);
    this.peer.connect(link);
    const { ndis, host, target } = this;
    this.adapterEvents = new AdapterEvents(settings.scenario, { machine, ndis, host, target, link });
    machine.queueWorkItem(0, () => {
      this.boot();
    });
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.machine.now;
  }

  /** How much of the file has been acknowledged and has come back, 0 to 1. */
  get progress(): number {
    const { acknowledged, returned } = this.application;
    return this.settings.file.length === 0 ? 1 : (acknowledged + returned) / (2 * this.settings.file.length);
  }

  /** Runs up to `events` events; false when the run has ended. */
  advance(events: number): boolean {
    const { machine } = this;
    for (let left = events; left > 0; left--) {
      if (machine.scheduler.nextTime > this.endsAt) return false;
      if (machine.now > longestRun) {
        this.failure ??= 'The run made no progress within a day of virtual time.';
        return false;
      }
      if (!machine.step()) return false;
      this.direct();
    }
    return true;
  }

  /** What happened; `stopped` says that the user ended it early. */
  report(stopped: boolean): RunReport {
    const { application, settings, totals, peer } = this;
    const size = settings.file.length;
    const digests = application.digests();
    const source = application.complete || !stopped ? digests.source : null;
    const peerDigest = peer.application.digest ?? null;
    const returned = application.complete ? digests.returned : null;
    const success =
      application.complete && source === peerDigest && source === returned && this.failure === undefined;
    const hostPath = this.connection?.bytesSentByHostPath ?? 0;
    const chimney = this.target.newBytesSent;
    return {
      scenario: settings.scenario,
      success,
      summary: this.summary(success, stopped, hostPath, chimney),
      seed: settings.seed,
      fileBytes: size,
      sha256: { source, peer: peerDigest, returned },
      bytesSent: { hostPath, chimney },
      bytesReceived:
        this.connection === undefined ? { hostPath: 0, chimney: 0 } : { ...this.connection.received },
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime: this.machine.now,
    };
  }

  private summary(success: boolean, stopped: boolean, hostPath: number, chimney: number): string {
    const { application, settings } = this;
    if (this.failure !== undefined) return this.failure;
    const parts = `${hostPath} bytes left by the host path and ${chimney} by the chimney`;
    if (success) return `All ${settings.file.length} bytes came back unchanged; ${parts}.`;
    if (stopped) return `Stopped by the user: ${parts}.`;
    if (application.complete) return 'The bytes that came back differ from the bytes that were sent.';
    return `The transfer did not finish (${application.ended ?? 'stalled'}): ${parts}.`;
  }

  /** Drivers are loaded, adapters started, and the application connects. */
  private boot(): void {
    const { target, host, ndis } = this;
    if (target.load() !== NDIS_STATUS.SUCCESS || host.load() !== NDIS_STATUS.SUCCESS) {
      this.failure = 'A driver could not be registered.';
      this.endsAt = this.machine.now;
      return;
    }
    ndis.registration.startAdapters();
    if (host.enableChimney() !== NDIS_STATUS.SUCCESS)
      this.failure = 'The adapter refused the chimney parameters.';
    this.connection = host.connect(peerAddress, echoPort, this.application);
  }

  /** The scenario's own decisions, taken between events. */
  private direct(): void {
    const { application, connection, settings, machine } = this;
    if (connection === undefined) return;
    this.adapterEvents.direct(connection, application.acknowledged / settings.file.length);
    if (
      !this.offloadTried &&
      connection.acknowledgedBytes >= offloadThreshold(settings.file.length) &&
      application.acknowledged < settings.file.length
    ) {
      this.offloadTried = true;
      machine.queueWorkItem(0, () => {
        connection.offload();
      });
    }
    if (
      !this.halfwayDone &&
      application.acknowledged * 2 >= settings.file.length &&
      connection.place === 'Offloaded'
    ) {
      this.halfwayDone = true;
      machine.queueWorkItem(0, () => {
        if (connection.place !== 'Offloaded') return;
        const request = new OffloadRequest(this.host, connection);
        if (settings.scenario === 'neighbor-invalidated') request.invalidateNeighbor();
        else request.query();
      });
    }
    if (application.ended !== undefined && connection.place === 'InHost' && this.endsAt === Infinity) {
      this.endsAt = machine.now + settlingTime;
    }
  }
}
