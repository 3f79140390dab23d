/**
 * The state of every object as it was written last, and checkpoints of it: `STAT` frames, from which a reader can go on without what
 * stands before. A checkpoint is due when the changes since the last one take several times its room, so that together they cost little and
 * no reader has far to go.
 */
import { offloadStateVariables } from '../ddi/offloadState';
import { ByteReader, MalformedBytes } from './byteReader';
import { ByteWriter } from './byteWriter';
import type { TraceCodec } from './codec';
import { packPayload, unpackPayload } from './packedPayload';
import { IntegerColumn } from './columns';
import { readIntegers } from './integerColumn';
import { withinLimit } from './limits';
import {
  stateOwners,
  type EventId,
  type StateChangeRecord,
  type StateLayer,
  type StateObjectRecord,
  type TraceRecord,
} from './records';

/** Changed values for each value of a checkpoint before the next one is written. */
const changesPerValue = 4;

/** Changed values before the first checkpoint. */
const fewestChanges = 30_000;

/** Number of variables in each layer. */
function variableCount(layer: StateLayer): number {
  return offloadStateVariables(layer).length;
}

/** What is known of one object at an instant. */
export interface TrackedObject {
  /** Current parent. */
  parent: number | undefined;
  /** Position in `stateOwners`, and the event that gave it this owner, plus one; 0 while nobody has been told. */
  owner: number;
  ownerEvent: number;
  /** Value of each variable that is a number, and the event that wrote it plus one; 0 where it was never written. */
  readonly values: Float64Array;
  readonly writtenBy: Float64Array;
  /** Values that are bytes. */
  byteValues: Map<number, Uint8Array> | undefined;
}

/** Numbers of many objects in few pieces of memory: an array of its own for each costs more than what it holds. */
class NumberSlabs {
  private slab = new Float64Array(0);
  private used = 0;

  /** So many zeros. */
  take(count: number): Float64Array {
    if (this.used + count > this.slab.length) {
      this.slab = new Float64Array(Math.max(count, 16_384));
      this.used = 0;
    }
    return this.slab.subarray(this.used, (this.used += count));
  }
}

/** An object of which nothing but its parent is known. */
export function newTrackedObject(
  layer: StateLayer,
  parent: number | undefined,
  slabs?: NumberSlabs,
): TrackedObject {
  const variables = variableCount(layer);
  return {
    parent,
    owner: 0,
    ownerEvent: 0,
    values: slabs?.take(variables) ?? new Float64Array(variables),
    writtenBy: slabs?.take(variables) ?? new Float64Array(variables),
    byteValues: undefined,
  };
}

/** Takes a change in; variables that the layer does not have are left out. */
export function applyChange(
  object: TrackedObject,
  event: EventId,
  variable: number,
  value: number | Uint8Array,
): void {
  if (variable >= object.values.length) return;
  object.writtenBy[variable] = event + 1;
  if (typeof value === 'number') {
    object.values[variable] = value;
    object.byteValues?.delete(variable);
  } else {
    object.byteValues ??= new Map();
    object.byteValues.set(variable, value);
  }
}

/** See the file's head. */
export class StateTracker {
  private readonly objects: TrackedObject[] = [];
  /** By object: who wrote its variables last, and the event that gave it its parent, plus one; 0 where none did. */
  private readonly writers: number[] = [];
  private readonly relinks: number[] = [];
  /** Values that a checkpoint would have, and one for each object. */
  private valueCount = 0;
  private changes = 0;

  /** Whether a checkpoint would save readers more than it costs. */
  get isCheckpointDue(): boolean {
    return this.changes > fewestChanges && this.changes > this.valueCount * changesPerValue;
  }

  /** An object has been declared; ids count from 0. */
  declare({ layer, parent }: StateObjectRecord): void {
    this.objects.push(newTrackedObject(layer, parent));
    this.writers.push(0);
    this.relinks.push(0);
    this.valueCount++;
  }

  /** As `values`, for numbers in arrays that the caller reuses. */
  numbers(
    event: EventId,
    object: number,
    count: number,
    variables: ArrayLike<number>,
    values: ArrayLike<number>,
  ): void {
    const tracked = this.objects[object]!;
    for (let index = 0; index < count; index++) {
      const variable = variables[index]!;
      if (variable >= tracked.values.length) continue;
      tracked.values[variable] = values[index]!;
      if (tracked.writtenBy[variable] === 0) this.valueCount++;
      tracked.writtenBy[variable] = event + 1;
      if (tracked.byteValues !== undefined) tracked.byteValues.delete(variable);
    }
    this.changes += count;
  }

  /** Variables of an object took new values. */
  values(event: EventId, object: number, changes: StateChangeRecord['changes']): void {
    const tracked = this.objects[object]!;
    for (const { variable, value } of changes) {
      if (tracked.writtenBy[variable] === 0) this.valueCount++;
      applyChange(tracked, event, variable, value);
    }
    this.changes += changes.length;
  }

  /** An object has another owner. */
  owned(event: EventId, object: number, owner: number): void {
    const tracked = this.objects[object];
    if (tracked === undefined) throw new RangeError(`unknown state object ${object}`);
    tracked.owner = owner;
    tracked.ownerEvent = event + 1;
  }

  /** An object depends on another parent. */
  relinked(event: EventId, object: number, parent: number | undefined): void {
    const tracked = this.objects[object];
    if (tracked === undefined) throw new RangeError(`unknown state object ${object}`);
    tracked.parent = parent;
    this.relinks[object] = event + 1;
  }

  /** A component writes variables of an object. */
  writtenBy(object: number, writer: number): void {
    this.writers[object] = writer;
  }

  /** At most `most` records that say again what has changed at or after an event, as if it had all happened at one moment. */
  changedSince(event: EventId, most: number): TraceRecord[] {
    const records: TraceRecord[] = [];
    this.objects.forEach((tracked, object) => {
      if (this.relinks[object]! > event)
        records.push({ kind: 'relink', object, parent: tracked.parent, cause: undefined });
      if (tracked.ownerEvent > event)
        records.push({ kind: 'ownership', object, owner: stateOwners[tracked.owner]!, cause: undefined });
      const changes: { variable: number; value: number | Uint8Array }[] = [];
      for (let variable = 0; variable < tracked.values.length; variable++)
        if (tracked.writtenBy[variable]! > event)
          changes.push({ variable, value: tracked.byteValues?.get(variable) ?? tracked.values[variable]! });
      if (changes.length > 0)
        records.push({
          kind: 'state-change',
          object,
          writer: this.writers[object]!,
          cause: undefined,
          changes,
        });
    });
    return records.slice(0, most);
  }

  /** The payload of a `STAT` frame: the state behind every event below `event`. */
  checkpoint(event: EventId, codec: TraceCodec | undefined): Uint8Array {
    this.changes = 0;
    const parents = new IntegerColumn(false);
    const owners = new IntegerColumn(false);
    const ownerEvents = new IntegerColumn(false);
    const counts = new IntegerColumn(false);
    const variables = new IntegerColumn(false);
    const values = new IntegerColumn(false);
    const writtenBy = new IntegerColumn(false);
    const blocks = new ByteWriter(1024);
    for (const object of this.objects) {
      parents.pushOptional(object.parent);
      owners.push(object.owner);
      ownerEvents.push(object.ownerEvent === 0 ? 0 : event + 1 - object.ownerEvent);
      let count = 0;
      for (let variable = 0; variable < object.values.length; variable++) {
        if (object.writtenBy[variable] === 0) continue;
        count++;
        const bytes = object.byteValues?.get(variable);
        variables.push(variable * 2 + (bytes === undefined ? 0 : 1));
        values.push(bytes === undefined ? object.values[variable]! : 0);
        writtenBy.push(event + 1 - object.writtenBy[variable]!);
        if (bytes !== undefined) blocks.block(bytes);
      }
      counts.push(count);
    }
    const out = new ByteWriter(64 * 1024);
    out.varint(event);
    out.varint(parents.length);
    out.varint(variables.length);
    for (const column of [parents, owners, ownerEvents, counts, variables, values, writtenBy])
      column.write(out, undefined);
    out.raw(blocks.bytes, 0, blocks.length);
    return packPayload(out.bytes.subarray(0, out.length), codec);
  }
}

/**
 * The objects of a checkpoint, by id; `layers` tells the layer of each.
 * @throws MalformedBytes where the payload is no checkpoint
 */
export function readCheckpoint(
  payload: Uint8Array,
  stateObjects: readonly StateObjectRecord[],
  codec: TraceCodec,
): { readonly event: EventId; readonly objects: TrackedObject[] } {
  const raw = unpackPayload(payload, codec);
  const input = new ByteReader(raw, 0, raw.length);
  const event = input.varint();
  const count = input.varint();
  if (count > stateObjects.length) throw new MalformedBytes(`a checkpoint of ${count} objects`);
  const total = withinLimit(input.varint(), 'items of a column');
  const [parents, owners, ownerEvents, counts] = [0, 1, 2, 3].map(() => readIntegers(input, count));
  const [variables, values, writtenBy] = [0, 1, 2].map(() => readIntegers(input, total));
  const objects: TrackedObject[] = [];
  const slabs = new NumberSlabs();
  let at = 0;
  const absolute = (distance: number): number => {
    if (distance > event) throw new MalformedBytes('a checkpoint refers to what was never there');
    return distance === 0 ? 0 : event + 1 - distance;
  };
  for (let id = 0; id < count; id++) {
    const parent = parents![id]!;
    const object = newTrackedObject(stateObjects[id]!.layer, parent === 0 ? undefined : parent - 1, slabs);
    object.owner = owners![id]!;
    object.ownerEvent = absolute(ownerEvents![id]!);
    for (let left = counts![id]!; left > 0; left--, at++) {
      if (at >= total) throw new MalformedBytes('a checkpoint has fewer values than it says');
      const variable = Math.floor(variables![at]! / 2);
      applyChange(object, 0, variable, variables![at]! % 2 === 1 ? input.block() : values![at]!);
      if (variable < object.values.length) object.writtenBy[variable] = absolute(writtenBy![at]!);
    }
    objects.push(object);
  }
  return { event, objects };
}
