/**
 * Which requests are outstanding at an event: intervals of ids, found in logarithmic time. A request of a chain of lists is outstanding until
 * the last of its lists has come back, also in a trace that still grows.
 */
import { NDIS_STATUS } from '../ddi/status';
import type { EventId } from '../trace/records';
import type { Call } from './callIndex';
import { IntervalIndex } from './pendingRequests';
import { completesTree, requestEndedBy, requestFunction, type RequestKind } from './requestKinds';
import type { TraceModel } from './traceModel';

/** Lists of a request that came back. */
export interface GivenBack {
  /** The completion. */
  readonly event: EventId;
  readonly lists: number;
}

/** A request that somebody has to end. */
export interface Outstanding {
  readonly call: Call;
  readonly kind: RequestKind;
  /** Whether it is the send data that came with an initiate: it is completed like what has been sent (INI-023). */
  readonly attached: boolean;
  /** Its completions so far, ascending, and the number of lists that each gave back; only where it passes more than one list. */
  readonly completions: readonly GivenBack[];
}

interface Entry extends Outstanding {
  readonly position: number;
  readonly completions: GivenBack[];
  /** Lists that have not come back. */
  remaining: number;
  /** Their addresses, where a completion has had to be told apart. */
  addresses: Set<number> | undefined;
}

const none: GivenBack[] = [];

/** See the file's head. Takes in what has been read since somebody last asked. */
export class PendingIndex {
  private readonly intervals = new IntervalIndex();
  private readonly entries: Entry[] = [];
  private readonly byEvent = new Map<EventId, Entry>();
  private readonly attachedByEvent = new Map<EventId, Entry>();
  /** Requests that have not returned: a status other than NDIS_STATUS_PENDING ends them. */
  private unreturned: Entry[] = [];
  private seen = 0;
  /** The completion that was decoded last: it may name many requests. */
  private lastCompletion: EventId | undefined;
  private lastAddresses: readonly number[] = [];

  constructor(private readonly model: Pick<TraceModel, 'calls' | 'store'>) {}

  /** What is outstanding right after an event, in the order in which it was asked for. */
  at(event: EventId): readonly Outstanding[] {
    this.takeIn();
    return this.intervals.at(event).map((position) => this.entries[position]!);
  }

  private takeIn(): void {
    const { calls } = this.model.calls;
    for (; this.seen < calls.length; this.seen++) {
      const call = calls[this.seen]!;
      for (const completed of call.completes) this.complete(completed, call);
      const request = requestFunction(call.functionName);
      if (request === undefined) continue;
      this.begin(call, request.kind, false);
      if (request.kind === 'initiate' && call.lists > 0) this.begin(call, 'send', true);
    }
    this.unreturned = this.unreturned.filter((entry) => this.stillOpen(entry));
  }

  private begin(call: Call, kind: RequestKind, attached: boolean): void {
    const position = this.intervals.begin(call.event);
    const lists = attached || requestFunction(call.functionName)?.passes === 'lists' ? call.lists : 1;
    const completions = lists > 1 ? [] : none;
    const entry: Entry = {
      call,
      kind,
      attached,
      position,
      completions,
      remaining: Math.max(1, lists),
      addresses: undefined,
    };
    this.entries.push(entry);
    (attached ? this.attachedByEvent : this.byEvent).set(call.event, entry);
    this.unreturned.push(entry);
  }

  /** Ends a request that has returned something else than that it pends; answers whether it has not returned yet. */
  private stillOpen({ call, position }: Entry): boolean {
    if (call.returnEvent === undefined) return true;
    if (call.status !== undefined && call.status !== NDIS_STATUS.PENDING)
      this.intervals.end(position, call.returnEvent);
    return false;
  }

  private complete(event: EventId, by: Call): void {
    const entry = this.byEvent.get(event);
    if (entry === undefined) return;
    if (requestFunction(entry.call.functionName)?.passes !== 'lists') {
      if (requestFunction(entry.call.functionName)?.completion === by.functionName)
        this.giveBack(entry, by, entry.remaining);
      const attached = this.attachedByEvent.get(event);
      if (attached !== undefined) this.giveBack(attached, by, this.givenBack(attached, by));
    } else if (completesTree(by.functionName)) this.giveBack(entry, by, entry.remaining);
    else this.giveBack(entry, by, this.givenBack(entry, by));
  }

  private giveBack(entry: Entry, by: Call, lists: number): void {
    if (lists === 0 || entry.remaining === 0) return;
    entry.remaining = Math.max(0, entry.remaining - lists);
    if (entry.completions !== none) entry.completions.push({ event: by.event, lists });
    if (entry.remaining === 0) this.intervals.end(entry.position, by.event);
  }

  /** How many lists of a request a completion gives back. */
  private givenBack(entry: Entry, by: Call): number {
    if (!entry.attached && entry.completions === none) return 1;
    // Traces that don't record what hangs on the blocks of a terminate name at least the requests that end with it.
    if (by.lists === 0) return requestEndedBy(by.functionName) === 'terminate' ? entry.remaining : 0;
    entry.addresses ??= new Set(listAddresses(this.model, entry.call.event));
    if (this.lastCompletion !== by.event) {
      this.lastCompletion = by.event;
      this.lastAddresses = listAddresses(this.model, by.event);
    }
    let back = 0;
    for (const address of this.lastAddresses) if (entry.addresses.delete(address)) back++;
    return back;
  }
}

/** Addresses of the NET_BUFFER_LISTs that a call passes, in order. */
export function listAddresses({ store }: Pick<TraceModel, 'store'>, event: EventId): number[] {
  const record = store?.record(event);
  if (record?.kind !== 'call') return [];
  return record.arguments.flatMap((value) =>
    value.kind === 'net-buffer-lists' ? value.lists.map(({ address }) => address) : [],
  );
}

const indexes = new WeakMap<TraceModel, PendingIndex>();

/** The index of a trace: made when somebody first asks. */
export function pendingIndexOf(model: TraceModel): PendingIndex {
  let index = indexes.get(model);
  if (index === undefined) indexes.set(model, (index = new PendingIndex(model)));
  return index;
}
