/**
 * Connections that an offload target has: what it was told about them, what arrives for it, and which of its segments its timers have sent.
 * A segment tells by its numbers: the oldest unacknowledged one again, after a silence, is a timeout's; one that probes a closed window or
 * an idle peer stands where nothing is new.
 */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import { sequenceDistance } from '../../analysis/tcpSegment';
import { fateDelivers } from '../../trace/frameFates';
import type { FrameFateRecord, VirtualTime } from '../../trace/records';
import type { Call } from '../engine/call';
import { tcpFlags, type WireFrame } from '../engine/frame';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { treeOf, type TreeBlock } from '../engine/tree';
import { adapterFacts, type Adapters } from './adapters';
import { flows, type Flow, type Flows } from './flows';
import { isTaken } from './objectFacts';

/** Nothing that arrived less than this before a segment has caused it, virtual ns; no timeout is shorter. */
const silence = 50_000_000;

/** What a segment of a target is that its timers have sent. */
export type TimedKind = 'timeout' | 'window-probe' | 'keep-alive';

/** A connection that a target has, from MiniportInitiateOffload to the completion of the terminate. */
export class TargetHold {
  /** NdisMInitiateOffloadComplete; undefined before. */
  taken: Call | undefined;
  /** The update whose completion is awaited. */
  updating: Call | undefined;
  /** The last update of its own cached variables, and its completion. */
  updated: { readonly request: Call; readonly completion: Call } | undefined;
  /** What has freed the target from going on with it: a terminate, an invalidate, an event of its own, a reset. */
  ended: Call | undefined;
  /** The last segment that arrived since the initiate, and when. */
  lastArrival: WireFrame | undefined;
  lastArrivalAt: VirtualTime | undefined;
  /** When something last happened after which a retransmission needs no timer, virtual ns. */
  disturbedAt: VirtualTime;
  /** Whether a RST or SYN has come: the target may validate its peer (WIR-044). */
  mayValidate = false;
  /** Retransmissions by timeout of the segment at SndUna. */
  timeouts = 0;
  /** The last of them without anything in between, newest last. */
  readonly resent: WireFrame[] = [];
  /** Probes of a closed window without anything in between. */
  readonly windowProbes: WireFrame[] = [];
  /** Keepalive probes without anything in between. */
  readonly keepAlives: WireFrame[] = [];

  constructor(
    readonly connection: number,
    readonly target: number,
    readonly initiate: Call,
    /** TCP_OFFLOAD_STATE_DELEGATED of the initiate. */
    readonly given: StructureView,
    /** TCP_OFFLOAD_STATE_CACHED that is in force, save during an update. */
    public cached: StructureView,
    /** NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS in force at the initiate; undefined if none were seen. */
    readonly parameters: StructureView | undefined,
  ) {
    this.disturbedAt = initiate.time;
  }

  /** A parameter of NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS. */
  parameter(name: string): number | undefined {
    return this.parameters?.number(name);
  }

  /** Length of a tick, virtual ns; undefined if the parameters are unknown. */
  get tick(): number | undefined {
    const perSecond = this.parameter('TicksPerSecond');
    return perSecond === undefined || perSecond === 0 ? undefined : 1e9 / perSecond;
  }

  /** Whether the target is to go on with it now. */
  get isActive(): boolean {
    return this.taken !== undefined && this.ended === undefined;
  }
}

/** TCP_OFFLOAD_STATE_DELEGATED that a target hands out. */
export interface ReturnedState {
  readonly hold: TargetHold;
  readonly state: StructureView;
}

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');
const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
const setPower = constantValue('OID_PNP_SET_POWER');

/** See the file's head. */
export class TargetHolds implements Handlers {
  private readonly holds = new Map<number, TargetHold>();
  private lastFrame = -1;
  private lastKind: TimedKind | undefined;

  constructor(
    private readonly facts: Facts,
    private readonly flowFacts: Flows,
    private readonly adapters: Adapters,
  ) {}

  readonly call = {
    MiniportInitiateOffload: (call: Call): void => {
      if (this.facts.machine.role(call.callee) !== 'offload-target') return;
      for (const block of treeOf(call)) {
        const given = block.role === 'new' ? block.state('TCP_OFFLOAD_STATE_DELEGATED') : undefined;
        const cached = block.state('TCP_OFFLOAD_STATE_CACHED');
        const connection = this.connectionOf(block);
        if (given === undefined || cached === undefined || connection === undefined) continue;
        const parameters = this.adapters.of(call)?.parameters?.view;
        const hold = new TargetHold(connection, call.callee, call, given, cached, parameters);
        this.holds.set(connection, hold);
      }
    },
    NdisMInitiateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const hold = this.holdOf(block, call.caller);
        if (hold === undefined || hold.taken !== undefined) continue;
        if (isTaken(block)) {
          hold.taken = call;
          hold.disturbedAt = call.time;
        } else this.holds.delete(hold.connection);
      }
    },
    MiniportUpdateOffload: (call: Call): void => {
      for (const block of treeOf(call)) {
        const hold = this.holdOf(block, call.callee);
        if (hold !== undefined) hold.updating = call;
      }
      this.disturb(call.callee, call.time);
    },
    NdisMUpdateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const hold = this.holdOf(block, call.caller);
        if (hold?.updating === undefined) continue;
        const request = hold.updating;
        hold.updating = undefined;
        const told = treeOf(request).find((one) => one.object === block.object);
        const cached = told?.state('TCP_OFFLOAD_STATE_CACHED');
        if (block.status !== NDIS_STATUS.SUCCESS || cached === undefined) continue;
        hold.cached = cached;
        hold.updated = { request, completion: call };
      }
      this.disturb(call.caller, call.time);
    },
    MiniportTerminateOffload: (call: Call): void => {
      for (const block of treeOf(call)) this.leave(this.holdOf(block, call.callee), call);
    },
    NdisMTerminateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const hold = this.holdOf(block, call.caller);
        if (hold !== undefined && block.status === NDIS_STATUS.SUCCESS) this.holds.delete(hold.connection);
      }
    },
    MiniportInvalidateOffload: (call: Call): void => {
      this.leaveAll(call.callee, call);
    },
    NdisTcpOffloadEventHandler: (call: Call): void => {
      const type = call.number('EventType');
      const hold = this.of(call.connection);
      if (hold?.target === call.caller && (type === retrieve || type === abort)) this.leave(hold, call);
    },
    MiniportTcpOffloadDisconnect: (call: Call): void => {
      const hold = this.of(call.connection);
      if (hold?.target === call.callee && call.number('Flags') !== gracefulClose) this.leave(hold, call);
    },
    MiniportOidRequest: (call: Call): void => {
      if (call.number('Oid') === setPower) this.leaveAll(call.callee, call);
    },
    NdisMIndicateStatusEx: (call: Call): void => {
      if (call.number('StatusCode') === NDIS_STATUS.UPLOAD_ALL) this.leaveAll(call.caller, call);
    },
    MiniportResetEx: (call: Call): void => {
      this.leaveAll(call.callee, call);
    },
    MiniportPause: (call: Call): void => {
      this.leaveAll(call.callee, call);
    },
    MiniportHaltEx: (call: Call): void => {
      this.leaveAll(call.callee, call);
    },
    MiniportDevicePnPEventNotify: (call: Call): void => {
      this.leaveAll(call.callee, call);
    },
  };

  readonly peerFate = ({ fate }: FrameFateRecord, frame: WireFrame, time: VirtualTime): void => {
    if (!fateDelivers(fate) || fate === 'corrupted') return;
    const hold = this.of(frame.connection);
    if (hold === undefined || !frame.isSegment || frame.isFragment) return;
    hold.lastArrival = frame;
    hold.lastArrivalAt = time;
    hold.disturbedAt = time;
    if (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) hold.mayValidate = true;
    hold.resent.length = 0;
    hold.windowProbes.length = 0;
    hold.keepAlives.length = 0;
    const flow = this.flowFacts.of(frame.connection);
    if (flow?.peer.arrived.acknowledgmentBy?.event === frame.event) hold.timeouts = 0;
  };

  readonly chimneyFrame = (frame: WireFrame): void => {
    const kind = this.kindOf(frame);
    if (kind === undefined) return;
    const hold = this.of(frame.connection)!;
    if (kind === 'timeout') {
      hold.timeouts++;
      hold.resent.push(frame);
    } else if (kind === 'window-probe') hold.windowProbes.push(frame);
    else hold.keepAlives.push(frame);
  };

  /** A connection that a target has or has had until its terminate is complete. */
  of(connection: number | undefined): TargetHold | undefined {
    return connection === undefined ? undefined : this.holds.get(connection);
  }

  /** All of them. */
  all(): IterableIterator<TargetHold> {
    return this.holds.values();
  }

  /** The segments of a connection. */
  flowOf(hold: TargetHold): Flow | undefined {
    return this.flowFacts.of(hold.connection);
  }

  /** What a segment of a target is, if it is one that a timer has sent and the target is to go on with its connection. */
  kindOf(frame: WireFrame): TimedKind | undefined {
    if (frame.event === this.lastFrame) return this.lastKind;
    this.lastFrame = frame.event;
    this.lastKind = this.judge(frame);
    return this.lastKind;
  }

  /** The delegated variables that a target hands out with NdisMTerminateOffloadComplete or NdisMQueryOffloadStateComplete. */
  returnedBy(call: Call): ReturnedState[] {
    const all: ReturnedState[] = [];
    for (const block of treeOf(call)) {
      const hold = this.holdOf(block, call.caller);
      const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
      if (hold !== undefined && state !== undefined && block.status === NDIS_STATUS.SUCCESS)
        all.push({ hold, state });
    }
    return all;
  }

  private judge(frame: WireFrame): TimedKind | undefined {
    if (frame.path !== 'chimney' || !frame.isSegment) return undefined;
    const hold = this.of(frame.connection);
    if (hold?.isActive !== true) return undefined;
    const flow = this.flowFacts.of(frame.connection);
    const una = flow?.peer.arrived.acknowledgment;
    const end = flow?.machine.sent.end;
    if (flow === undefined || una === undefined || end === undefined) return undefined;
    const { sequence, payloadLength, flags } = frame;
    if (flags & (tcpFlags.SYN | tcpFlags.RST)) return undefined;
    const isClosed = flow.peer.arrived.window === 0;
    if (frame.sequenceLength === 0) {
      if (sequence !== (end - 1) >>> 0 || flow.machine.sent.endBy?.event === frame.event) return undefined;
      return isClosed ? 'window-probe' : 'keep-alive';
    }
    if (sequence !== una) return undefined;
    if (isClosed) return payloadLength === 1 ? 'window-probe' : undefined;
    const isRepeated = flow.machine.sent.endBy?.event !== frame.event && sequenceDistance(sequence, end) > 0;
    return isRepeated && frame.time - hold.disturbedAt >= silence ? 'timeout' : undefined;
  }

  private connectionOf({ object }: TreeBlock): number | undefined {
    const known = this.facts.objects.find(object);
    return known?.layer === 'tcp' ? known.connection : undefined;
  }

  private holdOf(block: TreeBlock, target: number): TargetHold | undefined {
    const hold = this.of(this.connectionOf(block));
    return hold?.target === target ? hold : undefined;
  }

  private leave(hold: TargetHold | undefined, call: Call): void {
    if (hold !== undefined) hold.ended ??= call;
  }

  private leaveAll(target: number, call: Call): void {
    for (const hold of this.holds.values()) if (hold.target === target) this.leave(hold, call);
  }

  private disturb(target: number, time: VirtualTime): void {
    for (const hold of this.holds.values()) {
      if (hold.target !== target) continue;
      hold.disturbedAt = time;
      hold.resent.length = 0;
    }
  }
}

/** Connections that targets have: `facts.of(targetHolds)`. */
export const targetHolds: FactDefinition<TargetHolds> = {
  start: (facts) => new TargetHolds(facts, facts.of(flows), facts.of(adapterFacts)),
};
