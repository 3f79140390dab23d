/** Why a driver may fail requests of a connection: an upload that it has asked for or that is being made, and an abort. */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { EventId } from '../../trace/records';
import { isAnswerable } from '../engine/answers';
import type { Call } from '../engine/call';
import { asksForAbort } from '../engine/disconnectFlags';
import { connectionsBehind } from '../engine/requestChecks';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { treeOf, type TreeBlock } from '../engine/tree';
import { flows, type Flows } from './flows';

const retrieveEvent = constantValue('TcpIndicateRetrieve');
const abortEvent = constantValue('TcpIndicateAbort');

/** What has happened on a connection since it was offloaded at the miniport edge of a driver. */
export interface OffloadHistory {
  /** TcpIndicateRetrieve. */
  retrieve: EventId | undefined;
  /** TcpIndicateAbort, or an abortive disconnect. */
  abort: EventId | undefined;
  /** The last terminate. */
  terminate: EventId | undefined;
  /** A query that could have been answered, an invalidate or a terminate that failed: the hardware has lost the connection. */
  failure: EventId | undefined;
}

const fresh = (): OffloadHistory => ({
  retrieve: undefined,
  abort: undefined,
  terminate: undefined,
  failure: undefined,
});

const nothing: Readonly<OffloadHistory> = fresh();

/** See the file's head. */
export class Uploads implements Handlers {
  private readonly histories = new Map<number, Map<number, OffloadHistory>>();
  private readonly uploadAll = new Map<number, EventId>();
  private readonly flows: Flows;

  constructor(readonly facts: Facts) {
    this.flows = facts.of(flows);
  }

  /** Since the connection was offloaded to a driver. */
  of(driver: number, connection: number | undefined): Readonly<OffloadHistory> {
    return (connection === undefined ? undefined : this.histories.get(driver)?.get(connection)) ?? nothing;
  }

  /** The record that says that a connection is being uploaded from a driver; undefined if there is none so far. */
  uploadOf(driver: number, connection: number | undefined): EventId | undefined {
    const { retrieve, terminate, failure } = this.of(driver, connection);
    return terminate ?? retrieve ?? failure ?? this.uploadAll.get(driver);
  }

  /** The record that says that a connection is aborted: by the peer's RST, by the host stack, or by broken hardware. */
  abortOf(driver: number, connection: number | undefined): EventId | undefined {
    const { abort, failure } = this.of(driver, connection);
    return abort ?? failure ?? this.flows.of(connection)?.peer.arrived.reset?.event;
  }

  readonly call: NonNullable<Handlers['call']> = {
    MiniportInitiateOffload: (call) => {
      this.forEachConnection(call, (connection) => {
        this.historiesOf(call.callee).set(connection, fresh());
      });
    },
    MiniportTerminateOffload: (call) => {
      this.forEachConnection(call, (connection) => {
        this.historyOf(call.callee, connection).terminate = call.event;
      });
    },
    NdisMTerminateOffloadComplete: (call) => {
      this.noteFailures(call);
    },
    NdisMQueryOffloadStateComplete: (call) => {
      this.noteFailures(call, (block) => isAnswerable(this.facts, call.caller, block));
    },
    NdisMInvalidateOffloadComplete: (call) => {
      this.noteFailures(call);
    },
    NdisTcpOffloadEventHandler: (call) => {
      const { connection } = call;
      if (connection === undefined) return;
      const type = call.number('EventType');
      const history = this.historyOf(call.caller, connection);
      if (type === retrieveEvent) history.retrieve ??= call.event;
      if (type === abortEvent) history.abort ??= call.event;
    },
    MiniportTcpOffloadDisconnect: (call) => {
      if (call.connection === undefined || !asksForAbort(call)) return;
      this.historyOf(call.callee, call.connection).abort ??= call.event;
    },
    NdisMIndicateStatusEx: (call) => {
      const status = call.number('StatusCode');
      if (status === NDIS_STATUS.UPLOAD_ALL) this.uploadAll.set(call.caller, call.event);
      if (status === NDIS_STATUS.OFFLOAD_RESUME) this.uploadAll.delete(call.caller);
    },
  };

  private noteFailures(call: Call, isLoss: (block: TreeBlock) => boolean = () => true): void {
    for (const block of treeOf(call)) {
      const { object, status } = block;
      if (status !== NDIS_STATUS.FAILURE || !isLoss(block)) continue;
      const known = this.facts.objects.find(object);
      if (known?.connection !== undefined)
        this.historyOf(call.caller, known.connection).failure ??= call.event;
      else
        for (const connection of connectionsBehind(this, call.caller, object))
          this.historyOf(call.caller, connection).failure ??= call.event;
    }
  }

  private forEachConnection(call: Call, visit: (connection: number) => void): void {
    for (const { object } of treeOf(call)) {
      const connection = this.facts.objects.find(object)?.connection;
      if (connection !== undefined) visit(connection);
    }
  }

  private historiesOf(driver: number): Map<number, OffloadHistory> {
    let histories = this.histories.get(driver);
    if (histories === undefined) this.histories.set(driver, (histories = new Map<number, OffloadHistory>()));
    return histories;
  }

  private historyOf(driver: number, connection: number): OffloadHistory {
    const histories = this.historiesOf(driver);
    let history = histories.get(connection);
    if (history === undefined) histories.set(connection, (history = fresh()));
    return history;
  }
}

/** Uploads and aborts: `facts.of(uploads)`. */
export const uploads: FactDefinition<Uploads> = { start: (facts) => new Uploads(facts) };
