/**
 * Whether hand-overs show: one seed draws connections, their workloads and a wire that impairs frames, and runs them twice, without any
 * offload and with connections handed over and taken back at random instants. The applications must see the same in both.
 */
import type { RunReport } from '../../../shared/analysis/runReport';
import { Random } from '../../../shared/base/random';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { HostConnection } from '../host/hostConnection';
import { Machine } from '../machine/machine';
import { RunWatch } from '../soak/runWatch';
import { silentProbe } from '../observe/silentProbe';
import type { Probe } from '../probe';
import { echoPort } from '../peer/echoHost';
import type { Topology } from '../scenarios/topology';
import { HostSide } from './hostSide';
import { buildWorld, outstandingIn } from './impairedWorld';
import { PeerSide } from './peerSide';
import type { StreamOutcome } from './streamEnd';
import { drawConnection } from './workload';

/** What a run depends on. */
export interface TransparencySettings {
  readonly seed: number;
  /** Connections, 1 at least. */
  readonly connections: number;
}

/** What a seed has found and done. */
export interface TransparencyResult {
  readonly seed: number;
  /** What is wrong, a line each; empty if nothing is. */
  readonly findings: readonly string[];
  /** How often a connection went to the chimney and came back from it. */
  readonly offloads: number;
  readonly uploads: number;
  /** Bytes that applications received in the run with hand-overs, and those that the chimney sent for the first time. */
  readonly bytes: number;
  readonly chimneyBytes: number;
  /** Frames that something happened to on the wire, in the run with hand-overs, by what it was. */
  readonly frames: Readonly<Record<string, number>>;
  /** Events of the emulator, both runs together. */
  readonly events: number;
}

/** Streams of chance, apart from those of the machine's parts. */
const streams = { machine: 940, world: 941, handOver: 942, firstConnection: 2000 } as const;

/** Processors of which each seed takes one. */
const processorCounts = [1, 1, 2, 4] as const;

/** Hand-overs of a run at most, and the longest time between two, virtual ns; half of all times are so short that requests meet. */
const mostHandOvers = 60;
const shortStep = 300_000;
const longestStep = 30_000_000;

/**
 * Peers announce their Ethernet addresses from time to time: ARP has no checksum, and what a corrupted answer has taught a host nobody
 * else would put right. The time is a part of what TCP waits before it gives up.
 */
const announcementInterval = 12e9;

/** No run lasts longer, virtual ns: TCP gives up before. */
const longestRun = 1_800 * 1e9;

/** Events that a run may take at all, and after its last stream has ended. */
const mostEvents = 20_000_000;
const mostSettlingEvents = 200_000;

/** One of the two runs of a seed. */
export class TransparencyRun {
  readonly topology: Topology;
  readonly hosts: readonly HostSide[];
  readonly peers = new Map<number, PeerSide>();
  offloads = 0;
  uploads = 0;
  events = 0;
  problem: string | undefined;
  readonly frames: Record<string, number> = {};
  private readonly machine: Machine;
  readonly watch: RunWatch;
  private readonly random: Random;
  private readonly byLocalPort = new Map<number, HostConnection>();
  private readonly indexOfPort = new Map<number, number>();
  private handOversLeft: number;
  private settlingSince = -1;

  constructor(
    probe: Probe,
    settings: TransparencySettings,
    /** Whether connections are handed over. */
    handsOver: boolean,
  ) {
    const { seed, connections } = settings;
    this.watch = new RunWatch(probe);
    const watched: Probe = {
      ...this.watch.probe,
      frameFate: (time, frame, fate, receiver, flippedBits) => {
        this.frames[fate] = (this.frames[fate] ?? 0) + 1;
        this.watch.probe.frameFate(time, frame, fate, receiver, flippedBits);
      },
    };
    const count = processorCounts[new Random(seed, streams.machine).nextBelow(processorCounts.length)];
    const machine = new Machine(watched, seed, count);
    this.machine = machine;
    this.random = new Random(seed, streams.handOver);
    this.handOversLeft = handsOver ? mostHandOvers : 0;
    this.topology = buildWorld(
      machine,
      new Random(seed, streams.world),
      connections,
      (port) => this.byLocalPort.get(port)?.id,
    );
    this.hosts = Array.from(
      { length: connections },
      (_, index) => new HostSide(machine, drawConnection(new Random(seed, streams.firstConnection + index))),
    );
    for (const peer of this.topology.peers)
      peer.serve((connection, window, clientPort) => {
        const index = this.indexOfPort.get(clientPort) ?? 0;
        const side = new PeerSide(machine, connection, window, this.hosts[index]!.plan);
        this.peers.set(index, side);
        return side;
      });
    machine.queueWorkItem(0, () => {
      this.boot();
    });
  }

  /** Virtual ns. */
  get now(): number {
    return this.machine.now;
  }

  /** Runs up to `events` events; false when the run has ended. */
  advance(events: number): boolean {
    for (let left = events; left > 0; left--) {
      if (this.problem !== undefined) return false;
      try {
        if (!this.machine.step()) return false;
      } catch (error) {
        // In a real machine this would have been a bug check.
        this.problem = `crashed: ${error instanceof Error ? error.message : String(error)}`;
        return false;
      }
      this.events++;
      if (this.events % 64 === 0) this.look();
    }
    return true;
  }

  /** What is wrong with this run by itself, a line each. */
  findings(): string[] {
    return [
      ...(this.problem === undefined ? [] : [this.problem]),
      ...this.hosts.flatMap((host, index) => this.findingsOf(host, index)),
      ...outstandingIn(this.topology),
      ...this.watch.findings(),
    ];
  }

  /** What the applications of a connection saw. */
  outcomes(index: number): { readonly host: StreamOutcome; readonly peer: StreamOutcome | undefined } {
    return { host: this.hosts[index]!.end.outcome(), peer: this.peers.get(index)?.end.outcome() };
  }

  private findingsOf(host: HostSide, index: number): string[] {
    const found: string[] = [];
    const name = `connection ${index}`;
    const peer = this.peers.get(index);
    if (host.end.problem !== undefined) found.push(`${name}, host: ${host.end.problem}`);
    if (peer?.end.problem !== undefined) found.push(`${name}, peer: ${peer.end.problem}`);
    if (host.end.ended !== 'closed' || !host.end.sawEnd || peer?.end.sawEnd !== true) {
      const bytes = `${host.end.received} of ${host.plan.peer.bytes.length} bytes came, ${peer?.end.received ?? 0} of ${host.plan.host.bytes.length} went`;
      const state = `${host.connection?.place ?? 'never made'}, ${host.end.ended ?? 'still open'}`;
      found.push(`${name}: ${state}, ${bytes}`);
    } else if (host.acknowledged !== host.plan.host.bytes.length)
      found.push(`${name}: ${host.acknowledged} of ${host.plan.host.bytes.length} bytes were completed`);
    return found;
  }

  private boot(): void {
    const { machine, topology } = this;
    const { adapters, intermediates, host, ndis, destinations } = topology;
    for (const driver of [...adapters.map(({ target }) => target), ...intermediates, host])
      if (driver.load() !== NDIS_STATUS.SUCCESS) this.problem ??= 'a driver could not be registered';
    ndis.registration.startAdapters();
    if (host.enableChimney() !== NDIS_STATUS.SUCCESS) this.problem ??= 'the chimney could not be enabled';
    this.hosts.forEach((side, index) => {
      machine.queueWorkItem(side.plan.connectAt, () => {
        const { address } = destinations[index % destinations.length]!;
        const connection = host.connect(address, echoPort, side);
        side.connection = connection;
        this.indexOfPort.set(connection.localPort, index);
        this.byLocalPort.set(connection.localPort, connection);
      });
    });
    this.handOver();
    this.announce();
  }

  private announce(): void {
    this.machine.queueWorkItem(announcementInterval, () => {
      if (this.hosts.every(({ end }) => end.ended !== undefined)) return;
      for (const peer of this.topology.peers) peer.announce();
      this.announce();
    });
  }

  /** Hands a connection over or takes one back, and the next a little later. */
  private handOver(): void {
    if (this.handOversLeft-- <= 0) return;
    const { random, machine, hosts } = this;
    const step = random.nextBelow(random.nextChance(0.5) ? shortStep : longestStep);
    machine.queueWorkItem(step, () => {
      const open = hosts.filter(({ connection, end }) => connection !== undefined && end.ended === undefined);
      const connection = open.length === 0 ? undefined : open[random.nextBelow(open.length)]!.connection;
      if (connection?.place === 'InHost') {
        this.offloads++;
        connection.offload();
      } else if (connection?.place === 'Offloaded') {
        this.uploads++;
        connection.upload();
      }
      this.handOver();
    });
  }

  private look(): void {
    if (this.settlingSince >= 0) {
      if (this.events - this.settlingSince > mostSettlingEvents)
        this.problem ??= 'the machine does not come to rest';
      return;
    }
    if (this.machine.now > longestRun) this.problem ??= 'streams are still open after half an hour';
    else if (this.events > mostEvents) this.problem ??= `nothing ends within ${mostEvents} events`;
    else if (
      this.hosts.every(({ end, connection }) => end.ended !== undefined && connection?.place === 'InHost')
    )
      this.settlingSince = this.events;
  }
}

/** What a remote application sees of a connection's end once it has everything: nothing. TCP may forget it in more ways than one. */
function settled(outcome: StreamOutcome | undefined): StreamOutcome | undefined {
  return outcome?.sawEnd === true ? { ...outcome, ended: 'closed' } : outcome;
}

/** Compares what the applications saw in two runs of a seed. */
function differences(plain: TransparencyRun, handedOver: TransparencyRun): string[] {
  return plain.hosts.flatMap((_, index) => {
    const before = plain.outcomes(index);
    const after = handedOver.outcomes(index);
    const compare = (side: string, one: StreamOutcome | undefined, other: StreamOutcome | undefined) =>
      (['received', 'sha256', 'sawEnd', 'ended'] as const)
        .filter((name) => one?.[name] !== other?.[name])
        .map(
          (name) =>
            `connection ${index}, ${side}: ${name} is ${String(other?.[name])}, without hand-overs ${String(one?.[name])}`,
        );
    return [
      ...compare('host', before.host, after.host),
      ...compare('peer', settled(before.peer), settled(after.peer)),
    ];
  });
}

/** Both runs of a seed, slice by slice, so that whoever makes them can show progress and stop. */
export class TransparencyCheck {
  private readonly plain: TransparencyRun;
  private readonly handedOver: TransparencyRun;

  /** @param probe sees the run with hand-overs. */
  constructor(
    probe: Probe,
    private readonly settings: TransparencySettings,
  ) {
    this.plain = new TransparencyRun(silentProbe(), settings, false);
    this.handedOver = new TransparencyRun(probe, settings, true);
  }

  /** Runs up to `events` events; false when both runs have ended. */
  advance(events: number): boolean {
    return this.plain.advance(events) || this.handedOver.advance(events);
  }

  /** What has been found; at the end. */
  result(): TransparencyResult {
    const { plain, handedOver, settings } = this;
    const adapters = handedOver.topology.adapters;
    return {
      seed: settings.seed,
      findings: [
        ...plain.findings().map((finding) => `without hand-overs: ${finding}`),
        ...handedOver.findings(),
        ...differences(plain, handedOver),
      ],
      offloads: handedOver.offloads,
      uploads: handedOver.uploads,
      bytes: handedOver.hosts.reduce((sum, { end, acknowledged }) => sum + end.received + acknowledged, 0),
      chimneyBytes: adapters.reduce((bytes, { target }) => bytes + target.newBytesSent, 0),
      frames: handedOver.frames,
      events: plain.events + handedOver.events,
    };
  }

  /** The same as the end of a recording has it. */
  report(): RunReport {
    const { handedOver, settings } = this;
    const { findings, bytes, chimneyBytes, offloads } = this.result();
    const { totals } = handedOver.watch;
    const success = findings.length === 0;
    const bytesReceived = { hostPath: 0, chimney: 0 };
    let hostPath = 0;
    for (const { connection } of handedOver.hosts) {
      hostPath += connection?.bytesSentByHostPath ?? 0;
      bytesReceived.hostPath += connection?.received.hostPath ?? 0;
      bytesReceived.chimney += connection?.received.chimney ?? 0;
    }
    return {
      scenario: 'transparency',
      success,
      summary: success
        ? `${offloads} hand-overs of seed ${settings.seed} have not shown.`
        : `Seed ${settings.seed}: ${findings.join('; ')}.`,
      seed: settings.seed,
      fileBytes: bytes,
      sha256: { source: null, peer: null, returned: null },
      bytesSent: { hostPath, chimney: chimneyBytes },
      bytesReceived,
      callsRecorded: totals.calls,
      optionalHandlersCalls: totals.optionalHandlersCalls,
      frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
      virtualTime: handedOver.now,
    };
  }
}

/** Runs one seed to its end. */
export function checkTransparency(settings: TransparencySettings): TransparencyResult {
  const check = new TransparencyCheck(silentProbe(), settings);
  while (check.advance(100_000));
  return check.result();
}
