/** What the planes of NDIS share: the machine, the door, and who asked for what. */
import type { EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { Outstanding } from '../observe/outstanding';
import type { StateObserver } from '../observe/stateObserver';
import type { Door } from './door';
import type { Binding, MiniportAdapter } from './drivers';
import { FirstDeliveries } from './firstBytes';
import { NET_BUFFER_LIST } from './netBufferList';
import type { NDIS_OFFLOAD_HANDLE } from './offloadBlockList';

/** A request under way, by its call records on both sides of NDIS. */
export interface OpenRequest {
  readonly connection: number | undefined;
  /** The sender's call into NDIS; undefined for data that came with an initiate's chain. */
  readonly ndisCall: EventId | undefined;
  /** NDIS's call of the handler below. */
  readonly miniportCall: EventId | undefined;
}

/** As {@link OpenRequest}, kept in the NET_BUFFER_LIST that names it. */
class ListRequest implements OpenRequest {
  constructor(
    readonly binding: Binding,
    readonly connection: number | undefined,
    readonly ndisCall: EventId,
    readonly miniportCall: EventId,
    /** The list's request on the layer that it passed before, while that is under way. */
    public next: ListRequest | undefined,
  ) {}
}

/** Which requests a completion ends, on both sides of NDIS. */
export interface EndedRequests {
  readonly connection: number | undefined;
  readonly ndisCalls: readonly EventId[];
  readonly miniportCalls: readonly EventId[];
}

/** See the file's head. */
export class NdisCore {
  /** The binding through which each offloaded object was offered. */
  readonly bindingOfHandle = new Map<NDIS_OFFLOAD_HANDLE, Binding>();
  /** What the trace shows of the data that comes with offloads. */
  readonly firstDeliveries = new FirstDeliveries();
  private openRequests = 0;

  constructor(
    readonly machine: Machine,
    readonly door: Door,
    readonly observer: StateObserver,
    /** NDIS's own component. */
    readonly component: number,
  ) {}

  /** Requests under way, and objects that somebody offered and has not got back. */
  get outstanding(): Outstanding {
    return { 'open requests': this.openRequests, 'known offload handles': this.bindingOfHandle.size };
  }

  /** A request begins on a binding: `key`, a root block list, is what names it in its completion. */
  open(binding: Binding, key: object, request: OpenRequest): void {
    if (!binding.openRequests.has(key)) this.openRequests++;
    binding.openRequests.set(key, request);
  }

  /** A data request begins on a binding for each list of a chain; the same list may be under way on every layer that it passes. */
  openLists(
    binding: Binding,
    first: NET_BUFFER_LIST | null,
    connection: number | undefined,
    ndisCall: EventId,
    miniportCall: EventId,
  ): void {
    for (let list = first; list !== null; list = list.Next) {
      this.takeRequest(binding, list);
      const others = list.NdisReserved as ListRequest | undefined;
      list.NdisReserved = new ListRequest(binding, connection, ndisCall, miniportCall, others);
      this.openRequests++;
    }
  }

  /** Ends the data requests of a binding for the lists of a chain, and answers which calls they were, each once. */
  closeLists(binding: Binding, first: NET_BUFFER_LIST): EndedRequests {
    const ndisCalls: EventId[] = [];
    const miniportCalls: EventId[] = [];
    let connection: number | undefined;
    for (let list: NET_BUFFER_LIST | null = first; list !== null; list = list.Next) {
      const request = this.takeRequest(binding, list);
      if (request === undefined) continue;
      connection ??= request.connection;
      if (!ndisCalls.includes(request.ndisCall)) ndisCalls.push(request.ndisCall);
      if (!miniportCalls.includes(request.miniportCall)) miniportCalls.push(request.miniportCall);
    }
    return { connection, ndisCalls, miniportCalls };
  }

  private takeStateRequest(binding: Binding, root: object): OpenRequest | undefined {
    const request = binding.openRequests.get(root);
    if (binding.openRequests.delete(root)) this.openRequests--;
    return request;
  }

  /** Takes a binding's request out of a list; undefined if there is none. */
  private takeRequest(binding: Binding, list: NET_BUFFER_LIST): ListRequest | undefined {
    let before: ListRequest | undefined;
    let request = list.NdisReserved as ListRequest | undefined;
    while (request !== undefined && request.binding !== binding) {
      before = request;
      request = request.next;
    }
    if (request === undefined) return undefined;
    if (before === undefined) list.NdisReserved = request.next;
    else before.next = request.next;
    this.openRequests--;
    return request;
  }

  /** Ends the requests of a binding that several roots or lists name, and answers which calls they were, each once. */
  close(binding: Binding, keys: readonly object[]): EndedRequests {
    const ndisCalls = new Set<EventId>();
    const miniportCalls = new Set<EventId>();
    let connection: number | undefined;
    for (const key of keys) {
      const request =
        key instanceof NET_BUFFER_LIST ? this.takeRequest(binding, key) : this.takeStateRequest(binding, key);
      if (request === undefined) continue;
      connection ??= request.connection;
      if (request.ndisCall !== undefined) ndisCalls.add(request.ndisCall);
      if (request.miniportCall !== undefined) miniportCalls.add(request.miniportCall);
    }
    return { connection, ndisCalls: [...ndisCalls], miniportCalls: [...miniportCalls] };
  }

  /** The binding that a sender's handle belongs to. A copy of a handle leads there as well, though no driver may use one (CTX-013).
   * @throws Error for a handle that never went through an initiate. */
  bindingOf(handle: NDIS_OFFLOAD_HANDLE): Binding {
    const binding = this.bindingOfHandle.get(handle) ?? this.bindingOfCopy(handle);
    if (binding === undefined) throw new Error('the NDIS_OFFLOAD_HANDLE names no offloaded object');
    return binding;
  }

  private bindingOfCopy({ MiniportOffloadContext: { value } }: NDIS_OFFLOAD_HANDLE): Binding | undefined {
    if (value === null) return undefined;
    for (const [known, binding] of this.bindingOfHandle)
      if (known.MiniportOffloadContext.value === value) return binding;
    return undefined;
  }

  /** The binding above an adapter.
   * @throws Error if no protocol driver has opened it. */
  bindingAbove(adapter: MiniportAdapter): Binding {
    if (adapter.binding === undefined) throw new Error(`no protocol driver is bound to ${adapter.label}`);
    return adapter.binding;
  }
}
