/**
 * One run of a built-in scenario: host, NDIS, offload target, link and echo servers on one machine, driven event by event, so that
 * whoever runs it can show progress and stop it.
 */
import type { RuleId } from '../../../shared/rules/catalogue';
import { sha256 } from '@noble/hashes/sha2.js';
import type { RunReport } from '../../../shared/analysis/runReport';
import { Random } from '../../../shared/base/random';
import type { LiveEdit } from '../../../shared/contract/liveEdit';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { DriverFault } from '../kit/driverFault';
import { Faults } from '../faults/faults';
import { FaultTrace } from '../faults/faultTrace';
import type { HostConnection } from '../host/hostConnection';
import { Machine } from '../machine/machine';
import { countingProbe, type ProbeTotals } from '../observe/countingProbe';
import type { Probe } from '../probe';
import { hexOf } from '../wire/hex';
import type { ScenarioDefinition } from '../../../shared/scenario/definition';
import { effectiveDefinition } from '../../../shared/scenario/effective';
import { libraryScenario } from '../../../shared/scenario/library';
import { linkOf, planOf } from './definedPlan';
import type { ScenarioPlan } from './scenarioPlan';
import { LiveEdits } from './liveEdits';
import { ModuleDriver, type DriverModules } from './moduleDriver';
import { ScenarioScript } from './scenarioScript';
import { requestedLink, type ScenarioSettings } from './scenarioSettings';
import { Stream } from './stream';
import { buildTopology, type ScenarioTopology } from './topology';

/** Virtual time in which late returns and completions may still happen after the end, ns. */
const settlingTime = 5_000_000;

/** No scenario lasts longer, virtual ns: a run that does has stalled. */
const longestRun = 24 * 3600 * 1e9;

/** Makes up a file of incompressible bytes. */
export function inventFile(seed: number, bytes: number): Uint8Array {
  const file = new Uint8Array(bytes);
  new Random(seed, 5).fill(file);
  return file;
}

/** What the header of a trace calls a file that was made up. */
export function inventedFileName(seed: number): string {
  return `made up from seed ${seed}`;
}

/** The part of a file that one of several connections carries. */
function partOf(file: Uint8Array, index: number, count: number): Uint8Array {
  const at = (part: number): number => Math.floor((file.length * part) / count);
  return file.subarray(at(index), at(index + 1));
}

/** The definition of a run, with what was asked for besides. */
export function definitionOf(settings: ScenarioSettings): ScenarioDefinition {
  const definition = settings.definition ?? libraryScenario(settings.scenario);
  if (definition === undefined) throw new Error(`there is no scenario ${settings.scenario}`);
  return effectiveDefinition(definition, { ...settings, bytes: settings.file.length });
}

/** See the file's head. */
export class ScenarioRun {
  readonly topology: ScenarioTopology;
  readonly streams: readonly Stream[];
  private readonly plan: ScenarioPlan;
  private readonly machine: Machine;
  private readonly application: number;
  private readonly edits: LiveEdits;
  private readonly totals: ProbeTotals;
  private readonly byLocalPort = new Map<number, HostConnection>();
  private offeredTogether = false;
  /** Events until decisions are looked at again: every connection costs time there. */
  private untilDecisions = 0;
  private readonly script: ScenarioScript;
  private endsAt = Infinity;
  private failure: string | undefined;
  /** What goes wrong on purpose; undefined where nothing does. */
  private readonly faults: Faults | undefined;
  /** Whether a fault has brought the machine down. */
  private down = false;

  constructor(
    probe: Probe,
    private readonly settings: ScenarioSettings,
    asked?: ScenarioPlan,
  ) {
    const definition = definitionOf(settings);
    const chimney = definition.policy.chimney;
    const planned = asked ?? planOf(definition);
    const plan: ScenarioPlan = chimney === undefined ? planned : { ...planned, offload: 'policy' };
    this.plan = plan;
    const counting = countingProbe(probe);
    this.totals = counting.totals;
    const { faults } = definition;
    const faultTrace = faults.length > 0 ? new FaultTrace(counting.probe) : undefined;
    const machine = new Machine(faultTrace?.probe ?? counting.probe, settings.seed, plan.processors);
    this.machine = machine;
    if (faultTrace !== undefined) this.faults = new Faults(faults, machine, faultTrace);
    const application = machine.probe.component('application', 'Application');
    this.application = application;
    const connectionFrom = (port: number): number | undefined => this.byLocalPort.get(port)?.id;
    const { link, ipVersions } = definition.topology;
    const tampering = this.faults?.tampering(plan.tampering) ?? plan.tampering;
    const tampered = tampering === undefined ? {} : { tampering };
    const asLink = { link: requestedLink(linkOf(definition)) };
    const links = { ...plan, ...asLink, ...tampered, versions: ipVersions, chimney };
    const topology = buildTopology(machine, links, link.loss, connectionFrom, settings.drivers ?? {});
    this.topology = topology;
    this.edits = new LiveEdits(machine, topology);
    this.streams = Array.from({ length: plan.connections }, (_, index) => {
      const destination = topology.destinations[index % topology.destinations.length]!;
      const file = partOf(settings.file, index, plan.connections);
      return new Stream(machine, topology.host, destination, plan, file, application);
    });
    this.script = new ScenarioScript(machine, plan.steps ?? [], this.streams, topology);
    machine.queueWorkItem(0, () => {
      this.boot();
    });
    this.faults?.begin(topology, this.streams);
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.machine.now;
  }

  /** How much of the file has been acknowledged and has come back, 0 to 1. */
  get progress(): number {
    let bytes = 0;
    for (const { application } of this.streams) bytes += application.acknowledged + application.returned;
    return this.settings.file.length === 0 ? 1 : bytes / (2 * this.settings.file.length);
  }

  /** When the next thing happens, virtual ns; Infinity if nothing is left to happen. */
  get nextTime(): number {
    return this.machine.scheduler.nextTime;
  }

  /** Runs up to `events` events, and none that is due after `until`, virtual ns; false when the run has ended. */
  advance(events: number, until = Infinity): boolean {
    if (this.faults === undefined) return this.run(events, until);
    if (this.down) return false;
    try {
      return this.run(events, until);
    } catch (error) {
      // A driver module's own mistakes are told by whoever loaded it.
      if (error instanceof DriverFault) throw error;
      this.down = true;
      const message = error instanceof Error ? error.message : String(error);
      this.fail(`The emulated machine went down behind a fault: ${message}.`);
      this.topology.host.note(undefined, `The machine goes down: ${message}`);
      return false;
    }
  }

  private run(events: number, until: number): boolean {
    const { machine } = this;
    for (let left = events; left > 0; left--) {
      const { nextTime } = machine.scheduler;
      if (nextTime > this.endsAt) return false;
      if (nextTime > until && nextTime < Infinity) return true;
      if (machine.now > longestRun) {
        this.failure ??= 'The run made no progress within a day of virtual time.';
        return false;
      }
      if (!machine.step()) {
        // Nothing is left to happen, unless a decision that is due makes something happen.
        this.direct();
        if (!machine.step()) return false;
      }
      if (--this.untilDecisions <= 0) {
        this.untilDecisions = this.streams.length;
        this.direct();
      }
    }
    return true;
  }

  /** Has somebody do something by hand, next. */
  edit(edit: LiveEdit): void {
    this.edits.queue(edit);
  }

  /** The run can't go on: it has ended, and this is why. The trace says it too, of the module in `place` where one is to blame. */
  fail(message: string, place?: keyof DriverModules): void {
    const { machine, topology } = this;
    if (this.failure === undefined) {
      const drivers: readonly unknown[] =
        place === 'target' ? [topology.target] : place === 'intermediate' ? topology.intermediates : [];
      const module = drivers.find((driver) => driver instanceof ModuleDriver);
      const component = module?.object.component ?? this.application;
      const { currentCause, probe, now } = machine;
      probe.note(now, component, undefined, currentCause, message);
      if (module !== undefined)
        probe.finding?.(
          now,
          'DRV-001' satisfies RuleId,
          currentCause === undefined ? [] : [currentCause],
          message,
        );
      this.failure = message;
    }
    this.endsAt = machine.now;
  }

  /** What happened; `stopped` says that the user ended it early. */
  report(stopped: boolean): RunReport {
    const { settings, totals, topology } = this;
    const complete = this.streams.every((stream) => stream.application.complete);
    const digests = this.digests(complete, stopped);
    const success = this.failure === undefined && this.reachedGoal(digests);
    let hostPath = 0;
    const bytesReceived = { hostPath: 0, chimney: 0 };
    for (const { connection } of this.streams) {
      hostPath += connection?.bytesSentByHostPath ?? 0;
      bytesReceived.hostPath += connection?.received.hostPath ?? 0;
      bytesReceived.chimney += connection?.received.chimney ?? 0;
    }
    const chimney = topology.adapters.reduce((bytes, { target }) => bytes + target.newBytesSent, 0);
    return {
      scenario: settings.scenario,
      success,
      summary: this.summary(success, stopped, hostPath, chimney),
      seed: settings.seed,
      fileBytes: settings.file.length,
      sha256: digests,
      bytesSent: { hostPath, chimney },
      bytesReceived,
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime: this.machine.now,
    };
  }

  /**
   * SHA-256 of the whole file at its three stations. With several connections each part is compared by its own digest: where all
   * are equal the whole is, and where one differs the whole has no digest that anybody could name.
   */
  private digests(complete: boolean, stopped: boolean): RunReport['sha256'] {
    const [only, ...others] = this.streams;
    if (only !== undefined && others.length === 0) {
      const digests = only.application.digests();
      return {
        source: complete || !stopped ? digests.source : null,
        peer: only.peerDigest ?? null,
        returned: complete ? digests.returned : null,
      };
    }
    const source = hexOf(sha256(this.settings.file));
    const same = (digestOf: (stream: Stream) => string | undefined): string | null =>
      this.streams.every((stream) => digestOf(stream) === stream.application.digests().source)
        ? source
        : null;
    return {
      source: complete || !stopped ? source : null,
      peer: complete ? same((stream) => stream.peerDigest) : null,
      returned: complete ? same((stream) => stream.application.digests().returned) : null,
    };
  }

  /** Whether the run has ended as the scenario wants it to. */
  private reachedGoal({ source, peer }: RunReport['sha256']): boolean {
    const { verdict = 'unchanged' } = this.plan;
    if (verdict !== 'unchanged')
      return this.streams.every(({ application }) => application.ended === verdict);
    const unchanged = ({ application }: Stream): boolean => application.complete && application.isUnchanged;
    return source === peer && this.streams.every(unchanged);
  }

  private summary(success: boolean, stopped: boolean, hostPath: number, chimney: number): string {
    const { settings, streams } = this;
    if (this.failure !== undefined) return this.failure;
    const parts = `${hostPath} bytes left by the host path and ${chimney} by the chimney`;
    const { verdict = 'unchanged', peer } = this.plan;
    if (success && verdict !== 'unchanged')
      return `Every connection ended as it should (${verdict}); ${parts}.`;
    if (success && peer?.echoes !== undefined)
      return `All ${settings.file.length} bytes arrived unchanged; ${parts}.`;
    if (success) return `All ${settings.file.length} bytes came back unchanged; ${parts}.`;
    if (stopped) return `Stopped by the user: ${parts}.`;
    const unfinished = streams.find((stream) => !stream.application.complete);
    if (unfinished === undefined) return 'The bytes that came back differ from the bytes that were sent.';
    return `The transfer did not finish (${unfinished.application.ended ?? 'stalled'}): ${parts}.`;
  }

  /** Drivers are loaded, adapters started, and the application connects. */
  private boot(): void {
    const { adapters, intermediates, host, ndis } = this.topology;
    const drivers = [...adapters.map(({ target }) => target), ...intermediates, host];
    if (drivers.some((driver) => driver.load() !== NDIS_STATUS.SUCCESS)) {
      this.failure = 'A driver could not be registered.';
      this.endsAt = this.machine.now;
      return;
    }
    ndis.registration.startAdapters();
    // Above an intermediate driver without chimney functions there is nothing to enable.
    const mayEnable = this.plan.team?.settings?.chimney !== false;
    if (host.enableChimney() !== NDIS_STATUS.SUCCESS && mayEnable)
      this.failure = 'The adapter refused the chimney parameters.';
    this.streams.forEach((stream, index) => {
      if (index === 0) this.connect(stream);
      else {
        this.machine.queueWorkItem(index * this.plan.connectInterval, () => {
          this.connect(stream);
        });
      }
    });
  }

  private connect(stream: Stream): void {
    const connection = stream.connect();
    this.byLocalPort.set(connection.localPort, connection);
  }

  /** The scenario's own decisions, taken between events. */
  private direct(): void {
    const { streams, machine, plan } = this;
    for (const stream of streams) stream.direct();
    const [first] = streams;
    if (first?.connection !== undefined) this.script.direct();
    if (
      plan.offload === 'together' &&
      !this.offeredTogether &&
      streams.every((stream) => stream.isReadyForOffload)
    ) {
      this.offeredTogether = true;
      machine.queueWorkItem(0, () => {
        // What is posted before the offer is sent and not acknowledged by then; the rest is posted while it is being made.
        const waiting = streams.filter(({ application }) => application.waits);
        for (const { application } of waiting) application.open(0.5);
        const connections = waiting.flatMap(({ connection }) => connection ?? []);
        this.topology.host.offloads.offer(connections);
        for (const { application } of waiting) application.open(1);
      });
    }
    if (this.endsAt === Infinity && streams.every((stream) => stream.isOver))
      this.endsAt = machine.now + settlingTime;
  }
}
