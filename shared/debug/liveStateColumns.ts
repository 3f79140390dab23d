/** Values of state variables of a run, collected as its records come, instead of by walking over a trace. */
import type { OffloadStateVariable } from '../ddi/offloadState';
import { append, StateColumns } from '../expression/stateColumns';
import type { EventId, StateValue, TraceRecord } from '../trace/records';

/** What an object holds, by the number of the variable, and the event that wrote it. */
interface Latest {
  readonly events: (EventId | undefined)[];
  readonly values: StateValue[];
}

/** See the file's head. A variable that is asked for late is known from its last change on. */
export class LiveStateColumns extends StateColumns {
  private readonly latest: Latest[] = [];
  private readonly requested = new Set<OffloadStateVariable>();

  override request(variable: OffloadStateVariable): void {
    if (this.requested.has(variable)) return;
    this.requested.add(variable);
    const histories = new Map<number, { events: EventId[]; values: StateValue[] }>();
    this.columns.set(variable, { variable, histories });
    for (const [object, { events, values }] of this.latest.entries()) {
      const event = events[variable.index];
      if (event !== undefined && this.store.stateObjects[object]?.layer === variable.layer)
        append(histories, object, event, values[variable.index]!);
    }
  }

  /** Takes the next record of the run. */
  see(record: TraceRecord, event: EventId): void {
    if (record.kind === 'state-change') {
      const { events, values } = (this.latest[record.object] ??= { events: [], values: [] });
      for (const { variable, value } of record.changes) {
        events[variable] = event;
        values[variable] = value;
      }
    } else if (record.kind !== 'state-object' && record.kind !== 'ownership') return;
    this.takeObjects();
    this.take(record, event);
  }

  /** Everything has been taken as it came. */
  protected override bringUpTo(): void {
    // See above.
  }
}
