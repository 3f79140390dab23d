/** Names of the timeline's rows that do not depend on how lanes are laid out, and which of them an event belongs to. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import type { Lane, LaneRow } from './lanes';

const milestones = 'milestones';
const callsKey = (component: number, depth: number): string => `calls-${component}-${depth}`;
const framesKey = (path: string): string => `frames-${path}`;
const connectionKey = (connection: number): string => `connection-${connection}`;

/** The name of a row; undefined for rows that show again what stands elsewhere. */
export function rowKey(lane: Lane, row: LaneRow): string | undefined {
  switch (row.kind) {
    case 'milestones':
      return milestones;
    case 'calls':
      return callsKey(lane.component ?? -1, lane.rows.indexOf(row));
    case 'frames':
      return framesKey(row.path);
    case 'ownership':
      return lane.id;
    case 'requests':
    case 'buffers':
      return undefined;
  }
}

function rowOfCall(model: TraceModel, event: EventId): string | undefined {
  const call = model.calls.at(event);
  return call === undefined ? undefined : callsKey(call.callee, call.depth);
}

function rowOfFrame(model: TraceModel, event: EventId): string | undefined {
  const frame = model.frames.at(event);
  return frame === undefined ? undefined : framesKey(frame.path);
}

/**
 * The name of the row to which an event belongs: a return to its call's, a change of state to its connection's. What belongs nowhere else goes to
 * the connection that it is about, or to the milestones.
 */
export function rowOfEvent(
  model: TraceModel,
  event: EventId | undefined,
  connection: number | undefined,
): string {
  const own = event === undefined ? undefined : ownRow(model, event);
  return own ?? (connection === undefined ? milestones : connectionKey(connection));
}

function ownRow(model: TraceModel, event: EventId): string | undefined {
  const plain = rowOfCall(model, event) ?? rowOfFrame(model, event);
  const { store } = model;
  if (plain !== undefined || store === undefined || event >= store.length) return plain;
  const record = store.record(event);
  switch (record.kind) {
    case 'return':
      return rowOfCall(model, record.call);
    case 'frame-fate':
      return rowOfFrame(model, record.frame);
    case 'note':
      return milestones;
    case 'connection':
      return connectionKey(record.id);
    case 'state-object':
    case 'state-change':
    case 'ownership':
    case 'relink': {
      const object = store.stateObjects[record.kind === 'state-object' ? record.id : record.object];
      return object?.connection === undefined ? undefined : connectionKey(object.connection);
    }
    default:
      return undefined;
  }
}
