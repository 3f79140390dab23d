/**
 * The state of every object at any instant of a trace file: from the checkpoint before it and the changes since. Nothing else is read.
 */
import type { Chunk } from './chunk';
import { statesOf } from './chunkStates';
import { stateOwners, type EventId, type StateOwner, type StateValue } from './records';
import { newTrackedObject, readCheckpoint, type TrackedObject } from './stateTracker';
import type { TraceFile } from './traceFile';

/** One variable at an instant. */
export interface StateVariable {
  /** Index in `offloadStateVariables(layer)`. */
  readonly variable: number;
  readonly value: StateValue;
  /** The state-change record that wrote it: the "last writer". */
  readonly writtenBy: EventId;
}

/** One state object at an instant. */
export interface StateObjectAt {
  readonly object: number;
  readonly parent: number | undefined;
  readonly owner: StateOwner;
  /** Record that gave it this owner. */
  readonly ownedSince: EventId | undefined;
  readonly variables: readonly StateVariable[];
}

/** A variable, an owner or a parent that differs between two instants; undefined stands for what was not there. */
export interface StateDifference {
  readonly object: number;
  readonly variable: number | 'owner' | 'parent';
  readonly before: StateValue | StateOwner | undefined;
  readonly after: StateValue | StateOwner | undefined;
}

/** Everything at one instant; objects are worked out when they are asked for. */
export class StateAt {
  constructor(
    private readonly file: TraceFile,
    /** The instant: right after this event. */
    readonly event: EventId,
    private readonly base: readonly TrackedObject[],
    private readonly chunks: readonly Chunk[],
    /** Number of objects that have been declared by then; ids count from 0. */
    readonly objectCount: number,
  ) {}

  /** One object; undefined where it had not been declared, or was gone already. */
  object(id: number): StateObjectAt | undefined {
    const remains = this.remains(id);
    return remains?.owner === 'gone' ? undefined : remains;
  }

  /** As `object`, but answers what was known last of one that is gone, too. */
  remains(id: number): StateObjectAt | undefined {
    const tracked = this.tracked(id);
    if (tracked === undefined) return undefined;
    const owner = stateOwners[tracked.owner] ?? 'host';
    const variables: StateVariable[] = [];
    for (let variable = 0; variable < tracked.values.length; variable++) {
      const writtenBy = tracked.writtenBy[variable]!;
      if (writtenBy === 0) continue;
      const value = tracked.byteValues?.get(variable) ?? tracked.values[variable]!;
      variables.push({ variable, value, writtenBy: writtenBy - 1 });
    }
    return {
      object: id,
      parent: tracked.parent,
      owner,
      ownedSince: tracked.ownerEvent === 0 ? undefined : tracked.ownerEvent - 1,
      variables,
    };
  }

  /** Every object that is there. */
  objects(): StateObjectAt[] {
    const all: StateObjectAt[] = [];
    for (let id = 0; id < this.objectCount; id++) {
      const object = this.object(id);
      if (object !== undefined) all.push(object);
    }
    return all;
  }

  private tracked(id: number): TrackedObject | undefined {
    const definition = this.file.definitions.stateObjects[id];
    if (definition === undefined || id >= this.objectCount) return undefined;
    const before = this.base[id];
    let tracked: TrackedObject | undefined;
    const begin = (): TrackedObject =>
      (tracked ??= copyOf(before) ?? newTrackedObject(definition.layer, definition.parent));
    for (const chunk of this.chunks)
      statesOf(chunk, this.file.definitions.shapes).apply(id, this.event - chunk.firstEvent, begin);
    return tracked ?? before ?? newTrackedObject(definition.layer, definition.parent);
  }
}

function copyOf(object: TrackedObject | undefined): TrackedObject | undefined {
  if (object === undefined) return undefined;
  return {
    ...object,
    values: object.values.slice(),
    writtenBy: object.writtenBy.slice(),
    byteValues: object.byteValues === undefined ? undefined : new Map(object.byteValues),
  };
}

/** Checkpoints that stay decoded. */
const mostCheckpoints = 4;

/** See the file's head. */
export class StateReader {
  private readonly checkpoints = new Map<number, readonly TrackedObject[]>();

  constructor(
    private readonly file: TraceFile,
    private readonly codec: Parameters<typeof readCheckpoint>[2],
  ) {}

  /**
   * The state right after an event.
   * @throws MalformedBytes where the file is damaged between the checkpoint and the event
   */
  async at(event: EventId): Promise<StateAt> {
    const { file } = this;
    const { checkpoints, chunks } = file.index;
    let place = checkpoints.length - 1;
    while (place >= 0 && checkpoints[place]!.event > event + 1) place--;
    const base = place < 0 ? [] : await this.checkpoint(place);
    const from = place < 0 ? 0 : checkpoints[place]!.event;
    const between: Chunk[] = [];
    let objectCount = base.length;
    if (from <= event) {
      for (let number = file.chunkOf(from); number < chunks.length; number++) {
        if (chunks[number]!.firstEvent > event) break;
        const chunk = await file.chunk(number);
        between.push(chunk);
        const { declaredFrom, declaredRows } = statesOf(chunk, file.definitions.shapes);
        declaredRows.forEach((row, index) => {
          if (chunk.firstEvent + row <= event) objectCount = Math.max(objectCount, declaredFrom + index + 1);
        });
      }
    }
    return new StateAt(file, event, base, between, objectCount);
  }

  /** What differs between the instants right after two events, the earlier one first. */
  async difference(earlier: EventId, later: EventId): Promise<StateDifference[]> {
    const before = await this.at(earlier);
    const after = await this.at(later);
    const differences: StateDifference[] = [];
    for (const id of await this.changedBetween(earlier, later)) {
      const [old, now] = [before.object(id), after.object(id)];
      if (old?.owner !== now?.owner)
        differences.push({ object: id, variable: 'owner', before: old?.owner, after: now?.owner });
      if (old?.parent !== now?.parent)
        differences.push({ object: id, variable: 'parent', before: old?.parent, after: now?.parent });
      const variables = new Set(
        [...(old?.variables ?? []), ...(now?.variables ?? [])].map((item) => item.variable),
      );
      for (const variable of [...variables].sort((left, right) => left - right)) {
        const was = old?.variables.find((item) => item.variable === variable)?.value;
        const is = now?.variables.find((item) => item.variable === variable)?.value;
        if (!isSame(was, is)) differences.push({ object: id, variable, before: was, after: is });
      }
    }
    return differences;
  }

  /** Objects that have rows between two events, ascending. */
  private async changedBetween(earlier: EventId, later: EventId): Promise<number[]> {
    const { file } = this;
    const { chunks } = file.index;
    const changed = new Set<number>();
    for (let number = file.chunkOf(earlier); number < chunks.length; number++) {
      if (chunks[number]!.firstEvent > later) break;
      const chunk = await file.chunk(number);
      const states = statesOf(chunk, file.definitions.shapes);
      const { declaredFrom, declaredRows } = states;
      const isBetween = (row: number): boolean =>
        chunk.firstEvent + row > earlier && chunk.firstEvent + row <= later;
      for (const object of states.objects)
        if (states.changesBetween(object, earlier - chunk.firstEvent, later - chunk.firstEvent))
          changed.add(object);
      declaredRows.forEach((row, index) => {
        if (isBetween(row)) changed.add(declaredFrom + index);
      });
    }
    return [...changed].sort((left, right) => left - right);
  }

  private async checkpoint(place: number): Promise<readonly TrackedObject[]> {
    const known = this.checkpoints.get(place);
    if (known !== undefined) return known;
    const payload = await this.file.checkpoint(place);
    const { objects } = readCheckpoint(payload, this.file.definitions.stateObjects, this.codec);
    if (this.checkpoints.size >= mostCheckpoints)
      this.checkpoints.delete(this.checkpoints.keys().next().value!);
    this.checkpoints.set(place, objects);
    return objects;
  }
}

function isSame(left: StateValue | undefined, right: StateValue | undefined): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
  return left === right;
}
