/** What every view knows of the findings: which one is chosen, which severities are hidden, and where findings stand in time, rows and objects. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { RuleSeverity } from '../../shared/rules/catalogue';
import type { Finding } from '../../shared/rules/engine/finding';
import type { EventId, VirtualTime } from '../../shared/trace/records';
import { rowOfEvent } from '../timeline/rowKeys';
import { SortedFindings } from './sortedFindings';

/** The record that breaks the rule; undefined where no record is part of the proof. */
export function breakingEvent(finding: Finding): EventId | undefined {
  return finding.events.at(-1);
}

/** Where a finding's mark stands: at the record that breaks the rule. */
export function markTime(model: TraceModel, finding: Finding): VirtualTime {
  const event = breakingEvent(finding);
  return event === undefined ? finding.time : (model.store?.time(event) ?? finding.time);
}

/** See the file's head. Each finding is looked at once, when it is new. */
export class FindingsView {
  readonly hidden: ShallowRef<ReadonlySet<RuleSeverity>> = shallowRef(new Set<RuleSeverity>());
  readonly chosen: ShallowRef<Finding | undefined> = shallowRef();
  /** Grows whenever findings have come or gone: the rest is not observed. */
  readonly version: Ref<number> = ref(0);
  /** All findings, by time. */
  private all = new SortedFindings();
  /** By the row of the timeline, and time. */
  private readonly rows = new Map<string, SortedFindings>();
  /** By state object, and event. */
  private readonly objects = new Map<number, SortedFindings>();
  /** By record of the proof. */
  private readonly byEvent = new Map<EventId, Finding[]>();
  private seen = 0;

  /** Takes in what is new in a list that grows, or begins anew. */
  update(model: TraceModel | undefined, findings: readonly Finding[]): void {
    if (findings.length < this.seen || model === undefined) this.forget();
    if (model !== undefined)
      for (; this.seen < findings.length; this.seen++) this.add(model, findings[this.seen]!);
    this.version.value++;
  }

  /** All findings, by time. */
  inTime(): SortedFindings {
    return this.all;
  }

  /** Those of a row of the timeline (see {@link rowOfEvent}), by time. */
  inRow(key: string): SortedFindings | undefined {
    return this.rows.get(key);
  }

  /** Those about a state object, by event. */
  ofObject(object: number): SortedFindings | undefined {
    return this.objects.get(object);
  }

  /** Those that have a record in their proof and are not hidden. */
  ofEvent(event: EventId): readonly Finding[] {
    const all = this.byEvent.get(event) ?? [];
    const { value: hidden } = this.hidden;
    return hidden.size === 0 ? all : all.filter(({ severity }) => !hidden.has(severity));
  }

  /** Shows or hides findings of a severity everywhere. */
  toggle(severity: RuleSeverity): void {
    const next = new Set(this.hidden.value);
    if (!next.delete(severity)) next.add(severity);
    this.hidden.value = next;
  }

  private forget(): void {
    this.chosen.value = undefined;
    this.all = new SortedFindings();
    this.rows.clear();
    this.objects.clear();
    this.byEvent.clear();
    this.seen = 0;
  }

  private add(model: TraceModel, finding: Finding): void {
    const event = breakingEvent(finding);
    const time = markTime(model, finding);
    this.all.add(time, finding);
    sortedOf(this.rows, rowOfEvent(model, event, finding.connection)).add(time, finding);
    if (finding.object !== undefined) sortedOf(this.objects, finding.object).add(event ?? 0, finding);
    for (const one of new Set(finding.events)) {
      const list = this.byEvent.get(one);
      if (list === undefined) this.byEvent.set(one, [finding]);
      else list.push(finding);
    }
  }
}

function sortedOf<Key>(map: Map<Key, SortedFindings>, key: Key): SortedFindings {
  let sorted = map.get(key);
  if (sorted === undefined) map.set(key, (sorted = new SortedFindings()));
  return sorted;
}
