/** Every event of a trace in one table: what a point in time or a cause is looked up in. */
import { recordKinds, type EventId, type TraceRecord, type VirtualTime } from '../../trace/records';
import { lostRecord, type UnknownRecord } from '../../trace/rowDecoder';
import { column, optional, table } from '../tableTypes';

interface EventRow {
  readonly event: EventId;
  readonly time: VirtualTime;
  readonly record: TraceRecord | UnknownRecord;
}

/** Who does what the record tells. */
function componentOf(record: EventRow['record']): number | undefined {
  switch (record.kind) {
    case 'component':
      return record.id;
    case 'call':
      return record.caller;
    case 'state-change':
      return record.writer;
    case 'frame':
      return record.sender;
    case 'frame-fate':
      return record.receiver;
    case 'note':
      return record.component;
    default:
      return undefined;
  }
}

function connectionOf(record: EventRow['record']): number | undefined {
  return record.kind === 'connection' ? record.id : 'connection' in record ? record.connection : undefined;
}

/** What the record is about, in one of its own words. */
function subjectOf(record: EventRow['record']): string | undefined {
  switch (record.kind) {
    case 'component':
      return record.name;
    case 'state-object':
      return record.label;
    case 'ownership':
      return record.owner;
    case 'call':
      return record.functionName;
    case 'frame':
      return record.path;
    case 'frame-fate':
      return record.fate;
    case 'note':
      return record.text;
    default:
      return undefined;
  }
}

/** Event that a record continues: the call of a return, the frame of a fate. */
function continuesOf(record: EventRow['record']): EventId | undefined {
  return record.kind === 'return' ? record.call : record.kind === 'frame-fate' ? record.frame : undefined;
}

/** All events. */
export const events = table<EventRow>({
  name: 'events',
  meaning:
    'Every event in the order in which it happened, whatever its kind; those that were lost are left out. The other tables tell more of each kind.',
  *rows({ store }) {
    for (let event = 0; event < store.length; event++) {
      const record = store.record(event);
      if (record !== lostRecord) yield { event, time: store.time(event), record };
    }
  },
  columns: [
    column('event', 'bigint', 'Id of the event: its place in the trace, from 0', ({ event }) => event),
    column('time_ns', 'bigint', 'Virtual time since the start of the scenario, ns', ({ time }) => time),
    column(
      'kind',
      'varchar',
      `${recordKinds.map((kind) => `\`${kind}\``).join(', ')}, or \`unknown\` for what a newer version recorded`,
      ({ record }) => record.kind,
    ),
    optional(
      'component',
      'integer',
      'Who does it: caller, writer, sender, receiver (of a fate); null for nobody',
      ({ record }) => componentOf(record),
    ),
    optional('connection', 'integer', 'Connection that it is about; null for none', ({ record }) =>
      connectionOf(record),
    ),
    optional('parent', 'bigint', 'Call inside which a call was made; null for none', ({ record }) =>
      record.kind === 'call' ? record.parent : undefined,
    ),
    optional('cause', 'bigint', 'Event that led to it; null where none is known', ({ record }) =>
      'cause' in record ? record.cause : undefined,
    ),
    optional(
      'continues',
      'bigint',
      'The call of a return, the frame of a fate; null for others',
      ({ record }) => continuesOf(record),
    ),
    optional(
      'subject',
      'varchar',
      'Function of a call, path of a frame, fate, new owner, text of a note; null for others',
      ({ record }) => subjectOf(record),
    ),
  ],
});
