/** Milestones of a trace in order: what happened, in words. */
import type { EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';

/** One milestone. */
export interface Note {
  readonly event: EventId;
  readonly time: VirtualTime;
  readonly component: number;
  readonly connection: number | undefined;
  readonly cause: EventId | undefined;
  readonly text: string;
}

/** All notes of a trace; a {@link TraceListener}. */
export class NoteIndex implements TraceListener {
  readonly notes: Note[] = [];

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind !== 'note') return;
    const { component, connection, cause, text } = record;
    this.notes.push({ event, time, component, connection, cause, text });
  }
}
