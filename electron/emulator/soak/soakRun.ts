/**
 * One seed of a soak: connections over several paths and neighbors, state manipulation and faults at random instants, and at the
 * end an account of everything. A run depends on its settings alone.
 */
import type { RunReport } from '../../../shared/analysis/runReport';
import { Random } from '../../../shared/base/random';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { HostConnection } from '../host/hostConnection';
import { Machine } from '../machine/machine';
import type { Probe } from '../probe';
import { RunWatch } from './runWatch';
import { soakActionNames, takeAction, type SoakActionName, type SoakScene } from './soakActions';
import { SoakFaults } from './soakFaults';
import { SoakStream } from './soakStream';
import { anyTopology, type SoakTopology, type SoakTopologyMaker } from './soakTopology';

/** What a run depends on. */
export interface SoakSettings {
  readonly seed: number;
  /** Connections, 1 at least. */
  readonly connections: number;
}

/** What a run has found and done. */
export interface SoakResult {
  readonly seed: number;
  /** What is wrong, a line each; empty if nothing is. */
  readonly findings: readonly string[];
  /** How often each action was taken when the moment was one for it. */
  readonly actions: Readonly<Record<SoakActionName, number>>;
  /** Calls that crossed the door, bytes that the chimney sent for the first time, and events of the emulator. */
  readonly calls: number;
  readonly chimneyBytes: number;
  readonly events: number;
  /** Virtual ns. */
  readonly virtualTime: number;
}

/** Streams of chance, apart from those of the machine's parts. */
const streamsOfChance = { topology: 901, walk: 902, faults: 903, machine: 904, firstStream: 1000 } as const;

/** Processors of which each seed takes one. */
const processorCounts = [1, 2, 4, 8] as const;

/**
 * Time between two actions, and between two connects, at most; virtual ns. Half of all steps are so short that an action meets what
 * the one before has begun.
 */
const shortStep = 30_000;
const longestStep = 4_000_000;
const longestConnectInterval = 3_000_000;

/** Actions of a run for each connection. */
const actionsPerConnection = 5;

/** A part of the connections whose peers reset them. */
const doomedShare = 0.06;

/** At the end peers announce their Ethernet addresses: an announcement may be lost. */
const announcements = 8;
const announcementInterval = 500_000_000;

/** Events without any byte moving, while streams are open, after which time stands still. */
const mostIdleEvents = 500_000;

/** Virtual time after which all streams must have ended: beyond the 153 s after which TCP gives up. */
const longestRun = 900 * 1e9;

/** Events that a run may take after the last stream has ended. */
const mostSettlingEvents = 100_000;

/** See the file's head. */
export class SoakRun {
  readonly topology: SoakTopology;
  readonly streams: readonly SoakStream[];
  private readonly machine: Machine;
  private readonly watch: RunWatch;
  private readonly random: Random;
  private readonly faults: SoakFaults;
  private readonly scene: SoakScene;
  private readonly byLocalPort = new Map<number, HostConnection>();
  private readonly counts = Object.fromEntries(soakActionNames.map((name) => [name, 0])) as Record<
    SoakActionName,
    number
  >;
  private actionsLeft: number;
  private events = 0;
  private phase: 'walking' | 'settling' | 'ended' = 'walking';
  private lastProgress = 0;
  private lastProgressAt = 0;
  private settlingSince = 0;
  private problem: string | undefined;

  constructor(
    probe: Probe,
    readonly settings: SoakSettings,
    makeTopology: SoakTopologyMaker = anyTopology,
  ) {
    const { seed, connections } = settings;
    this.watch = new RunWatch(probe);
    const processors =
      processorCounts[new Random(seed, streamsOfChance.machine).nextBelow(processorCounts.length)];
    const machine = new Machine(this.watch.probe, seed, processors);
    this.machine = machine;
    this.random = new Random(seed, streamsOfChance.walk);
    this.topology = makeTopology(
      machine,
      new Random(seed, streamsOfChance.topology),
      connections,
      (port) => this.byLocalPort.get(port)?.id,
    );
    const { host, destinations } = this.topology;
    this.streams = Array.from({ length: connections }, (_, index) => {
      const random = new Random(seed, streamsOfChance.firstStream + index);
      const destination = destinations[index % destinations.length]!;
      return new SoakStream(machine, host, random, destination, random.nextChance(doomedShare));
    });
    this.faults = new SoakFaults(machine, this.topology, new Random(seed, streamsOfChance.faults));
    this.actionsLeft = actionsPerConnection * connections;
    this.scene = {
      topology: this.topology,
      streams: this.streams,
      faults: this.faults,
      random: this.random,
    };
    machine.queueWorkItem(0, () => {
      this.boot();
    });
  }

  /** Runs up to `events` events; false when the run has ended. */
  advance(events: number): boolean {
    for (let left = events; left > 0 && this.phase !== 'ended'; left--) {
      let stepped = false;
      try {
        stepped = this.machine.step();
      } catch (error) {
        // In a real machine this would have been a bug check.
        this.fail(`crashed: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.events++;
      if (!stepped) this.phase = 'ended';
      else if (this.events % this.streams.length === 0) this.look();
    }
    return this.phase !== 'ended';
  }

  /** What has been found; at the end of the run. */
  result(): SoakResult {
    const { settings, problem, machine, topology } = this;
    return {
      seed: settings.seed,
      findings: [
        ...(problem === undefined ? [] : [problem]),
        ...this.streams.flatMap((stream) => stream.finding() ?? []),
        ...topology.outstanding(),
        ...this.watch.findings(),
      ],
      actions: this.counts,
      calls: this.watch.totals.calls,
      chimneyBytes: topology.adapters.reduce((bytes, { target }) => bytes + target.newBytesSent, 0),
      events: this.events,
      virtualTime: machine.now,
    };
  }

  /** The same as the end of a recording has it. */
  report(): RunReport {
    const { streams } = this;
    const { totals } = this.watch;
    const { seed, findings, chimneyBytes, virtualTime } = this.result();
    const success = findings.length === 0;
    const bytesReceived = { hostPath: 0, chimney: 0 };
    let hostPath = 0;
    for (const { connection } of streams) {
      hostPath += connection?.bytesSentByHostPath ?? 0;
      bytesReceived.hostPath += connection?.received.hostPath ?? 0;
      bytesReceived.chimney += connection?.received.chimney ?? 0;
    }
    return {
      scenario: 'soak',
      success,
      summary: success ? `Nothing found in seed ${seed}.` : `Seed ${seed}: ${findings.join('; ')}.`,
      seed,
      fileBytes: streams.reduce((bytes, stream) => bytes + stream.length, 0),
      sha256: { source: null, peer: null, returned: null },
      bytesSent: { hostPath, chimney: chimneyBytes },
      bytesReceived,
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime,
    };
  }

  private boot(): void {
    const { machine, random } = this;
    if (this.topology.boot() !== NDIS_STATUS.SUCCESS) {
      this.fail('the drivers could not be started');
      return;
    }
    let at = 0;
    for (const stream of this.streams) {
      machine.queueWorkItem(at, () => {
        const connection = stream.connect();
        this.byLocalPort.set(connection.localPort, connection);
      });
      at += random.nextBelow(longestConnectInterval);
    }
    this.walkOn();
  }

  /** One action, and the next one a little later. */
  private walkOn(): void {
    const { machine, random } = this;
    if (this.actionsLeft === 0) {
      this.endWalk(announcements);
      return;
    }
    this.actionsLeft--;
    const step = random.nextBelow(random.nextChance(0.5) ? shortStep : longestStep);
    machine.queueWorkItem(step, () => {
      const name = takeAction(this.scene);
      if (name !== undefined) this.counts[name]++;
      this.walkOn();
    });
  }

  /** Tells everybody where everybody is, and resets what is still to be reset, until all that has happened. */
  private endWalk(left: number): void {
    if (this.faults.areOver) for (const { peer } of this.topology.neighbors) peer.announce();
    const doomed = this.streams.filter(({ isDoomed, ended }) => isDoomed && ended === undefined);
    for (const stream of doomed) stream.resetByPeer();
    if (left === 0 && this.faults.areOver && doomed.length === 0) return;
    this.machine.queueWorkItem(announcementInterval, () => {
      this.endWalk(Math.max(0, left - 1));
    });
  }

  /** Looks whether anything moves, and whether all is over. */
  private look(): void {
    const { machine, streams } = this;
    if (this.phase === 'settling') {
      if (this.events - this.settlingSince > mostSettlingEvents)
        this.fail('the machine does not come to rest');
      return;
    }
    const progress = streams.reduce((sum, stream) => sum + stream.progress, 0);
    if (progress !== this.lastProgress) {
      this.lastProgress = progress;
      this.lastProgressAt = this.events;
    } else if (this.events - this.lastProgressAt > mostIdleEvents)
      this.fail(`nothing moves at ${machine.now} ns`);
    if (machine.now > longestRun) this.fail('streams are still open after 900 s');
    if (this.actionsLeft === 0 && this.faults.areOver && streams.every((stream) => stream.isOver)) {
      this.phase = 'settling';
      this.settlingSince = this.events;
    }
  }

  private fail(problem: string): void {
    this.problem ??= problem;
    this.phase = 'ended';
  }
}

/** Runs one seed to its end. */
export function soak(probe: Probe, settings: SoakSettings, makeTopology?: SoakTopologyMaker): SoakResult {
  const run = new SoakRun(probe, settings, makeTopology);
  while (run.advance(100_000));
  return run.result();
}
