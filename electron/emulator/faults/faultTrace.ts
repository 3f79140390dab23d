/**
 * The trace of a run with faults: knows the ids of what is recorded, so that what a fault brings about can name it as its cause, and shows
 * the records to whoever waits for one that an expression matches.
 */
import type { EventId, TraceRecord } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import { tappedProbe, type RecordTap } from '../observe/recordTap';
import type { Probe } from '../probe';

/** Sees each record right after it has been recorded; in the middle of an event, so it may only take note. */
export type FaultWatch = (record: TraceRecord, event: EventId, time: number) => void;

/** See the file's head. */
export class FaultTrace implements RecordTap {
  /** In front of the run's own: passes everything on. */
  readonly probe: Probe;
  /** Undefined where no fault waits for an event. */
  watch: FaultWatch | undefined;
  private next: EventId = 0;
  private readonly components = new Map<string, number>();

  /** @param inner gives out ids as a trace does: one for each record, from 0. */
  constructor(inner: Probe) {
    const tapped = tappedProbe(inner, this, Infinity);
    this.probe = passOn(tapped, {
      component: (role, name) => {
        const id = tapped.component(role, name);
        this.components.set(name, id);
        return id;
      },
    });
  }

  get wantsRecords(): boolean {
    return this.watch !== undefined;
  }

  begins(): void {
    // What faults wait for is known behind the record.
  }

  recorded(event: EventId, time: number, record: TraceRecord | undefined): void {
    this.next = event + 1;
    if (record !== undefined) this.watch?.(record, event, time);
  }

  /** The component with this name.
   * @throws Error if there is none yet */
  componentOf(name: string): number {
    const component = this.components.get(name);
    if (component === undefined) throw new Error(`there is no component ${name}`);
    return component;
  }

  /** Records a note and answers its id. */
  note(
    time: number,
    component: number,
    connection: number | undefined,
    cause: EventId | undefined,
    text: string,
  ): EventId {
    const event = this.next;
    this.probe.note(time, component, connection, cause, text);
    return event;
  }
}
