/** Who has lent which NET_BUFFER_LIST to whom, at every edge of every driver: from the request that hands it over to the call that gives it back. */
import { NDIS_STATUS } from '../../ddi/status';
import type { NetBufferListSnapshot, StateObjectRecord } from '../../trace/records';
import { bufferedDataOf, chainIsRecorded, chainOf } from '../engine/attachedLists';
import type { Call } from '../engine/call';
import type { Handlers } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { RecentMap } from '../engine/recentMap';
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
  /** The call that handed it over; the one that gave it back where nobody has seen it handed over. */
  readonly call: Call;
  /** The call that gave it back. */
  readonly end: Call;
}

/** A list of a completion, with what it was lent as; undefined if it is not lent. */
export interface GivenBack {
  readonly list: NetBufferListSnapshot;
  readonly lent: LentList | undefined;
}

/** Lists that are remembered after they have been given back, for each edge. */
const mostPast = 8192;

/** Lists of one edge of one driver. */
class EdgeLists {
  readonly lent = new Map<number, LentList>();
  /** Last time that a list was given back, by address; packets of the host path are left out. */
  readonly past = new RecentMap<number, PastList>(mostPast);
  /** Indications that were not accepted, by the address of their list. */
  readonly refused = new RecentMap<number, Call>(mostPast);
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
    this.past.set(address, { purpose, call, end });
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
const purposes: ReadonlyMap<ListPurpose, number> = new Map(
  [...new Set(listPairs.map(({ purpose }) => purpose))].map((purpose, index) => [purpose, index]),
);
const requests = new Map(listPairs.map((pair) => [pair.request, pair]));
const completions = new Map(listPairs.map((pair) => [pair.completion, pair]));

/** Calls whose trees bring lists, or give them back. */
const attachments: ReadonlyMap<string, 'initiate' | 'initiated' | 'terminated'> = new Map([
  ['NdisInitiateOffload', 'initiate'],
  ['MiniportInitiateOffload', 'initiate'],
  ['NdisMInitiateOffloadComplete', 'initiated'],
  ['ProtocolInitiateOffloadComplete', 'initiated'],
  ['NdisMTerminateOffloadComplete', 'terminated'],
  ['ProtocolTerminateOffloadComplete', 'terminated'],
]);

/** See the file's head. */
export class ListLedger implements Handlers {
  private readonly edges = new Map<number, EdgeLists>();
  /** The completion that was asked about last, while nothing is lent or given back: every rule about completions asks about the same one. */
  private lastCall: Call | undefined;
  private lastGivenBack: readonly GivenBack[] = [];
  private readonly connectionOf = new Map<number, number>();

  readonly anyCall = (call: Call): void => {
    const request = requests.get(call.functionName);
    if (request !== undefined && request.onSuccess !== true) this.lend(request, call);
    const completion = completions.get(call.functionName);
    if (completion !== undefined) this.giveBack(completion, call);
    const attaching = attachments.get(call.functionName);
    if (attaching === 'initiate') this.lendChains(call);
    else if (attaching !== undefined) this.endOfChains(call);
  };

  /** Objects come before the trees that name them. */
  readonly stateObject = ({ id, connection }: StateObjectRecord): void => {
    if (connection !== undefined) this.connectionOf.set(id, connection);
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
  givenBack(call: Call): readonly GivenBack[] {
    if (call === this.lastCall) return this.lastGivenBack;
    const pair = completions.get(call.functionName);
    if (pair === undefined) return [];
    const lent = this.edges.get(keyOf(pair.edge, driverOf(call)))?.lent;
    this.lastGivenBack = call.lists.map((list) => ({ list, lent: lent?.get(list.address) }));
    this.lastCall = call;
    return this.lastGivenBack;
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

  /** What a list was lent for last, when it has been given back: undefined if never, or too long ago. */
  past(edge: Edge, driver: number, address: number): PastList | undefined {
    return this.edges.get(keyOf(edge, driver))?.past.get(address);
  }

  /** The indication of a list that was not accepted, or only in part, and that has not been indicated with success since. */
  refused(edge: Edge, driver: number, address: number): Call | undefined {
    return this.edges.get(keyOf(edge, driver))?.refused.get(address);
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
    }
  }

  private refuse(pair: ListPair, call: Call): void {
    const { refused } = this.listsAt(pair.edge, driverOf(call));
    for (const { address } of call.lists) refused.set(address, call);
  }

  /** The send data that comes with an initiate is completed like posted sends. */
  private lendChains(call: Call): void {
    const edge = edgeOf(call.functionName);
    const driver = driverOf(call);
    const lists = this.listsAt(edge, driver);
    for (const block of treeOf(call)) {
      const { object } = block;
      const connection = object === undefined ? undefined : this.connectionOf.get(object);
      chainOf(call, block).forEach((snapshot, position) => {
        const { address } = snapshot;
        lists.add({ address, edge, purpose: 'send', driver, connection, call, snapshot, position });
      });
    }
  }

  /**
   * A terminate gives posted sends back in its chains instead of completing them (TRM-026), and so does a refused initiate. Traces that
   * don't record what hangs on blocks name at least the requests that end.
   */
  private endOfChains(call: Call): void {
    const lists = this.listsAt(edgeOf(call.functionName), driverOf(call));
    let recorded = true;
    for (const block of treeOf(call)) {
      recorded &&= chainIsRecorded(call, block);
      for (const { address } of chainOf(call, block)) {
        const lent = lists.lent.get(address);
        if (lent?.purpose === 'send') lists.remove(lent, call);
      }
    }
    if (attachments.get(call.functionName) !== 'terminated') return;
    this.lendBufferedData(call);
    if (recorded) return;
    const ended = new Set(call.record.completes);
    for (const lent of [...lists.lent.values()])
      if (lent.purpose === 'send' && ended.has(lent.call.event)) lists.remove(lent, call);
  }

  /** Received data that a terminate hands up is returned like what was indicated (IND-023). */
  private lendBufferedData(call: Call): void {
    const edge = edgeOf(call.functionName);
    const driver = driverOf(call);
    for (const block of treeOf(call)) {
      const connection = block.object === undefined ? undefined : this.connectionOf.get(block.object);
      bufferedDataOf(call, block).forEach((snapshot, position) => {
        const { address } = snapshot;
        const entry = {
          address,
          edge,
          purpose: 'indication',
          driver,
          connection,
          call,
          snapshot,
          position,
        } as const;
        this.listsAt(edge, driver).add(entry);
      });
    }
  }

  /** The lists at an edge, to be changed. */
  private listsAt(edge: Edge, driver: number): EdgeLists {
    this.lastCall = undefined;
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
  return ((connection ?? -1) + 1) * purposes.size + purposes.get(purpose)!;
}
