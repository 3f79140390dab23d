/** OID requests: those that are pending, and how each ended. */
import { NDIS_STATUS, type NdisStatus } from '../../ddi/status';
import type { EventId } from '../../trace/records';
import type { Call } from '../engine/call';
import type { FactDefinition, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';

/** A request that has ended. */
export interface EndedOidRequest {
  /** NdisOidRequest or MiniportOidRequest. */
  readonly request: Call;
  /** The record that told the end: the return of the request, or the call that completed it. */
  readonly event: EventId;
  readonly oid: number;
  readonly sets: boolean;
  readonly status: NdisStatus;
  /** The completion, for a request that was pending. */
  readonly completion: Call | undefined;
}

/** OID of a request or of a completion. */
export function oidOf(call: Call): number | undefined {
  return call.number('Oid');
}

/** Whether a request, or what a completion ends, sets. */
export function setsOid(call: Call): boolean {
  return call.text('RequestType') === 'NdisRequestSetInformation';
}

/** A structure in the buffer of a request: what a set brought, or what a query was answered with. */
export function bufferOf(
  { request, completion, sets }: EndedOidRequest,
  name: string,
): StructureView | undefined {
  if (sets) return request.structure(name);
  return completion === undefined ? request.structureOut(name) : completion.structure(name);
}

/** See the file's head. */
export class OidRequests implements Handlers {
  private readonly pending = new Map<EventId, Call>();
  /** Requests by the completion that has ended them. */
  private readonly completed = new WeakMap<Call, Call>();

  readonly call = {
    NdisMOidRequestComplete: (call: Call): void => {
      this.complete(call);
    },
    ProtocolOidRequestComplete: (call: Call): void => {
      this.complete(call);
    },
  };

  readonly returned = {
    NdisOidRequest: (call: Call): void => {
      this.keep(call);
    },
    MiniportOidRequest: (call: Call): void => {
      this.keep(call);
    },
  };

  /** Requests that were answered NDIS_STATUS_PENDING and have not been completed. */
  open(): IterableIterator<Call> {
    return this.pending.values();
  }

  /**
   * The request that this record ends: for `returned` handlers of NdisOidRequest and MiniportOidRequest, and for `call` handlers of
   * NdisMOidRequestComplete and ProtocolOidRequestComplete. Undefined for a return with NDIS_STATUS_PENDING, and where the request is unknown.
   */
  endedBy(call: Call): EndedOidRequest | undefined {
    const [completed] = call.record.completes;
    if (completed === undefined) {
      const { returned, status } = call;
      const oid = oidOf(call);
      if (
        returned === undefined ||
        oid === undefined ||
        status === undefined ||
        status === NDIS_STATUS.PENDING
      )
        return undefined;
      const sets = setsOid(call);
      return { request: call, event: returned.event, oid, sets, status, completion: undefined };
    }
    const request = this.completed.get(call) ?? this.pending.get(completed);
    const oid = oidOf(call);
    const status = call.number('Status');
    if (request === undefined || oid === undefined || status === undefined) return undefined;
    return { request, event: call.event, oid, sets: setsOid(call), status, completion: call };
  }

  private complete(call: Call): void {
    const [event] = call.record.completes;
    const request = event === undefined ? undefined : this.pending.get(event);
    if (event === undefined || request === undefined) return;
    this.pending.delete(event);
    this.completed.set(call, request);
  }

  private keep(call: Call): void {
    if (call.status === NDIS_STATUS.PENDING) this.pending.set(call.event, call);
  }
}

/** The OID requests of a trace. */
export const oidRequestFacts: FactDefinition<OidRequests> = { start: () => new OidRequests() };
