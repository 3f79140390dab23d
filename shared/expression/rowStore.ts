/** What rows of events are read from: a trace in memory, or the part of a run that can still change. */
import type { Call } from '../analysis/callIndex';
import type { Frame } from '../analysis/frameIndex';
import type {
  ComponentRecord,
  ConnectionRecord,
  EventId,
  StateObjectRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import type { UnknownRecord } from '../trace/rowDecoder';

/** The records; `TraceStore` is one. What is not there (any more) has the kind `unknown`. */
export interface RowStore {
  readonly components: readonly ComponentRecord[];
  readonly connections: readonly ConnectionRecord[];
  readonly stateObjects: readonly StateObjectRecord[];
  /** The id of the next record. */
  readonly length: number;
  /** Virtual time of the last record, ns. */
  readonly lastTime: VirtualTime;
  /** Virtual time of a record, ns. */
  time(event: EventId): VirtualTime;
  kind(event: EventId): TraceRecord['kind'] | 'unknown';
  record(event: EventId): TraceRecord | UnknownRecord;
  /** The first event from an id on whose record is there; `length` if there is none. */
  nextPresent(event: EventId): EventId;
}

/** What became of calls and frames; `TraceModel` is one. */
export interface RowModel {
  readonly calls: { at(event: EventId): Call | undefined };
  readonly frames: { at(event: EventId): Frame | undefined };
}
