/** What the user looks at: visible range, cursor and selection, shared by timeline, tree, table, chart and details. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, VirtualTime } from '../../shared/trace/records';
import { fitStretch, reveal, wholeTrace, type TimeRange } from '../timeline/viewport';
import { stretchOf } from './stretch';

/** An instant: a time, and the last event that counts as having happened. */
export interface Cursor {
  readonly time: VirtualTime;
  /** -1 before the first event. */
  readonly event: EventId;
}

/** Where the user has been, for going back. */
const longestHistory = 200;

/** See the file's head. */
export class View {
  readonly range: ShallowRef<TimeRange> = shallowRef(wholeTrace(0));
  readonly cursor: ShallowRef<Cursor> = shallowRef({ time: 0, event: -1 });
  /** Where the cursor was before: the state tree marks what changed since. */
  readonly previousCursor: ShallowRef<Cursor> = shallowRef({ time: 0, event: -1 });
  readonly selection: Ref<EventId | undefined> = ref(undefined);
  /** The view keeps showing the whole of a growing trace. */
  readonly following = ref(true);
  private readonly visited: EventId[] = [];
  private visitedIndex = -1;

  constructor(private readonly model: () => TraceModel | undefined) {}

  /** Forgets everything about the trace before. */
  reset(): void {
    this.selection.value = undefined;
    this.cursor.value = { time: 0, event: -1 };
    this.previousCursor.value = this.cursor.value;
    this.following.value = true;
    this.visited.length = 0;
    this.visitedIndex = -1;
    this.range.value = wholeTrace(this.lastTime);
  }

  /** Virtual time of the last event, ns. */
  get lastTime(): VirtualTime {
    return this.model()?.store?.lastTime ?? 0;
  }

  /** The trace has grown: following views move on. */
  grow(): void {
    if (!this.following.value) return;
    this.range.value = wholeTrace(this.lastTime);
    if (this.selection.value === undefined) this.moveCursor(this.lastTime);
  }

  /** Shows a range; the view no longer follows. */
  show(range: TimeRange): void {
    this.following.value = false;
    this.range.value = range;
  }

  showAll(): void {
    this.range.value = wholeTrace(this.lastTime);
  }

  /** Puts the cursor at a time: everything up to then has happened. */
  moveCursor(time: VirtualTime): void {
    const store = this.model()?.store;
    if (store === undefined) return;
    const bounded = Math.min(Math.max(time, 0), store.lastTime);
    // The first event strictly later, found as the first at or after the next representable instant.
    const event = store.firstAtOrAfter(bounded + Math.max(1e-6, bounded * Number.EPSILON)) - 1;
    this.setCursor({ time: bounded, event });
  }

  /** Selects an event everywhere and puts the cursor right behind it. */
  select(event: EventId, options: { readonly reveal?: boolean } = {}): void {
    const model = this.model();
    const store = model?.store;
    if (model === undefined || store === undefined || event < 0 || event >= store.length) return;
    this.following.value = false;
    this.selection.value = event;
    this.setCursor({ time: store.time(event), event });
    if (this.visited[this.visitedIndex] !== event) {
      this.visited.length = this.visitedIndex + 1;
      this.visited.push(event);
      if (this.visited.length > longestHistory) this.visited.shift();
      this.visitedIndex = this.visited.length - 1;
    }
    if (options.reveal !== false) {
      const { start, end } = stretchOf(model, event);
      this.range.value = reveal(this.range.value, start, end, store.lastTime);
    }
  }

  clearSelection(): void {
    this.selection.value = undefined;
  }

  /** Goes through the selections made before: -1 back, 1 forth. */
  travel(step: -1 | 1): void {
    const event = this.visited[this.visitedIndex + step];
    if (event === undefined) return;
    this.visitedIndex += step;
    this.select(event);
  }

  /** Fits the selection; if it fills the view already, fits everything. */
  fitSelection(): void {
    const model = this.model();
    const event = this.selection.value;
    if (model?.store === undefined || event === undefined) {
      this.showAll();
      return;
    }
    const { start, end } = stretchOf(model, event);
    const fitted = fitStretch(start, end, 2000, this.lastTime);
    const span = fitted.until - fitted.from;
    const shown = this.range.value;
    const isFitted =
      Math.abs(shown.from - fitted.from) < span * 0.001 &&
      Math.abs(shown.until - fitted.until) < span * 0.001;
    if (isFitted) this.showAll();
    else this.show(fitted);
  }

  private setCursor(cursor: Cursor): void {
    if (cursor.event === this.cursor.value.event && cursor.time === this.cursor.value.time) return;
    this.previousCursor.value = this.cursor.value;
    this.cursor.value = cursor;
  }
}
