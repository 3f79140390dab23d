/** Who has lent which NET_BUFFER_LIST to whom, at every edge of every driver: from the request that hands it over to the call that gives it back. */
import { NDIS_STATUS } from '../../ddi/status';
import type { NetBufferListSnapshot } from '../../trace/records';
import type { Call } from '../engine/call';
import type { Handlers } from '../engine/rule';
import { isTaken, type ObjectFacts } from './objectFacts';
import { treeOf } from '../engine/tree';
import { driverOf, edgeOf, listPairs, type Edge, type ListPair, type ListPurpose } from './edges';

/** A list that is lent. */
export interface LentList {
  readonly address: number;
  readonly edge: Edge;
  readonly purpose: ListPurpose;
  /** The driver at whose edge it was handed over. */
  readonly driver: number;
  readonly connection: number | undefined;
  /** The call that handed it over. */
  readonly call: Call;
  /** As it was then. */
  readonly snapshot: NetBufferListSnapshot;
  /** Position in the chain of that call. */
  readonly position: number;
  /** Counts lists of this purpose at this edge on this connection, from 0: the order in which they were posted. */
  readonly order: number;
}

/** A list that was lent and has been given back. */
export interface PastList {
  readonly purpose: ListPurpose;
  /** The call that handed it over. */
  readonly call: Call;
  /** The call that gave it back. */
  readonly end: Call;
}

/** Sends of the host stack's own that came with an initiate and have not all been given back (NetBufferListChain). */
export interface SendChain {
  /** The initiate. */
  readonly call: Call;
  /** Address of its last list: SendDataTail. */
  readonly tail: number;
}

/** Lists that are remembered after they have been given back, for each edge. */
const mostPast = 8192;

/** Lists of one edge of one driver. */
class EdgeLists {
  readonly lent = new Map<number, LentList>();
  /** Last time that a list was given back, by address; packets of the host path are left out. */
  readonly past = new Map<number, PastList>();
  /** Indications that were not accepted, by the address of their list. */
  readonly refused = new Map<number, Call>();
  /** By connection. */
  readonly chains = new Map<number, SendChain>();
  /** Whether received data has been handed over with a terminate: its lists come back without having been indicated. */
  buffered: Call | undefined;
  /** Lent lists by connection and purpose, in the order of posting. */
  private readonly queues = new Map<number, { next: number; readonly lists: Set<LentList> }>();

  add(entry: Omit<LentList, 'order'>): void {
    const queue = this.queue(entry.connection, entry.purpose);
    const before = this.lent.get(entry.address);
    if (before !== undefined) this.remove(before);
    const list = { ...entry, order: queue.next++ };
    this.lent.set(list.address, list);
    queue.lists.add(list);
  }

  remove(list: LentList, end?: Call): void {
    this.lent.delete(list.address);
    this.queue(list.connection, list.purpose).lists.delete(list);
    if (end !== undefined) this.note(list.address, list.purpose, list.call, end);
  }

  note(address: number, purpose: ListPurpose, call: Call, end: Call): void {
    if (purpose === 'packet-send' || purpose === 'packet-indication') return;
    this.past.delete(address);
    this.past.set(address, { purpose, call, end });
    if (this.past.size > mostPast) this.past.delete(this.past.keys().next().value!);
  }

  queue(
    connection: number | undefined,
    purpose: ListPurpose,
  ): { next: number; readonly lists: Set<LentList> } {
    const key = queueKey(connection, purpose);
    let queue = this.queues.get(key);
    if (queue === undefined) this.queues.set(key, (queue = { next: 0, lists: new Set() }));
    return queue;
  }
}

const none: ReadonlySet<LentList> = new Set();
const purposes: readonly ListPurpose[] = [...new Set(listPairs.map(({ purpose }) => purpose))];
const requests = new Map(listPairs.map((pair) => [pair.request, pair]));
const completions = new Map(listPairs.map((pair) => [pair.completion, pair]));

/** See the file's head. */
export class ListLedger implements Handlers {
  private readonly edges = new Map<number, EdgeLists>();

  /** @param objects what the blocks of trees stand for */
  constructor(private readonly objects: ObjectFacts) {}

  readonly anyCall = (call: Call): void => {
    const request = requests.get(call.functionName);
    if (request !== undefined && request.onSuccess !== true) this.lend(request, call);
    const completion = completions.get(call.functionName);
    if (completion !== undefined) this.giveBack(completion, call);
    if (
      call.functionName === 'NdisMTerminateOffloadComplete' ||
      call.functionName === 'ProtocolTerminateOffloadComplete'
    )
      this.endOfTerminate(call);
    if (call.functionName === 'NdisInitiateOffload' || call.functionName === 'MiniportInitiateOffload')
      this.beginChains(call);
    if (
      call.functionName === 'NdisMInitiateOffloadComplete' ||
      call.functionName === 'ProtocolInitiateOffloadComplete'
    )
      this.endRefusedChains(call);
  };

  readonly anyReturned = (call: Call): void => {
    const request = requests.get(call.functionName);
    if (request?.onSuccess !== true) return;
    if (call.status === NDIS_STATUS.SUCCESS) this.lend(request, call);
    else this.refuse(request, call);
  };

  /** The list with an address, while it is lent at an edge. */
  find(edge: Edge, driver: number, address: number): LentList | undefined {
    return this.edges.get(keyOf(edge, driver))?.lent.get(address);
  }

  /** The lists that a completion (or return) gives back, each with what it was lent as; undefined for one that is not lent. */
  givenBack(call: Call): { readonly list: NetBufferListSnapshot; readonly lent: LentList | undefined }[] {
    const pair = completions.get(call.functionName);
    if (pair === undefined) return [];
    return call.lists.map((list) => ({ list, lent: this.find(pair.edge, driverOf(call), list.address) }));
  }

  /** What is lent for a purpose on a connection, in the order of posting. */
  open(
    edge: Edge,
    driver: number,
    connection: number | undefined,
    purpose: ListPurpose,
  ): ReadonlySet<LentList> {
    return this.edges.get(keyOf(edge, driver))?.queue(connection, purpose).lists ?? none;
  }

  /** What a list was lent for last, while it isn't lent: undefined if never, or too long ago. */
  past(edge: Edge, driver: number, address: number): PastList | undefined {
    return this.edges.get(keyOf(edge, driver))?.past.get(address);
  }

  /** The indication of a list that was not accepted, or only in part, and that has not been indicated with success since. */
  refused(edge: Edge, driver: number, address: number): Call | undefined {
    return this.edges.get(keyOf(edge, driver))?.refused.get(address);
  }

  /** Sends that came with the initiate of a connection, while not all of them have been given back. */
  chain(edge: Edge, driver: number, connection: number | undefined): SendChain | undefined {
    return connection === undefined ? undefined : this.edges.get(keyOf(edge, driver))?.chains.get(connection);
  }

  /** Any of those chains at an edge. */
  anyChain(edge: Edge, driver: number): SendChain | undefined {
    return this.edges.get(keyOf(edge, driver))?.chains.values().next().value;
  }

  /** The last terminate that handed received data up at an edge (BufferedData): its lists are returned without having been indicated. */
  bufferedData(edge: Edge, driver: number): Call | undefined {
    return this.edges.get(keyOf(edge, driver))?.buffered;
  }

  /** Everything that is lent at an edge of a driver. */
  allAt(edge: Edge, driver: number): Iterable<LentList> {
    return this.edges.get(keyOf(edge, driver))?.lent.values() ?? [];
  }

  /** Everything that is lent anywhere. */
  *all(): Generator<LentList> {
    for (const { lent } of this.edges.values()) yield* lent.values();
  }

  private lend(pair: ListPair, call: Call): void {
    const lists = this.listsAt(pair.edge, driverOf(call));
    call.lists.forEach((snapshot, position) => {
      lists.refused.delete(snapshot.address);
      lists.add({
        address: snapshot.address,
        edge: pair.edge,
        purpose: pair.purpose,
        driver: driverOf(call),
        connection: call.connection,
        call,
        snapshot,
        position,
      });
    });
  }

  private giveBack(pair: ListPair, call: Call): void {
    const lists = this.listsAt(pair.edge, driverOf(call));
    for (const { address } of call.lists) {
      const lent = lists.lent.get(address);
      if (lent?.purpose === pair.purpose) lists.remove(lent, call);
      else if (lent === undefined) lists.note(address, pair.purpose, call, call);
      if (pair.purpose !== 'send') continue;
      for (const [connection, { tail }] of lists.chains)
        if (tail === address) lists.chains.delete(connection);
    }
  }

  private refuse(pair: ListPair, call: Call): void {
    const { refused } = this.listsAt(pair.edge, driverOf(call));
    for (const { address } of call.lists) {
      refused.delete(address);
      refused.set(address, call);
      if (refused.size > mostPast) refused.delete(refused.keys().next().value!);
    }
  }

  private beginChains(call: Call): void {
    const lists = this.listsAt(edgeOf(call.functionName), driverOf(call));
    for (const block of treeOf(call)) {
      const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
      const connection = this.connectionOf(block.object);
      if (delegated === undefined || connection === undefined) continue;
      lists.chains.delete(connection);
      if (block.structure.number('NetBufferListChain') === 0) continue;
      lists.chains.set(connection, { call, tail: delegated.number('SendDataTail') ?? 0 });
    }
  }

  private endRefusedChains(call: Call): void {
    const { chains } = this.listsAt(edgeOf(call.functionName), driverOf(call));
    if (chains.size === 0) return;
    for (const block of treeOf(call)) {
      const connection = this.connectionOf(block.object);
      if (connection !== undefined && !isTaken(block)) chains.delete(connection);
    }
  }

  /** A terminate gives posted sends back in its chain instead of completing them (TRM-026): the trace names their requests. */
  private endOfTerminate(call: Call): void {
    const ended = new Set(call.record.completes);
    const edge = call.functionName.startsWith('NdisM') ? 'miniport' : 'protocol';
    const lists = this.listsAt(edge, driverOf(call));
    for (const block of treeOf(call)) {
      if (block.status !== NDIS_STATUS.SUCCESS) continue;
      const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
      if (delegated === undefined) continue;
      if (delegated.number('BufferedData') !== 0) lists.buffered = call;
      const connection = this.connectionOf(block.object);
      if (connection !== undefined) lists.chains.delete(connection);
    }
    if (ended.size < 2) return;
    for (const lent of [...lists.lent.values()])
      if (lent.purpose === 'send' && ended.has(lent.call.event)) lists.remove(lent, call);
  }

  private connectionOf(object: number | undefined): number | undefined {
    return this.objects.find(object)?.connection;
  }

  private listsAt(edge: Edge, driver: number): EdgeLists {
    const key = keyOf(edge, driver);
    let lists = this.edges.get(key);
    if (lists === undefined) this.edges.set(key, (lists = new EdgeLists()));
    return lists;
  }
}

function keyOf(edge: Edge, driver: number): number {
  return driver * 2 + (edge === 'miniport' ? 1 : 0);
}

/** One number for a purpose on a connection; connections count from 0. */
function queueKey(connection: number | undefined, purpose: ListPurpose): number {
  return ((connection ?? -1) + 1) * purposes.length + purposes.indexOf(purpose);
}
