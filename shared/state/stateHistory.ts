/**
 * Values of every offload state variable over time, so that the tree can be shown at any instant and every value knows who
 * wrote it. Look-ups are binary searches.
 */
import type { TraceListener } from '../trace/traceReader';
import type { EventId, StateOwner, StateValue, TraceRecord, VirtualTime } from '../trace/records';

/** One variable at an instant. */
export interface VariableAt {
  /** Index in `offloadStateVariables(layer)`. */
  readonly variable: number;
  readonly value: StateValue;
  /** The state-change record that wrote it: the "last writer". */
  readonly writtenBy: EventId;
  readonly writtenAt: VirtualTime;
  /** Component that wrote it. */
  readonly writer: number;
}

/** One state object at an instant. */
export interface ObjectAt {
  readonly object: number;
  /** The object that it depends on at that instant. */
  readonly parent: number | undefined;
  readonly owner: StateOwner;
  /** Record that gave it this owner. */
  readonly ownedSince: EventId | undefined;
  readonly variables: readonly VariableAt[];
}

/** One stay of an object with one owner; `until` is undefined for the last. */
export interface OwnershipSpan {
  readonly owner: StateOwner;
  readonly event: EventId;
  readonly from: VirtualTime;
  readonly until: VirtualTime | undefined;
}

interface VariableHistory {
  readonly events: EventId[];
  readonly values: StateValue[];
}

interface ObjectHistory {
  declaredBy: EventId;
  readonly variables: Map<number, VariableHistory>;
  readonly owners: StateOwner[];
  readonly ownerEvents: EventId[];
  readonly ownerTimes: VirtualTime[];
  /** Parents in the order in which it had them, and the events that gave it each. */
  readonly parents: (number | undefined)[];
  readonly parentEvents: EventId[];
}

/** Position of the last entry that is at most `limit`, or -1. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Collects state records; a {@link TraceListener}. */
export class StateHistory implements TraceListener {
  private readonly objects: ObjectHistory[] = [];
  /** Time and writer of each state-change event, for the last-writer columns. */
  private readonly changeEvents: EventId[] = [];
  private readonly changeTimes: VirtualTime[] = [];
  private readonly changeWriters: number[] = [];

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind === 'state-object') {
      this.objects[record.id] = {
        declaredBy: event,
        variables: new Map(),
        owners: [],
        ownerEvents: [],
        ownerTimes: [],
        parents: [record.parent],
        parentEvents: [event],
      };
    } else if (record.kind === 'ownership') {
      const history = this.objects[record.object]!;
      history.owners.push(record.owner);
      history.ownerEvents.push(event);
      history.ownerTimes.push(time);
    } else if (record.kind === 'relink') {
      const history = this.objects[record.object]!;
      history.parents.push(record.parent);
      history.parentEvents.push(event);
    } else if (record.kind === 'state-change') {
      const { variables } = this.objects[record.object]!;
      this.changeEvents.push(event);
      this.changeTimes.push(time);
      this.changeWriters.push(record.writer);
      for (const change of record.changes) {
        let history = variables.get(change.variable);
        if (history === undefined) variables.set(change.variable, (history = { events: [], values: [] }));
        history.events.push(event);
        history.values.push(change.value);
      }
    }
  }

  /** The object right after `event`; undefined if it had not been declared by then or was already gone. */
  objectAt(object: number, event: EventId): ObjectAt | undefined {
    const history = this.objects[object];
    if (history === undefined || history.declaredBy > event) return undefined;
    const ownerIndex = lastAtMost(history.ownerEvents, event);
    const owner = history.owners[ownerIndex] ?? 'host';
    if (owner === 'gone') return undefined;
    const variables: VariableAt[] = [];
    for (const [variable, { events, values }] of history.variables) {
      const index = lastAtMost(events, event);
      if (index < 0) continue;
      const writtenBy = events[index]!;
      const change = lastAtMost(this.changeEvents, writtenBy);
      variables.push({
        variable,
        value: values[index]!,
        writtenBy,
        writtenAt: this.changeTimes[change]!,
        writer: this.changeWriters[change]!,
      });
    }
    variables.sort((left, right) => left.variable - right.variable);
    const parent = history.parents[lastAtMost(history.parentEvents, event)];
    return { object, parent, owner, ownedSince: history.ownerEvents[ownerIndex], variables };
  }

  /** The last write of a variable at an event or before it; undefined if there was none. */
  writeAt(object: number, variable: number, event: EventId): VariableAt | undefined {
    const history = this.objects[object]?.variables.get(variable);
    const index = history === undefined ? -1 : lastAtMost(history.events, event);
    if (history === undefined || index < 0) return undefined;
    const writtenBy = history.events[index]!;
    const change = lastAtMost(this.changeEvents, writtenBy);
    return {
      variable,
      value: history.values[index]!,
      writtenBy,
      writtenAt: this.changeTimes[change]!,
      writer: this.changeWriters[change]!,
    };
  }

  /** The object that another one depends on right after `event`, also once it is gone. */
  parentAt(object: number, event: EventId): number | undefined {
    const history = this.objects[object];
    return history?.parents[Math.max(0, lastAtMost(history.parentEvents, event))];
  }

  /** The stays of an object with its owners, in order. */
  ownershipSpans(object: number): OwnershipSpan[] {
    const history = this.objects[object];
    if (history === undefined) return [];
    return history.owners.map((owner, index) => ({
      owner,
      event: history.ownerEvents[index]!,
      from: history.ownerTimes[index]!,
      until: history.ownerTimes[index + 1],
    }));
  }
}
