/** Values of state variables of a run, collected as its records come, instead of by walking over a trace. */
import type { OffloadStateVariable } from '../ddi/offloadState';
import { append, StateColumns, type History } from '../expression/stateColumns';
import type { RowStore } from '../expression/rowStore';
import type { EventId, StateValue, TraceRecord } from '../trace/records';

/** What an object holds, by the number of the variable, and the event that wrote it. */
interface Latest {
  readonly events: (EventId | undefined)[];
  readonly values: StateValue[];
}

/** Records of state that are taken before what nobody can ask for any more is forgotten. */
const recordsPerForgetting = 4096;

/** Forgets what is held at none of these events, ascending, nor by now. */
function thin<Value>({ events, values }: History<Value>, asked: readonly EventId[]): void {
  let kept = 0;
  let at = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index]!;
    while (at < asked.length && asked[at]! < event) at++;
    const isLast = index === events.length - 1;
    if (!isLast && !(at < asked.length && asked[at]! < events[index + 1]!)) continue;
    events[kept] = event;
    values[kept++] = values[index]!;
  }
  events.length = values.length = kept;
}

/** See the file's head. A variable that is asked for late is known from its last change on. */
export class LiveStateColumns extends StateColumns {
  private readonly latest: (Latest | undefined)[] = [];
  private readonly requested = new Set<OffloadStateVariable>();
  private untilForgetting = recordsPerForgetting;

  /** @param remembered the events of which somebody may still ask */
  constructor(
    store: RowStore,
    private readonly remembered: () => Iterable<EventId>,
  ) {
    super(store);
  }

  /** Values that are kept besides the last ones of each variable: of variables that are asked for, and of owners. */
  get size(): number {
    let size = 0;
    for (const { events } of this.histories()) size += events.length;
    return size;
  }

  override request(variable: OffloadStateVariable): void {
    if (this.requested.has(variable)) return;
    this.requested.add(variable);
    const histories = new Map<number, { events: EventId[]; values: StateValue[] }>();
    this.columns.set(variable, { variable, histories });
    for (const [object, held] of this.latest.entries()) {
      if (held === undefined) continue;
      const { events, values } = held;
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
    } else if (record.kind === 'ownership') {
      if (record.owner === 'gone') this.latest[record.object] = undefined;
    } else if (record.kind !== 'state-object') return;
    this.takeObjects();
    this.take(record, event);
    if (--this.untilForgetting <= 0) this.forget();
  }

  private *histories(): Generator<History<unknown>, void, undefined> {
    yield* this.owners.values();
    for (const { histories } of this.columns.values()) yield* histories.values();
  }

  private forget(): void {
    this.untilForgetting = recordsPerForgetting;
    const asked = [...this.remembered()].sort((left, right) => left - right);
    for (const history of this.histories()) thin(history, asked);
    const oldest = asked[0] ?? Infinity;
    for (const [object, { events, values }] of this.owners) {
      if (values.at(-1) !== 'gone' || events.at(-1)! > oldest) continue;
      for (const { histories } of this.columns.values()) histories.delete(object);
    }
  }

  /** Everything has been taken as it came. */
  protected override bringUpTo(): void {
    // See above.
  }
}
