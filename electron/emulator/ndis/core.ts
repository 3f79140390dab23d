/** What the planes of NDIS share: the machine, the door, and who asked for what. */
import type { EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { Outstanding } from '../observe/outstanding';
import type { StateObserver } from '../observe/stateObserver';
import type { Door } from './door';
import type { Binding, MiniportAdapter } from './drivers';
import type { NDIS_OFFLOAD_HANDLE } from './offloadBlockList';

/** A request under way, by its call records on both sides of NDIS. */
export interface OpenRequest {
  readonly connection: number | undefined;
  /** The sender's call into NDIS; undefined for data that came with an initiate's chain. */
  readonly ndisCall: EventId | undefined;
  /** NDIS's call of the handler below. */
  readonly miniportCall: EventId | undefined;
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

  /** A request begins on a binding: `key` is what names it in its completion, a root block list or a NET_BUFFER_LIST. */
  open(binding: Binding, key: object, request: OpenRequest): void {
    if (!binding.openRequests.has(key)) this.openRequests++;
    binding.openRequests.set(key, request);
  }

  /** Ends the requests of a binding that several roots or lists name, and answers which calls they were, each once. */
  close(binding: Binding, keys: readonly object[]): EndedRequests {
    const ndisCalls = new Set<EventId>();
    const miniportCalls = new Set<EventId>();
    let connection: number | undefined;
    for (const key of keys) {
      const request = binding.openRequests.get(key);
      if (request === undefined) continue;
      binding.openRequests.delete(key);
      this.openRequests--;
      connection ??= request.connection;
      if (request.ndisCall !== undefined) ndisCalls.add(request.ndisCall);
      if (request.miniportCall !== undefined) miniportCalls.add(request.miniportCall);
    }
    return { connection, ndisCalls: [...ndisCalls], miniportCalls: [...miniportCalls] };
  }

  /** The binding that a sender's handle belongs to.
   * @throws Error for a handle that never went through an initiate. */
  bindingOf(handle: NDIS_OFFLOAD_HANDLE): Binding {
    const binding = this.bindingOfHandle.get(handle);
    if (binding === undefined) throw new Error('the NDIS_OFFLOAD_HANDLE names no offloaded object');
    return binding;
  }

  /** The binding above an adapter.
   * @throws Error if no protocol driver has opened it. */
  bindingAbove(adapter: MiniportAdapter): Binding {
    if (adapter.binding === undefined) throw new Error(`no protocol driver is bound to ${adapter.label}`);
    return adapter.binding;
  }
}
