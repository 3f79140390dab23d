/** What stands at a cursor: the call that it is in or at, the connection and the driver that it is about. */
import type { Call } from '../analysis/callIndex';
import type { TraceModel } from '../analysis/traceModel';
import type { EventId } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';
import { isDriverRole } from './stopCondition';

/** A record of a trace, and what is around it. */
export interface CursorPlace {
  /** How the record stands to `call`: it enters it, it returns from it, or it lies inside it (or at no call). */
  readonly relation: 'entry' | 'return' | 'inside';
  /** The call that the record enters or returns from, or in the midst of which it was made; undefined outside all calls. */
  readonly call: Call | undefined;
  readonly connection: number | undefined;
  /** Component that is a driver. */
  readonly driver: number | undefined;
}

const nowhere: CursorPlace = {
  relation: 'inside',
  call: undefined,
  connection: undefined,
  driver: undefined,
};

/** What stands at a record; nothing at one that is not there. */
export function placeOf(model: TraceModel, store: TraceStore, cursor: EventId): CursorPlace {
  if (!(cursor >= 0 && cursor < store.length)) return nowhere;
  const driver = (...candidates: (number | undefined)[]): number | undefined =>
    candidates.find(
      (component) => component !== undefined && isDriverRole(store.components[component]?.role),
    );
  const record = store.record(cursor);
  switch (record.kind) {
    case 'call':
    case 'return': {
      const call = model.calls.at(record.kind === 'call' ? cursor : record.call);
      // A second return of a call is none.
      if (call === undefined || (record.kind === 'return' && call.returnEvent !== cursor)) return nowhere;
      const relation = record.kind === 'call' ? 'entry' : 'return';
      return { relation, call, connection: call.connection, driver: driver(call.callee, call.caller) };
    }
    case 'frame':
      return {
        relation: 'inside',
        call: openAt(model, record.cause, cursor),
        connection: record.connection,
        driver: driver(record.sender),
      };
    case 'frame-fate':
      return {
        relation: 'inside',
        call: undefined,
        connection: model.frames.at(record.frame)?.connection,
        driver: driver(record.receiver),
      };
    case 'state-change':
    case 'ownership':
    case 'relink':
      return {
        relation: 'inside',
        call: openAt(model, record.cause, cursor),
        connection: store.stateObjects[record.object]?.connection,
        driver: record.kind === 'state-change' ? driver(record.writer) : undefined,
      };
    case 'note':
      return {
        relation: 'inside',
        call: openAt(model, record.cause, cursor),
        connection: record.connection,
        driver: driver(record.component),
      };
    default:
      return nowhere;
  }
}

/** The call around a call: what it was made in. */
export function enclosing(model: TraceModel, call: Call): Call | undefined {
  return call.parent === undefined ? undefined : model.calls.at(call.parent);
}

/** What happens inside a call has it as its cause; a cause that has returned by then is one further back. */
function openAt(model: TraceModel, cause: EventId | undefined, event: EventId): Call | undefined {
  const call = cause === undefined ? undefined : model.calls.at(cause);
  if (call === undefined || call.event > event) return undefined;
  return call.returnEvent === undefined || call.returnEvent > event ? call : undefined;
}
