/**
 * The rows of a run on which expressions can be evaluated while it goes on: the record in hand, and those of which something can still become
 * known: calls that have not returned, requests that have not been completed, frames on their way. What is further back is forgotten.
 */
import { madeCall, noteReturn, type Call } from '../analysis/callIndex';
import { noteFate, sentFrame, type Frame } from '../analysis/frameIndex';
import type { RowModel, RowStore } from '../expression/rowStore';
import { RecentMap } from '../rules/engine/recentMap';
import type {
  ComponentRecord,
  ConnectionRecord,
  EventId,
  StateObjectRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import { lostRecord, type UnknownRecord } from '../trace/rowDecoder';
import { LiveStateColumns } from './liveStateColumns';
import { workHasEnded } from './requests';

/** Calls and frames that are remembered after all that is expected of them is known: frames may come twice, drivers may complete too often. */
const mostRecent = 4096;

/** A call or a frame that something may still happen to. */
export interface LiveRow {
  readonly event: EventId;
  readonly time: VirtualTime;
  readonly record: TraceRecord;
  readonly call: Call | undefined;
  readonly frame: Frame | undefined;
  /** What has been found of it already: whoever looks notes that here, and it is forgotten with the row. */
  found: Set<object> | undefined;
}

/** See the file's head. Give it every record of a run, in order, from the first. */
export class LiveRows implements RowModel, RowStore {
  readonly components: ComponentRecord[] = [];
  readonly connections: ConnectionRecord[] = [];
  readonly stateObjects: StateObjectRecord[] = [];
  length = 0;
  lastTime: VirtualTime = 0;
  readonly states = new LiveStateColumns(this, () => this.remembered());
  /** The call or frame that the record in hand makes, returns from or delivers; undefined for other records. */
  touched: LiveRow | undefined;
  /** The requests that the call in hand completes. */
  readonly completed: LiveRow[] = [];
  readonly calls = { at: (event: EventId): Call | undefined => this.callAt(event) };
  readonly frames = { at: (event: EventId): Frame | undefined => this.row(event)?.frame };
  private readonly alive = new Map<EventId, LiveRow>();
  private readonly recent = new RecentMap<EventId, LiveRow>(mostRecent);
  /** Returns of requests that are pending. */
  private readonly returns = new Map<EventId, TraceRecord>();
  /** Calls that complete requests: those may return later than these. */
  private readonly completions = new RecentMap<EventId, Call>(mostRecent);
  /** Rows of which nothing more is expected; forgotten when the next record comes. */
  private readonly ended: LiveRow[] = [];
  /** The last change of each state object. */
  private readonly lastChanges: ({ readonly event: EventId; readonly record: TraceRecord } | undefined)[] =
    [];
  private readonly switchPorts = new Set<number>();
  private inHand: TraceRecord | undefined;
  private inHandEvent = -1;
  private callCount = 0;

  /** Calls and frames of which more is expected, in the order of their records. */
  get expected(): Iterable<LiveRow> {
    return this.alive.values();
  }

  /** The call or frame with this record, if it is remembered. */
  row(event: EventId): LiveRow | undefined {
    return this.alive.get(event) ?? this.recent.get(event);
  }

  /** Says what time it is by now, ahead of the record that comes next. */
  advance(time: VirtualTime): void {
    this.lastTime = time;
  }

  /** Takes the next record. Frames' bytes and other parts must not be changed by anybody afterwards. */
  take(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (this.ended.length > 0) this.forgetEnded();
    this.inHand = record;
    this.inHandEvent = event;
    this.length = event + 1;
    this.lastTime = time;
    this.touched = undefined;
    if (this.completed.length > 0) this.completed.length = 0;
    switch (record.kind) {
      case 'component':
        this.components[record.id] = record;
        if (record.role === 'wire') this.switchPorts.add(record.id);
        return;
      case 'connection':
        this.connections[record.id] = record;
        return;
      case 'state-object':
        this.stateObjects[record.id] = record;
        this.states.see(record, event);
        return;
      case 'state-change':
        this.lastChanges[record.object] = { event, record };
        this.states.see(record, event);
        return;
      case 'ownership':
        if (record.owner === 'gone') this.lastChanges[record.object] = undefined;
        this.states.see(record, event);
        return;
      case 'call': {
        const call = madeCall(record, event, time, this.callCount++, this.calls.at);
        this.add({ event, time, record, call, frame: undefined, found: undefined });
        for (const completes of record.completes) this.complete(completes, call);
        return;
      }
      case 'return': {
        const row = this.row(record.call);
        if (row?.call === undefined) return;
        this.touched = row;
        if (row.call.returnEvent !== undefined) return;
        noteReturn(row.call, record, event, time);
        if (workHasEnded(row.call)) this.ended.push(row);
        else this.returns.set(event, record);
        return;
      }
      case 'frame': {
        const frame = sentFrame(record, event, time, this.switchPorts.has(record.sender));
        this.add({ event, time, record, call: undefined, frame, found: undefined });
        return;
      }
      case 'frame-fate': {
        const row = this.row(record.frame);
        if (row?.frame === undefined) return;
        this.touched = row;
        if (row.frame.fate === undefined && record.fate !== 'duplicated') this.ended.push(row);
        noteFate(row.frame, record, time);
        return;
      }
      default:
    }
  }

  /** Lets somebody look at the last change of each state object as if it were in hand: what a condition said of it. */
  replayLastChanges(look: (event: EventId, object: number) => void): void {
    const { inHand, inHandEvent } = this;
    for (const [object, change] of this.lastChanges.entries()) {
      if (change === undefined) continue;
      this.inHand = change.record;
      this.inHandEvent = change.event;
      look(change.event, object);
    }
    this.inHand = inHand;
    this.inHandEvent = inHandEvent;
  }

  time(event: EventId): VirtualTime {
    return event === this.inHandEvent ? this.lastTime : (this.row(event)?.time ?? NaN);
  }

  kind(event: EventId): TraceRecord['kind'] | 'unknown' {
    return this.record(event).kind;
  }

  record(event: EventId): TraceRecord | UnknownRecord {
    if (event === this.inHandEvent) return this.inHand!;
    return this.row(event)?.record ?? this.returns.get(event) ?? lostRecord;
  }

  nextPresent(event: EventId): EventId {
    return event <= this.inHandEvent ? this.inHandEvent : this.length;
  }

  private *remembered(): Generator<EventId, void, undefined> {
    yield* this.alive.keys();
    yield* this.recent.keys();
    yield this.inHandEvent;
  }

  private add(row: LiveRow): void {
    this.alive.set(row.event, row);
    this.touched = row;
  }

  private callAt(event: EventId): Call | undefined {
    return this.row(event)?.call ?? this.completions.get(event);
  }

  private complete(request: EventId, by: Call): void {
    const row = this.row(request);
    if (row?.call === undefined) return;
    if (row.call.completedBy === undefined) {
      row.call.completedBy = by.event;
      this.completions.set(by.event, by);
      if (row.call.returnEvent !== undefined) this.ended.push(row);
    }
    this.completed.push(row);
  }

  private forgetEnded(): void {
    for (const row of this.ended) {
      this.alive.delete(row.event);
      this.recent.set(row.event, row);
      const returned = row.call?.returnEvent;
      if (returned !== undefined) this.returns.delete(returned);
    }
    this.ended.length = 0;
  }
}
