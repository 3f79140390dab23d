/**
 * Records whose events, state objects and connections get other numbers, as when a part of a trace becomes a trace of its own. A reference to what is
 * not there any more is dropped; a record that means nothing without it is dropped, too.
 */
import type { CallArgument, EventId, TraceRecord } from './records';

/** New numbers by old ones; undefined for what is not taken along. Components keep their numbers. */
export interface Renumbering {
  event(event: EventId): EventId | undefined;
  object(object: number): number | undefined;
  connection(connection: number): number | undefined;
}

/** Kinds that are renumbered by whoever declares or ends: their order is their number. */
type Declared = 'component' | 'connection' | 'state-object' | 'annotation' | 'end';

/** Records that {@link renumbered} takes. */
export type RenumberedRecord = Exclude<TraceRecord, { readonly kind: Declared }>;

function optional<Value>(
  value: Value | undefined,
  map: (value: Value) => Value | undefined,
): Value | undefined {
  return value === undefined ? undefined : map(value);
}

function events(list: readonly EventId[], numbers: Renumbering): EventId[] {
  return list.flatMap((event) => numbers.event(event) ?? []);
}

function arguments_(list: readonly CallArgument[], numbers: Renumbering): readonly CallArgument[] {
  if (!list.some(({ kind }) => kind === 'block-list')) return list;
  return list.map((argument) =>
    argument.kind !== 'block-list'
      ? argument
      : {
          ...argument,
          blocks: argument.blocks.map((block) => ({
            ...block,
            object: optional(block.object, (object) => numbers.object(object)),
          })),
        },
  );
}

/** A record with new numbers; undefined where what it is about is not taken along. */
export function renumbered(record: RenumberedRecord, numbers: Renumbering): RenumberedRecord | undefined {
  const event = (old: EventId | undefined): EventId | undefined => optional(old, (id) => numbers.event(id));
  const connection = (old: number | undefined): number | undefined =>
    optional(old, (id) => numbers.connection(id));
  switch (record.kind) {
    case 'call':
      return {
        ...record,
        connection: connection(record.connection),
        parent: event(record.parent),
        cause: event(record.cause),
        completes: events(record.completes, numbers),
        arguments: arguments_(record.arguments, numbers),
      };
    case 'return': {
      const call = numbers.event(record.call);
      return call === undefined
        ? undefined
        : { ...record, call, outputs: arguments_(record.outputs, numbers) };
    }
    case 'frame':
    case 'note':
      return { ...record, connection: connection(record.connection), cause: event(record.cause) };
    case 'frame-fate': {
      const frame = numbers.event(record.frame);
      return frame === undefined ? undefined : { ...record, frame };
    }
    case 'state-change':
    case 'ownership': {
      const object = numbers.object(record.object);
      return object === undefined ? undefined : { ...record, object, cause: event(record.cause) };
    }
    case 'relink': {
      const object = numbers.object(record.object);
      if (object === undefined) return undefined;
      const parent = optional(record.parent, (id) => numbers.object(id));
      return { ...record, object, parent, cause: event(record.cause) };
    }
    case 'finding': {
      const object = optional(record.object, (id) => numbers.object(id));
      return { ...record, object, events: events(record.events, numbers) };
    }
    case 'counter':
    case 'loss':
      return record;
  }
}
