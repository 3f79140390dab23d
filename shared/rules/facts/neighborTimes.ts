/**
 * When each offloaded neighbor was last known to be reachable, as the records of its target tell: by the host stack (HRT) and by forward
 * progress of the connections behind it (NRT). What counts as progress beyond doubt and what may count are kept apart.
 */
import { sequenceDistance } from '../../analysis/tcpSegment';
import { NDIS_STATUS } from '../../ddi/status';
import { fateDelivers } from '../../trace/frameFates';
import type { EventId, FrameFateRecord, VirtualTime } from '../../trace/records';
import type { Call } from '../engine/call';
import { tcpFlags, type WireFrame } from '../engine/frame';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { treeOf, type TreeBlock } from '../engine/tree';
import { adapterFacts, type Adapters, type KnownAdapter } from './adapters';
import { flows, type Flow, type Flows } from './flows';
import { handedState, type HandedNeighbor, type HandedState, type HandedTcp } from './handedState';

/** A moment, and the record that tells it. */
export interface Moment {
  /** Virtual ns. */
  readonly time: VirtualTime;
  readonly event: EventId;
}

/** A segment that has arrived is processed within this time, virtual ns. */
export const processingTime = 20_000_000;

/** How much a target's own clock may be coarser than the time of records, virtual ns. */
export const clockTolerance = 2_000_000;

/** An indication about a neighbor that has returned. */
export interface AnsweredIndication {
  readonly call: Call;
  /** HostReachabilityDelta as it came back, host ticks. */
  readonly answer: number;
}

/** One neighbor of one target, from its offload on. */
export class NeighborTime {
  /** NRT cannot be older than this: the last proof beyond doubt that has certainly been processed, or the offload. */
  private settled: Moment;
  /** The last proof beyond doubt. */
  private proven: Moment;
  /** NRT cannot be newer than this: the last segment that may have proved something. */
  possible: Moment;
  /** The last segment since `possible` that proves nothing: a duplicate, one outside the window, a RST. */
  idle: Moment | undefined;
  /** HRT: the host stack's last confirmation, as it has told the target. */
  host: Moment;
  /** An update is under way that may have changed HRT already. */
  updating = false;
  /** The indication that has not returned yet. */
  asking: Call | undefined;
  /** The last one that has. */
  answered: AnsweredIndication | undefined;

  constructor(
    readonly handed: HandedNeighbor,
    private readonly adapter: KnownAdapter | undefined,
    hostDelta: number,
    adapterDelta: number,
  ) {
    const { event, time } = handed.initiate;
    this.host = { time: time - hostDelta * this.tick, event };
    this.possible = { time: time - adapterDelta * this.tick, event };
    this.settled = this.proven = this.possible;
  }

  /** Length of a host tick, virtual ns; NaN while no parameters have been set. */
  get tick(): number {
    return 1e9 / (this.adapter?.parameters?.view.number('TicksPerSecond') ?? NaN);
  }

  /** NceStaleTicks, as virtual ns; NaN while no parameters have been set. */
  get staleAfter(): number {
    return (this.adapter?.parameters?.view.number('NceStaleTicks') ?? NaN) * this.tick;
  }

  /** What is forgiven where ages are compared, virtual ns. */
  get tolerance(): number {
    return 2 * this.tick + clockTolerance;
  }

  /** The last proof that the target must have processed by `now`. */
  provenBy(now: VirtualTime): Moment {
    return now - this.proven.time >= processingTime ? this.proven : this.settled;
  }

  /** A segment has come that is a proof beyond doubt. */
  prove(moment: Moment): void {
    this.settled = this.provenBy(moment.time);
    this.proven = moment;
    this.allow(moment);
  }

  /** Something has come that may be a proof. */
  allow(moment: Moment): void {
    this.possible = moment;
    this.idle = undefined;
  }
}

/** How a target has reported its NicReachabilityDelta: by an indication, or by the answer to a query. */
export interface ReachabilityReport {
  readonly neighbor: NeighborTime;
  readonly block: TreeBlock;
  /** The call that reports. */
  readonly call: Call;
  /** When the value was read at the earliest: the request, where there is one. */
  readonly from: VirtualTime;
  /** NicReachabilityDelta, host ticks. */
  readonly adapterDelta: number;
}

type Proof = 'proves' | 'may prove' | 'proves nothing';

/** See the file's head. */
export class NeighborTimes implements Handlers {
  private readonly times = new WeakMap<HandedNeighbor, NeighborTime>();
  private readonly handed: HandedState;
  private readonly flows: Flows;
  private readonly adapters: Adapters;

  constructor(private readonly facts: Facts) {
    this.handed = facts.of(handedState);
    this.flows = facts.of(flows);
    this.adapters = facts.of(adapterFacts);
  }

  /** A neighbor that a target holds; undefined where it has none of the kind, or before parameters were set. */
  of(target: number, object: number | undefined): NeighborTime | undefined {
    return this.ofHanded(this.handed.neighbor(target, object));
  }

  /** The same by what handedState knows of it. */
  ofHanded(neighbor: HandedNeighbor | undefined): NeighborTime | undefined {
    if (neighbor === undefined) return undefined;
    const time = this.times.get(neighbor);
    return time === undefined || Number.isNaN(time.tick) ? undefined : time;
  }

  /** What an indication, or the completion of a query, reports of neighbors. */
  reportsOf(call: Call): ReachabilityReport[] {
    if (this.facts.machine.role(call.caller) !== 'offload-target') return [];
    const request = this.facts.objects.requestOf(call)?.call;
    const from = request?.time ?? call.time;
    return treeOf(call).flatMap((block) => {
      const adapterDelta = block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
      const neighbor = this.of(call.caller, block.object);
      if (adapterDelta === undefined || neighbor === undefined || block.status !== NDIS_STATUS.SUCCESS)
        return [];
      return [{ neighbor, block, call, from, adapterDelta }];
    });
  }

  readonly call = {
    MiniportInitiateOffload: (call: Call): void => {
      if (this.facts.machine.role(call.callee) !== 'offload-target') return;
      const adapter = this.adapters.of(call);
      for (const block of treeOf(call)) {
        const host = block.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta');
        const own = block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
        const neighbor = this.handed.neighbor(call.callee, block.object);
        if (host === undefined || own === undefined || neighbor?.initiate !== call) continue;
        this.times.set(neighbor, new NeighborTime(neighbor, adapter, host, own));
      }
    },
    MiniportUpdateOffload: (call: Call): void => {
      for (const block of treeOf(call)) {
        const known = this.of(call.callee, block.object);
        if (known !== undefined && block.state('NEIGHBOR_OFFLOAD_STATE_CACHED') !== undefined)
          known.updating = true;
      }
    },
    NdisMUpdateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const known = this.of(call.caller, block.object);
        const delta = block.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta');
        if (known === undefined || delta === undefined) continue;
        known.updating = false;
        if (block.status !== NDIS_STATUS.SUCCESS) continue;
        known.host = { time: call.time - delta * known.tick, event: call.event };
        known.answered = undefined;
      }
    },
    MiniportTcpOffloadForward: (call: Call): void => {
      const known = this.behind(this.handed.tcp(call.callee, call.connection));
      known?.allow({ time: call.time, event: call.event });
    },
    NdisMOffloadEventIndicate: (call: Call): void => {
      const known = this.of(call.caller, treeOf(call)[0]?.object);
      if (known !== undefined) known.asking = call;
    },
  };

  readonly returned = {
    NdisMOffloadEventIndicate: (call: Call): void => {
      const known = this.of(call.caller, treeOf(call)[0]?.object);
      const answer = call.numberOut('HostReachabilityDelta');
      if (known === undefined || call.returned === undefined) return;
      known.asking = undefined;
      if (answer === undefined) return;
      known.answered = { call, answer };
      known.host = { time: call.returned.time - answer * known.tick, event: call.returned.event };
    },
  };

  readonly fate = (
    { fate, receiver }: FrameFateRecord,
    frame: WireFrame | undefined,
    time: VirtualTime,
  ): void => {
    if (frame?.path !== 'peer' || frame.connection === undefined) return;
    if (!fateDelivers(fate) || fate === 'corrupted') return;
    const tcp = this.handed.tcp(receiver, frame.connection);
    const known = this.behind(tcp);
    if (tcp === undefined || known === undefined) return;
    const moment = { time, event: frame.event };
    const proof = proofOf(frame, this.flows.of(frame.connection));
    if (proof === 'proves nothing') known.idle = moment;
    else if (proof === 'proves' && tcp.taken !== undefined && tcp.stoppedBy === undefined)
      known.prove(moment);
    else known.allow(moment);
  };

  private behind(tcp: HandedTcp | undefined): NeighborTime | undefined {
    return this.ofHanded(tcp?.parent.parent);
  }
}

/**
 * What a segment proves that has arrived, and that `flow` knows of already. A pure acknowledgment without anything new may be the answer to a
 * probe.
 */
function proofOf(frame: WireFrame, flow: Flow | undefined): Proof {
  if (flow === undefined || !frame.isSegment || frame.isFragment) return 'may prove';
  const { flags } = frame;
  if (flags & tcpFlags.RST) return 'proves nothing';
  const { machine, peer } = flow;
  const { rightEdge, end, acknowledgment } = machine.sent;
  if (rightEdge === undefined || end === undefined || acknowledgment === undefined) return 'may prove';
  if (sequenceDistance(rightEdge, frame.sequence) > 0) return 'proves nothing';
  const isNews = peer.arrived.acknowledgmentBy === frame;
  if (frame.sequenceLength > 0 && sequenceDistance(frame.sequenceEnd, acknowledgment) >= 0)
    return isNews ? 'may prove' : 'proves nothing';
  const isPlain = (flags & tcpFlags.ACK) !== 0 && (flags & (tcpFlags.SYN | tcpFlags.URG)) === 0;
  const isNext = sequenceDistance(frame.sequenceEnd, peer.arrived.contiguousEnd!) >= 0;
  const fits = sequenceDistance(frame.sequenceEnd, rightEdge) >= 0;
  const isOfSent = sequenceDistance(frame.acknowledgment, end) >= 0;
  const hasOptions = frame.ipVersion === 4 && frame.transportAt !== frame.internetAt + 20;
  return isNews && isPlain && isNext && fits && isOfSent && !hasOptions ? 'proves' : 'may prove';
}

/** The neighbors of targets: `facts.of(neighborTimes)`. */
export const neighborTimes: FactDefinition<NeighborTimes> = { start: (facts) => new NeighborTimes(facts) };
