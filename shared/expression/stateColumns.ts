/**
 * Values of single state variables over time, as sorted lists of events. Only the variables that an expression asks for are collected,
 * in one walk over the trace; looking one up is a binary search.
 */
import { formatStateVariable, swapPortBytes, type OffloadStateVariable } from '../ddi/offloadState';
import type { EventId, StateObjectRecord, StateOwner, StateValue, TraceRecord } from '../trace/records';
import type { RowStore } from './rowStore';

/** What one object held, from event to event. */
export interface History<Value> {
  readonly events: EventId[];
  readonly values: Value[];
}

/** What is collected of one variable. */
export interface VariableColumn {
  readonly variable: OffloadStateVariable;
  readonly histories: Map<number, History<StateValue>>;
}

/** The last entry that is at most `event`; undefined if there is none. */
function valueAt<Value>(history: History<Value> | undefined, event: EventId): Value | undefined {
  if (history === undefined) return undefined;
  const { events, values } = history;
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]! <= event) low = middle + 1;
    else high = middle;
  }
  return values[low - 1];
}

/** Adds a value at an event behind all that are there. */
export function append<Value>(
  histories: Map<number, History<Value>>,
  object: number,
  event: EventId,
  value: Value,
): void {
  let history = histories.get(object);
  if (history === undefined) histories.set(object, (history = { events: [], values: [] }));
  history.events.push(event);
  history.values.push(value);
}

/** Reads a trace that may still grow. */
export class StateColumns {
  protected readonly columns = new Map<OffloadStateVariable, VariableColumn>();
  protected readonly owners = new Map<number, History<StateOwner>>();
  protected readonly declared = new Map<number, EventId>();
  /** State objects of the TCP layer by connection, in order of declaration. */
  private readonly byConnection = new Map<number, StateObjectRecord[]>();
  private scanned = 0;
  private objectsSeen = 0;

  constructor(protected readonly store: RowStore) {}

  /** Says that a variable will be asked for. */
  request(variable: OffloadStateVariable): void {
    if (this.columns.has(variable)) return;
    this.columns.set(variable, { variable, histories: new Map() });
    // What has been walked over was not collected for it.
    for (const column of this.columns.values()) column.histories.clear();
    this.owners.clear();
    this.declared.clear();
    this.scanned = 0;
  }

  /** The TCP state object of a connection at an event: the last that had been declared by then. */
  objectOf(connection: number, event: EventId): number | undefined {
    this.bringUpTo(event);
    const objects = this.byConnection.get(connection);
    if (objects === undefined) return undefined;
    for (let index = objects.length - 1; index >= 0; index--) {
      const { id } = objects[index]!;
      if ((this.declared.get(id) ?? Infinity) <= event) return id;
    }
    return undefined;
  }

  /** Owner of an object right after an event; undefined before it was declared. */
  ownerAt(object: number, event: EventId): StateOwner | undefined {
    this.bringUpTo(event);
    if ((this.declared.get(object) ?? Infinity) > event) return undefined;
    return valueAt(this.owners.get(object), event) ?? 'host';
  }

  /** A variable of an object, or of the path or neighbor that it depends on; NaN if it is absent, or no number. */
  numberAt(variable: OffloadStateVariable, object: number, event: EventId): number {
    const value = this.at(variable, object, event);
    if (typeof value !== 'number') return NaN;
    const isPort = variable.name === 'LocalPort' || variable.name === 'RemotePort';
    return isPort ? swapPortBytes(value) : value;
  }

  /** The same for variables that are addresses. */
  textAt(variable: OffloadStateVariable, object: number, event: EventId): string | undefined {
    const value = this.at(variable, object, event);
    return value instanceof Uint8Array ? formatStateVariable(variable, value) : undefined;
  }

  private at(variable: OffloadStateVariable, object: number, event: EventId): StateValue | undefined {
    this.bringUpTo(event);
    let at = this.store.stateObjects[object];
    while (at !== undefined && at.layer !== variable.layer)
      at = at.parent === undefined || at.parent >= at.id ? undefined : this.store.stateObjects[at.parent];
    if (at === undefined || this.ownerAt(at.id, event) === 'gone') return undefined;
    return valueAt(this.columns.get(variable)?.histories.get(at.id), event);
  }

  /** Takes in the state objects that have been declared. */
  protected takeObjects(): void {
    const { store } = this;
    for (; this.objectsSeen < store.stateObjects.length; this.objectsSeen++) {
      const object = store.stateObjects[this.objectsSeen]!;
      if (object.connection === undefined || object.layer !== 'tcp') continue;
      const list = this.byConnection.get(object.connection);
      if (list === undefined) this.byConnection.set(object.connection, [object]);
      else list.push(object);
    }
  }

  /** Takes in one record. */
  protected take(record: TraceRecord, event: EventId): void {
    if (record.kind === 'state-object') this.declared.set(record.id, event);
    else if (record.kind === 'ownership') append(this.owners, record.object, event, record.owner);
    else if (record.kind === 'state-change') {
      const layer = this.store.stateObjects[record.object]?.layer;
      for (const { variable, histories } of this.columns.values()) {
        if (variable.layer !== layer) continue;
        const change = record.changes.find((candidate) => candidate.variable === variable.index);
        if (change !== undefined) append(histories, record.object, event, change.value);
      }
    }
  }

  /** Takes in everything up to an event. */
  protected bringUpTo(event: EventId): void {
    if (event < this.scanned) return;
    this.takeObjects();
    const { store } = this;
    // No further than it was asked for: a search that goes in slices through a long trace spreads this over them.
    const last = Math.min(event, store.length - 1);
    for (; this.scanned <= last; this.scanned++) {
      this.scanned = store.nextPresent(this.scanned);
      if (this.scanned > last) break;
      const kind = store.kind(this.scanned);
      if (kind !== 'state-change' && kind !== 'ownership' && kind !== 'state-object') continue;
      const record = store.record(this.scanned);
      if (record.kind !== 'unknown') this.take(record, this.scanned);
    }
  }
}
