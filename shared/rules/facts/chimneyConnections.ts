/**
 * Connections in the hands of offload targets, as the miniport edge of the target tells: what has been delivered, and which events have been
 * raised since the initiate that brought them.
 */
import { constantValue } from '../../ddi/catalogue';
import { offloadStateVariables } from '../../ddi/offloadState';
import { NDIS_STATUS } from '../../ddi/status';
import type { VirtualTime } from '../../trace/records';
import { bufferedDataOf } from '../engine/attachedLists';
import type { Call } from '../engine/call';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { treeOf, type TreeBlock } from '../engine/tree';
import { isTaken } from './objectFacts';

/** TCP_OFFLOAD_EVENT_TYPE. */
export const tcpEvents = {
  sendBacklogChange: constantValue('TcpIndicateSendBacklogChange'),
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

/** TCP_UPLOAD_REASON, the mandatory ones. */
export const mandatoryReasons: ReadonlySet<number> = new Set(
  (
    ['HardwareFailure', 'InvalidState', 'ReceivedUrgentData', 'TimeoutExpiration', 'UploadRequested'] as const
  ).map((name) => constantValue(name)),
);

const variableIndexes = new Map(offloadStateVariables('tcp').map(({ name, index }) => [name, index]));

/** Index of State among the variables of a TCP object. */
export const stateVariable = variableIndexes.get('State')!;

/** A variable of the last recorded state of an object, by its name; undefined where none has been recorded. */
export function stateNumber(
  facts: Facts,
  object: number | undefined,
  name: 'State' | 'RcvNxt' | 'SndUna' | 'SndMax',
): number | undefined {
  const value = facts.objects.find(object)?.variables.get(variableIndexes.get(name)!);
  return typeof value === 'number' ? value : undefined;
}

/** A connection from one initiate to the end of its terminate. */
export interface ChimneyConnection {
  readonly connection: number;
  /** The target. */
  readonly target: number;
  readonly object: number;
  readonly initiate: Call;
  /** NdisMInitiateOffloadComplete; undefined before. */
  taken: Call | undefined;
  /** RcvNxt with which it came. */
  readonly rcvNxt: number | undefined;
  /** Bytes of BufferedData with which it came; undefined where the trace doesn't tell. */
  readonly buffered: number | undefined;
  /** Bytes handed to the layer above since then. */
  delivered: number;
  lastDelivery: Call | undefined;
  lastDeliveryAt: VirtualTime;
  /** NdisTcpOffloadEventHandler calls: the first of each kind. */
  disconnectEvent: Call | undefined;
  abortEvent: Call | undefined;
  optionalRetrieve: Call | undefined;
  mandatoryRetrieve: Call | undefined;
  /** MiniportTcpOffloadDisconnect. */
  disconnectRequest: Call | undefined;
  /** MiniportTerminateOffload; undefined before. */
  terminate: Call | undefined;
}

function bufferedBytes(call: Call, block: TreeBlock): number | undefined {
  const head = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.pointer('BufferedData');
  if (head === undefined || head === 0) return 0;
  const lists = bufferedDataOf(call, block);
  return lists.length === 0 ? undefined : lists.reduce((sum, { dataLength }) => sum + dataLength, 0);
}

/** See the file's head. */
export class ChimneyConnections implements Handlers {
  private readonly held = new Map<number, ChimneyConnection>();

  constructor(private readonly facts: Facts) {}

  readonly call = {
    MiniportInitiateOffload: (call: Call): void => {
      this.begin(call);
    },
    NdisMInitiateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const known = this.ofBlock(call.caller, block);
        if (known === undefined || known.taken !== undefined) continue;
        if (isTaken(block)) known.taken = call;
        else this.held.delete(known.connection);
      }
    },
    MiniportTerminateOffload: (call: Call): void => {
      for (const block of treeOf(call)) {
        const known = this.ofBlock(call.callee, block);
        if (known !== undefined) known.terminate = call;
      }
    },
    NdisMTerminateOffloadComplete: (call: Call): void => {
      for (const block of treeOf(call)) {
        const known = this.ofBlock(call.caller, block);
        if (known !== undefined && block.status === NDIS_STATUS.SUCCESS) this.held.delete(known.connection);
      }
    },
    MiniportTcpOffloadDisconnect: (call: Call): void => {
      const known = this.at(call.callee, call.connection);
      if (known !== undefined) known.disconnectRequest ??= call;
    },
    NdisTcpOffloadReceiveComplete: (call: Call): void => {
      const known = this.at(call.caller, call.connection);
      if (known === undefined) return;
      let bytes = 0;
      for (const list of call.lists) bytes += list.bytesTransferred;
      deliver(known, call, bytes, call.time);
    },
    NdisTcpOffloadEventHandler: (call: Call): void => {
      const known = this.at(call.caller, call.connection);
      if (known === undefined) return;
      const type = call.number('EventType');
      if (type === tcpEvents.disconnect) known.disconnectEvent ??= call;
      if (type === tcpEvents.abort) known.abortEvent ??= call;
      if (type !== tcpEvents.retrieve) return;
      const reason = call.number('EventSpecificInformation') ?? 0;
      if (mandatoryReasons.has(reason)) known.mandatoryRetrieve ??= call;
      else known.optionalRetrieve ??= call;
    },
  };

  readonly returned = {
    NdisTcpOffloadReceiveHandler: (call: Call): void => {
      const known = this.at(call.caller, call.connection);
      if (known === undefined || call.returned === undefined) return;
      const shown = call.lists.reduce((sum, { dataLength }) => sum + dataLength, 0);
      const taken =
        call.status === NDIS_STATUS.SUCCESS ? shown : Math.min(shown, call.numberOut('BytesConsumed') ?? 0);
      deliver(known, call, taken, call.returned.time);
    },
  };

  /** A connection, while it is in the hands of a target. */
  of(connection: number | undefined): ChimneyConnection | undefined {
    return connection === undefined ? undefined : this.held.get(connection);
  }

  /** The same, if it is this driver that has it: an intermediate driver has none. */
  at(driver: number, connection: number | undefined): ChimneyConnection | undefined {
    const known = this.of(connection);
    return known?.target === driver ? known : undefined;
  }

  /** The connection that a block of a tree is about, if this driver has it. */
  ofBlock(driver: number, block: TreeBlock): ChimneyConnection | undefined {
    return this.at(driver, this.facts.objects.find(block.object)?.connection);
  }

  /** All connections that targets have. */
  all(): IterableIterator<ChimneyConnection> {
    return this.held.values();
  }

  /** Bytes that were received and not handed over up to a sequence number; undefined where the trace doesn't tell. */
  undelivered({ rcvNxt, buffered, delivered }: ChimneyConnection, upTo: number): number | undefined {
    if (rcvNxt === undefined || buffered === undefined) return undefined;
    return Math.max(0, (upTo - rcvNxt) | 0) + buffered - delivered;
  }

  private begin(call: Call): void {
    if (this.facts.machine.role(call.callee) !== 'offload-target') return;
    for (const block of treeOf(call)) {
      const object = this.facts.objects.find(block.object);
      if (block.role !== 'new' || object?.layer !== 'tcp' || object.connection === undefined) continue;
      this.held.set(object.connection, {
        connection: object.connection,
        target: call.callee,
        object: object.id,
        initiate: call,
        taken: undefined,
        rcvNxt: block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('RcvNxt'),
        buffered: bufferedBytes(call, block),
        delivered: 0,
        lastDelivery: undefined,
        lastDeliveryAt: 0,
        disconnectEvent: undefined,
        abortEvent: undefined,
        optionalRetrieve: undefined,
        mandatoryRetrieve: undefined,
        disconnectRequest: undefined,
        terminate: undefined,
      });
    }
  }
}

function deliver(known: ChimneyConnection, call: Call, bytes: number, time: VirtualTime): void {
  if (bytes === 0) return;
  known.delivered += bytes;
  known.lastDelivery = call;
  known.lastDeliveryAt = time;
}

/** Connections in the chimney: `facts.of(chimneyConnections)`. */
export const chimneyConnections: FactDefinition<ChimneyConnections> = {
  start: (facts) => new ChimneyConnections(facts),
};
