/** Events in one line, for lists and for searching. */
import { decodeFrame } from '../analysis/frameDecoder';
import { formatStateVariable, offloadStateVariables } from '../ddi/offloadState';
import { statusName } from '../ddi/status';
import type { EventId, StateChangeRecord } from '../trace/records';
import type { EventKind } from './fieldTypes';
import type { RowModel, RowStore } from './rowStore';

/** What a list shows of one event. */
export interface EventLine {
  readonly kind: EventKind;
  readonly connection: number | undefined;
  /** Components that take part. */
  readonly who: string;
  readonly what: string;
  /** Status of a call, fate of a frame; undefined where there is none. */
  readonly status: string | undefined;
}

function nameOf(store: RowStore, component: number | undefined): string {
  return component === undefined ? '?' : (store.components[component]?.name ?? `component ${component}`);
}

function changesText(store: RowStore, { object, changes }: StateChangeRecord): string {
  const declared = store.stateObjects[object];
  const variables = declared === undefined ? [] : offloadStateVariables(declared.layer);
  const parts = changes.map(({ variable, value }) => {
    const known = variables[variable];
    return known === undefined
      ? `variable ${variable}`
      : `${known.name} ${formatStateVariable(known, value)}`;
  });
  return `${declared?.label ?? `object ${object}`}: ${parts.join(', ')}`;
}

/** The line of an event; undefined for records that are part of another event, or declare something. */
export function eventLine(model: RowModel, store: RowStore, event: EventId): EventLine | undefined {
  switch (store.kind(event)) {
    case 'call': {
      const call = model.calls.at(event);
      if (call === undefined) return undefined;
      return {
        kind: 'call',
        connection: call.connection,
        who: `${nameOf(store, call.caller)} → ${nameOf(store, call.callee)}`,
        what: call.functionName,
        status:
          call.end === undefined ? 'open' : call.status === undefined ? undefined : statusName(call.status),
      };
    }
    case 'frame': {
      const frame = model.frames.at(event);
      const record = store.record(event);
      if (frame === undefined || record.kind !== 'frame') return undefined;
      const again = frame.retransmission ? ', retransmission' : '';
      return {
        kind: 'frame',
        connection: frame.connection,
        who: `${nameOf(store, frame.sender)} → ${nameOf(store, frame.receiver)}`,
        what: decodeFrame(record.bytes, record.length).summary + again,
        status: frame.fate,
      };
    }
    default: {
      const record = store.record(event);
      if (record.kind === 'state-change') {
        return {
          kind: 'state',
          connection: store.stateObjects[record.object]?.connection,
          who: nameOf(store, record.writer),
          what: changesText(store, record),
          status: undefined,
        };
      }
      if (record.kind === 'ownership') {
        const object = store.stateObjects[record.object];
        return {
          kind: 'ownership',
          connection: object?.connection,
          who: object?.label ?? `object ${record.object}`,
          what: record.owner,
          status: undefined,
        };
      }
      if (record.kind !== 'note') return undefined;
      const { connection, component, text } = record;
      return { kind: 'note', connection, who: nameOf(store, component), what: text, status: undefined };
    }
  }
}

/** The line as one text, which is what `summary` holds. */
export function summaryOf({ who, what, status }: EventLine): string {
  return status === undefined ? `${who}: ${what}` : `${who}: ${what} (${status})`;
}
