/** Tables about offloaded state: the objects, each value that a variable took, and who held them. */
import {
  formatStateVariable,
  offloadStateVariables,
  type OffloadStateVariable,
} from '../../ddi/offloadState';
import type {
  EventId,
  StateChangeRecord,
  StateObjectRecord,
  StateOwner,
  StateValue,
  VirtualTime,
} from '../../trace/records';
import type { TraceStore } from '../../trace/traceStore';
import { column, componentName, optional, recordsOf, table, type TimedRecord } from '../tableTypes';

/** State objects. */
export const objects = table<TimedRecord<StateObjectRecord>>({
  name: 'objects',
  meaning: 'Offload state objects: neighbors, paths and TCP connections.',
  rows: ({ store }) => recordsOf(store, 'state-object'),
  columns: [
    column('object', 'integer', 'Number of the object in its trace, from 0', ({ record }) => record.id),
    column('layer', 'varchar', '`neighbor`, `path` or `tcp`', ({ record }) => record.layer),
    optional(
      'parent',
      'integer',
      'Object that it depends on (path on neighbor, TCP on path); null for neighbors',
      ({ record }) => record.parent,
    ),
    optional(
      'connection',
      'integer',
      '`connections.connection`; null for none',
      ({ record }) => record.connection,
    ),
    column('label', 'varchar', 'Name for people', ({ record }) => record.label),
    column('event', 'bigint', 'Event that declares it', ({ event }) => event),
    column('time_ns', 'bigint', 'Virtual time of that, ns', ({ time }) => time),
  ],
});

interface ChangeRow extends TimedRecord<StateChangeRecord> {
  readonly store: TraceStore;
  readonly object: StateObjectRecord;
  readonly variable: OffloadStateVariable | undefined;
  readonly number: number;
  readonly value: StateValue;
}

/** Every value that a variable took. */
export const states = table<ChangeRow>({
  name: 'states',
  meaning:
    'Every value that a variable of a state object took: one row a variable and change. The value at a time is the last one before it.',
  *rows({ store }) {
    for (const timed of recordsOf(store, 'state-change')) {
      const object = store.stateObjects[timed.record.object]!;
      const variables = offloadStateVariables(object.layer);
      for (const { variable, value } of timed.record.changes)
        yield { ...timed, store, object, number: variable, variable: variables[variable], value };
    }
  },
  columns: [
    column('event', 'bigint', 'Event of the change', ({ event }) => event),
    column('time_ns', 'bigint', 'Virtual time, ns', ({ time }) => time),
    column('object', 'integer', 'State object: `objects.object`', ({ object }) => object.id),
    column('layer', 'varchar', 'Its layer: `neighbor`, `path` or `tcp`', ({ object }) => object.layer),
    optional('connection', 'integer', 'Its connection; null for none', ({ object }) => object.connection),
    column(
      'variable',
      'varchar',
      'Member of the state structure, such as `SndUna`',
      ({ variable, number }) => variable?.name ?? `variable ${number}`,
    ),
    optional('class', 'varchar', '`const`, `cached` or `delegated`', ({ variable }) => variable?.class),
    optional('value', 'bigint', 'The value, where it is a number', ({ value }) =>
      typeof value === 'number' ? value : undefined,
    ),
    optional('text', 'varchar', 'The value for people, with names and units', ({ variable, value }) =>
      variable === undefined ? undefined : formatStateVariable(variable, value),
    ),
    optional('bytes', 'blob', 'The value, where it is bytes, such as an address', ({ value }) =>
      typeof value === 'number' ? undefined : value,
    ),
    column('writer', 'integer', 'Who wrote it: `components.component`', ({ record }) => record.writer),
    optional('writer_name', 'varchar', 'Its name', ({ record, store }) =>
      componentName(store, record.writer),
    ),
    optional(
      'cause',
      'bigint',
      'Event that led to it; null where none is known',
      ({ record }) => record.cause,
    ),
  ],
});

interface OwnershipRow {
  readonly object: StateObjectRecord;
  readonly owner: StateOwner;
  readonly event: EventId;
  readonly from: VirtualTime;
  readonly until: VirtualTime | undefined;
  readonly cause: EventId | undefined;
}

/** Who held each object, and when. */
export const ownership = table<OwnershipRow>({
  name: 'ownership',
  meaning:
    'Who held each state object, stay by stay, object by object. Until its first row the host holds an object.',
  *rows({ model, store }) {
    for (const object of store.stateObjects) {
      for (const span of model.states.ownershipSpans(object.id)) {
        const record = store.record(span.event);
        yield { ...span, object, cause: record.kind === 'ownership' ? record.cause : undefined };
      }
    }
  },
  columns: [
    column('object', 'integer', 'State object: `objects.object`', ({ object }) => object.id),
    column('layer', 'varchar', 'Its layer: `neighbor`, `path` or `tcp`', ({ object }) => object.layer),
    optional('connection', 'integer', 'Its connection; null for none', ({ object }) => object.connection),
    column('owner', 'varchar', '`host`, `offloading`, `target`, `uploading` or `gone`', ({ owner }) => owner),
    column('from_ns', 'bigint', 'Start of the stay, ns', ({ from }) => from),
    optional('until_ns', 'bigint', 'End of the stay, ns; null for the last', ({ until }) => until),
    column('event', 'bigint', 'Event that began it', ({ event }) => event),
    optional('cause', 'bigint', 'Event that led to that; null where none is known', ({ cause }) => cause),
  ],
});
