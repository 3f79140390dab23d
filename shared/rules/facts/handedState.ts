/**
 * The state that each driver has been handed with its initiates and updates, at its miniport edge: constant and cached variables of the objects
 * that it holds, and the delegated ones as they came. What an update changes is in effect with its completion; until then both values are.
 */
import { constantValue } from '../../ddi/catalogue';
import { swapPortBytes } from '../../ddi/offloadState';
import { NDIS_STATUS } from '../../ddi/status';
import type { StructureName } from '../../ddi/generated/structures';
import type { EventId, VirtualTime } from '../../trace/records';
import type { Call } from '../engine/call';
import type { WireFrame } from '../engine/frame';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { treeOf, type TreeBlock } from '../engine/tree';
import { driverOf } from './edges';
import { isTaken } from './objectFacts';

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');
const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');

/** How long frames of the time before an update may still leave: they stood in the transmit ring, virtual ns. */
const ringTime = 1_000_000;

/** How long they may stand there on a busy adapter, if what caused them was before the update. */
const backlogTime = 1_000_000_000;

/** Frames of a slow link that may do so later than that. */
const ringFrames = 2;

/** NEIGHBOR_OFFLOAD_STATE_CACHED, as far as frames show it. */
export interface NeighborCached {
  /** Ethernet address of the next hop. */
  readonly destination: Uint8Array;
}

/** PATH_OFFLOAD_STATE_CACHED. */
export interface PathCached {
  /** Bytes. */
  readonly PathMtu: number;
}

/** TCP_OFFLOAD_STATE_CACHED. */
export interface TcpCached {
  readonly Flags: number;
  readonly InitialRcvWnd: number;
  readonly KaProbeCount: number;
  readonly KaTimeout: number;
  readonly KaInterval: number;
  readonly MaxRT: number;
  readonly FlowLabel: number;
  readonly TtlOrHopLimit: number;
  readonly TosOrTrafficClass: number;
  readonly UserPriority: number;
}

/** NEIGHBOR_OFFLOAD_STATE_CONST. */
export interface NeighborConst {
  /** Ethernet address; all zero: the interface's own. */
  readonly source: Uint8Array;
  readonly hasSource: boolean;
  readonly VlanId: number;
}

/** TCP_OFFLOAD_STATE_CONST. */
export interface TcpConst {
  readonly Flags: number;
  /** Host byte order; the structure has them in network order. */
  readonly LocalPort: number;
  readonly RemotePort: number;
  readonly SndWindScale: number;
  readonly RcvWindScale: number;
  readonly RemoteMss: number;
}

/** An object that a driver holds, or is being offered. */
export class HandedObject<Const, Cached, Parent> {
  /** The completion with which the driver took it; undefined until then. */
  taken: Call | undefined;
  /** The terminate under way. */
  terminating: Call | undefined;
  /**
   * What has ended its work, or may have: an event that asks for the upload or tells of an abort, an invalidate, an abortive disconnect, a
   * terminate. Only connections have it.
   */
  stoppedBy: EventId | undefined;
  /** The update under way, and what it brings. */
  pending:
    | { readonly call: Call; readonly cached: Cached | undefined; readonly parent: Parent | undefined }
    | undefined;
  /** What was in effect before the last update. */
  before: { readonly cached: Cached; readonly parent: Parent } | undefined;
  /** When the last update was completed, and by which call. */
  updatedAt: VirtualTime = -Infinity;
  updatedBy: EventId | undefined;
  /** Frames that have left since. */
  private framesSince = 0;

  constructor(
    readonly object: number,
    readonly initiate: Call,
    readonly constant: Const,
    public cached: Cached,
    /** DELEGATED structure of the initiate. */
    readonly delegated: StructureView,
    public parent: Parent,
  ) {}

  /** The record that tells what is in effect. */
  get source(): EventId {
    return this.updatedBy ?? this.initiate.event;
  }

  /** Whether a frame that leaves now may still be, or already be, what another value of an update makes it. */
  mayDiffer(now: VirtualTime): boolean {
    return (
      this.pending !== undefined ||
      (this.before !== undefined && (now - this.updatedAt <= ringTime || this.framesSince <= ringFrames))
    );
  }

  /** Whether `holds` for what is in effect, or for what a frame that leaves now may still or already show. */
  some(now: VirtualTime, holds: (cached: Cached, parent: Parent) => boolean): boolean {
    if (holds(this.cached, this.parent)) return true;
    if (!this.mayDiffer(now)) return false;
    const { pending, before } = this;
    if (pending !== undefined && holds(pending.cached ?? this.cached, pending.parent ?? this.parent))
      return true;
    return before !== undefined && holds(before.cached, before.parent);
  }

  /** A frame of a connection behind it has left. */
  frameLeft(): void {
    this.framesSince++;
  }

  /** The update under way has been completed. */
  update(completion: Call, succeeded: boolean): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending === undefined || !succeeded) return;
    this.before = { cached: this.cached, parent: this.parent };
    this.cached = pending.cached ?? this.cached;
    this.parent = pending.parent ?? this.parent;
    this.updatedAt = completion.time;
    this.updatedBy = completion.event;
    this.framesSince = 0;
  }
}

/** A neighbor. */
export type HandedNeighbor = HandedObject<NeighborConst, NeighborCached, undefined>;

/** A path; `parent` is its neighbor. */
export type HandedPath = HandedObject<undefined, PathCached, HandedNeighbor>;

/** A connection; `parent` is its path. */
export type HandedTcp = HandedObject<TcpConst, TcpCached, HandedPath>;

type AnyHanded = HandedNeighbor | HandedPath | HandedTcp;

/** What one driver holds. */
class Holder {
  readonly neighbors = new Map<number, HandedNeighbor>();
  readonly paths = new Map<number, HandedPath>();
  readonly connections = new Map<number, HandedTcp>();
  /** By the trace's id of the connection. */
  readonly byConnection = new Map<number, HandedTcp>();

  find(object: number | undefined): AnyHanded | undefined {
    if (object === undefined) return undefined;
    return this.connections.get(object) ?? this.paths.get(object) ?? this.neighbors.get(object);
  }

  remove(held: AnyHanded): void {
    this.neighbors.delete(held.object);
    this.paths.delete(held.object);
    this.connections.delete(held.object);
    for (const [connection, one] of this.byConnection) if (one === held) this.byConnection.delete(connection);
  }
}

/** Whether a segment was caused before an update that has been completed since, so that it may have been made before, too. */
function isOfBefore(frame: WireFrame, tcp: HandedTcp): boolean {
  const path = tcp.parent;
  return isQueuedBefore(frame, tcp) || isQueuedBefore(frame, path) || isQueuedBefore(frame, path.parent);
}

function isQueuedBefore(
  { time, record: { cause } }: WireFrame,
  { updatedBy, updatedAt }: { readonly updatedBy: EventId | undefined; readonly updatedAt: VirtualTime },
): boolean {
  return (
    updatedBy !== undefined && cause !== undefined && cause < updatedBy && time - updatedAt <= backlogTime
  );
}

/** See the file's head. */
export class HandedState implements Handlers {
  private readonly holders = new Map<number, Holder>();
  private lastEvent: EventId = -1;
  private lastTcp: HandedTcp | undefined;

  constructor(private readonly facts: Facts) {}

  /** The connection that a driver holds or is being offered; undefined if it has none of the kind. */
  tcp(driver: number, connection: number | undefined): HandedTcp | undefined {
    return connection === undefined ? undefined : this.holders.get(driver)?.byConnection.get(connection);
  }

  /**
   * The connection of the segment that is leaving; undefined if its sender has none, for fragments, and for what a busy adapter has queued before
   * an update. Many rules ask for it: it is found once.
   */
  ofSegment(frame: WireFrame): HandedTcp | undefined {
    const { event } = this.facts;
    if (event === this.lastEvent) return this.lastTcp;
    this.lastEvent = event;
    const tcp = frame.isSegment && !frame.isFragment ? this.tcp(frame.sender, frame.connection) : undefined;
    this.lastTcp = tcp !== undefined && isOfBefore(frame, tcp) ? undefined : tcp;
    return this.lastTcp;
  }

  /** A neighbor at the miniport edge of a driver. */
  neighbor(driver: number, object: number | undefined): HandedNeighbor | undefined {
    return object === undefined ? undefined : this.holders.get(driver)?.neighbors.get(object);
  }

  /** Every neighbor that a driver holds or is being offered. */
  neighborsOf(driver: number): Iterable<HandedNeighbor> {
    return this.holders.get(driver)?.neighbors.values() ?? [];
  }

  /** Every connection that a driver holds or is being offered. */
  connectionsOf(driver: number): Iterable<HandedTcp> {
    return this.holders.get(driver)?.connections.values() ?? [];
  }

  readonly call = {
    MiniportInitiateOffload: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call)) if (block.role === 'new') this.offer(holder, block, call);
    },
    NdisMInitiateOffloadComplete: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call)) {
        const held = holder.find(block.object);
        if (held === undefined || held.taken !== undefined) continue;
        if (isTaken(block)) held.taken = call;
        else holder.remove(held);
      }
    },
    MiniportUpdateOffload: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call)) {
        const held = holder.find(block.object);
        if (held === undefined) continue;
        const parent = holder.neighbors.get(block.parent?.object ?? -1);
        if (holder.neighbors.get(held.object) === held) {
          const cached = neighborCached(block);
          if (cached !== undefined) held.pending = { call, cached, parent: undefined };
        } else if (holder.paths.get(held.object) === held)
          held.pending = { call, cached: pathCached(block), parent };
        else (held as HandedTcp).pending = { call, cached: tcpCached(block), parent: undefined };
      }
    },
    NdisMUpdateOffloadComplete: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call))
        holder.find(block.object)?.update(call, block.status === NDIS_STATUS.SUCCESS);
    },
    MiniportTerminateOffload: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call)) {
        const held = holder.find(block.object);
        if (held === undefined) continue;
        held.terminating = call;
        held.stoppedBy ??= call.event;
      }
    },
    NdisTcpOffloadEventHandler: (call: Call): void => {
      const type = call.number('EventType');
      if (type === retrieve || type === abort) this.stop(driverOf(call), call);
    },
    MiniportTcpOffloadDisconnect: (call: Call): void => {
      if (call.number('Flags') !== gracefulClose) this.stop(driverOf(call), call);
    },
    MiniportInvalidateOffload: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call))
        for (const tcp of holder.connections.values())
          if (
            block.object === tcp.object ||
            block.object === tcp.parent.object ||
            block.object === tcp.parent.parent.object
          )
            tcp.stoppedBy ??= call.event;
    },
    NdisMTerminateOffloadComplete: (call: Call): void => {
      const holder = this.holder(driverOf(call));
      for (const block of treeOf(call)) {
        const held = holder.find(block.object);
        if (held === undefined) continue;
        if (block.status === NDIS_STATUS.SUCCESS) holder.remove(held);
        else held.terminating = undefined;
      }
    },
  } as const;

  readonly chimneyFrame = ({
    sender,
    connection,
  }: {
    readonly sender: number;
    readonly connection: number | undefined;
  }): void => {
    const tcp = this.tcp(sender, connection);
    if (tcp === undefined) return;
    tcp.frameLeft();
    tcp.parent.frameLeft();
    tcp.parent.parent.frameLeft();
  };

  private stop(driver: number, call: Call): void {
    const tcp = this.tcp(driver, call.connection);
    if (tcp !== undefined) tcp.stoppedBy ??= call.event;
  }

  private offer(holder: Holder, block: TreeBlock, call: Call): void {
    const { object } = block;
    const name = structureNameOf(block);
    const constant = block.state(`${name}_CONST` as StructureName);
    const delegated = block.state(`${name}_DELEGATED` as StructureName);
    if (object === undefined || constant === undefined || delegated === undefined) return;
    if (name === 'NEIGHBOR_OFFLOAD_STATE') {
      const cached = neighborCached(block);
      if (cached === undefined) return;
      const source = constant.slice('DlSourceAddress').slice(0, 6);
      const neighbor = {
        source,
        hasSource: constant.slice('DlSourceAddress').some((byte) => byte !== 0),
        VlanId: constant.number('VlanId') ?? 0,
      };
      holder.neighbors.set(object, new HandedObject(object, call, neighbor, cached, delegated, undefined));
    } else if (name === 'PATH_OFFLOAD_STATE') {
      const cached = pathCached(block);
      const parent = holder.neighbors.get(block.parent?.object ?? -1);
      if (cached !== undefined && parent !== undefined)
        holder.paths.set(object, new HandedObject(object, call, undefined, cached, delegated, parent));
    } else {
      const cached = tcpCached(block);
      const parent = holder.paths.get(block.parent?.object ?? -1);
      if (cached === undefined || parent === undefined) return;
      const tcp = new HandedObject(object, call, tcpConst(constant), cached, delegated, parent);
      holder.connections.set(object, tcp);
      const { connection } = this.facts.objects.find(object) ?? {};
      if (connection !== undefined) holder.byConnection.set(connection, tcp);
    }
  }

  private holder(driver: number): Holder {
    let holder = this.holders.get(driver);
    if (holder === undefined) this.holders.set(driver, (holder = new Holder()));
    return holder;
  }
}

function structureNameOf(block: TreeBlock): string {
  for (const layer of ['NEIGHBOR', 'PATH', 'TCP'])
    if (block.state(`${layer}_OFFLOAD_STATE_CONST` as StructureName) !== undefined)
      return `${layer}_OFFLOAD_STATE`;
  return '';
}

function neighborCached(block: TreeBlock): NeighborCached | undefined {
  const state = block.state('NEIGHBOR_OFFLOAD_STATE_CACHED');
  return state === undefined ? undefined : { destination: state.slice('DlDestinationAddress').slice(0, 6) };
}

function pathCached(block: TreeBlock): PathCached | undefined {
  const state = block.state('PATH_OFFLOAD_STATE_CACHED');
  return state === undefined ? undefined : { PathMtu: state.number('PathMtu') ?? 0 };
}

function tcpCached(block: TreeBlock): TcpCached | undefined {
  const state = block.state('TCP_OFFLOAD_STATE_CACHED');
  if (state === undefined) return undefined;
  const number = (name: string): number => state.number(name) ?? 0;
  return {
    Flags: number('Flags'),
    InitialRcvWnd: number('InitialRcvWnd'),
    KaProbeCount: number('KaProbeCount'),
    KaTimeout: number('KaTimeout'),
    KaInterval: number('KaInterval'),
    MaxRT: number('MaxRT'),
    FlowLabel: number('FlowLabel'),
    TtlOrHopLimit: number('TtlOrHopLimit'),
    TosOrTrafficClass: number('TosOrTrafficClass'),
    UserPriority: number('UserPriority'),
  };
}

function tcpConst(state: StructureView): TcpConst {
  const number = (name: string): number => state.number(name) ?? 0;
  return {
    Flags: number('Flags'),
    LocalPort: swapPortBytes(number('LocalPort')),
    RemotePort: swapPortBytes(number('RemotePort')),
    SndWindScale: number('SndWindScale'),
    RcvWindScale: number('RcvWindScale'),
    RemoteMss: number('RemoteMss'),
  };
}

/** State that drivers have been handed: `facts.of(handedState)`. */
export const handedState: FactDefinition<HandedState> = { start: (facts) => new HandedState(facts) };
