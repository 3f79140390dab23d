/**
 * Where the breakpoints are hit in the shown trace, by the same watch that stops a run under way: looked for in short slices of time, so
 * that the window stays live, and going on while the trace grows.
 */
import { shallowReactive } from 'vue';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { Breakpoint } from '../../shared/debug/breakpoints';
import { StopFinder, type FoundStop } from '../../shared/debug/findStops';
import type { ExpressionVocabulary } from '../../shared/expression/valueNames';
import type { RuleChecker } from '../../shared/rules/engine/checker';
import type { EventId } from '../../shared/trace/records';
import type { TraceStore } from '../../shared/trace/traceStore';
import { windowPacing, type Pacing } from '../stores/pacing';

/** What is known so far. Shallow: nothing in it is changed in place. */
export interface FoundStops {
  /** Grows whenever something has been found. */
  version: number;
  /** Share of the trace that has been looked at, 0 to 1. */
  progress: number;
}

/** Longest stretch of searching before the window gets a turn, ms. */
const sliceTime = 8;
/** Records between two looks at the clock. */
const batch = 64;
/** Hits and words of log-points that are kept; the others are counted. */
const mostKept = 100_000;

interface Search {
  readonly model: TraceModel;
  readonly store: TraceStore;
  readonly finder: StopFinder;
  next: EventId;
}

/** Somebody waits for the next hit. */
interface Wish {
  readonly from: EventId;
  readonly found: (stop: FoundStop | undefined) => void;
}

/** See the file's head. */
export class BreakpointSearch {
  readonly state: FoundStops = shallowReactive({ version: 0, progress: 1 });
  /** Where a run would stand, in order. */
  stops: FoundStop[] = [];
  /** What log-points say, in order. */
  logs: FoundStop[] = [];
  private counts = new Map<string, number>();
  private search: Search | undefined;
  private wish: Wish | undefined;
  private waiting = false;
  private starts = 0;

  constructor(private readonly pacing: Pacing = windowPacing) {}

  /** How often a breakpoint is hit as far as the trace has been looked at. */
  count(id: string): number {
    return this.counts.get(id) ?? 0;
  }

  /**
   * Looks for these, and no others, from the beginning.
   * @param breakpoints those of which the texts make sense
   */
  async start(
    model: TraceModel,
    breakpoints: readonly Breakpoint[],
    vocabulary: ExpressionVocabulary,
  ): Promise<void> {
    const { store } = model;
    this.stop();
    const mine = ++this.starts;
    const enabled = breakpoints.filter((one) => one.enabled);
    if (store === undefined || enabled.length === 0) return;
    const checker = enabled.some(({ on }) => on.kind === 'finding') ? await newChecker() : undefined;
    if (mine !== this.starts) return;
    const finder = StopFinder.create(enabled, (stop) => this.take(stop), { vocabulary, checker });
    if (!finder.ok) return;
    this.search = { model, store, finder: finder.value, next: 0 };
    this.state.progress = 0;
    this.run();
  }

  /** Forgets what has been found. */
  stop(): void {
    this.starts++;
    this.search = undefined;
    this.stops = [];
    this.logs = [];
    this.counts = new Map();
    this.settle();
    this.state.progress = 1;
    this.state.version++;
  }

  /** The trace has grown. */
  grow(): void {
    if (this.search !== undefined) this.run();
  }

  /** The first stop behind an event; told as soon as the search has come to it, with undefined where there is none. */
  after(event: EventId, found: Wish['found']): void {
    this.wish = { from: event, found };
    if (!this.fulfil() && (this.search === undefined || this.state.progress === 1)) this.settle();
  }

  /** The last stop before an event: what stands before the cursor has been looked at first. */
  before(event: EventId): FoundStop | undefined {
    return this.stops[firstBehind(this.stops, event - 1) - 1];
  }

  private take(stop: FoundStop): void {
    this.counts.set(stop.breakpoint, this.count(stop.breakpoint) + 1);
    const list = stop.log === undefined ? this.stops : this.logs;
    if (list.length < mostKept) list.push(stop);
  }

  private run(): void {
    const { search } = this;
    if (search === undefined || this.waiting) return;
    const until = this.pacing.now() + sliceTime;
    const { store, finder } = search;
    const before = this.stops.length + this.logs.length;
    let left = true;
    do {
      let event = store.nextPresent(search.next);
      for (let looked = 0; looked < batch && event < store.length; looked++) {
        const record = store.record(event);
        if (record.kind !== 'unknown') finder.onRecord(record, event, store.time(event), store);
        event = store.nextPresent(event + 1);
      }
      search.next = event;
      left = event < store.length;
    } while (left && this.pacing.now() < until);
    this.state.progress = left ? search.next / store.length : 1;
    if (this.stops.length + this.logs.length > before || !left) this.state.version++;
    if (!this.fulfil() && !left) this.settle();
    if (!left) return;
    this.waiting = true;
    this.pacing.nextTurn(() => {
      this.waiting = false;
      this.run();
    });
  }

  private fulfil(): boolean {
    const { wish } = this;
    const stop = wish === undefined ? undefined : this.stops[firstBehind(this.stops, wish.from)];
    if (wish === undefined || stop === undefined) return false;
    this.wish = undefined;
    wish.found(stop);
    return true;
  }

  /** Nothing more will be found for who waits. */
  private settle(): void {
    const { wish } = this;
    this.wish = undefined;
    wish?.found(undefined);
  }
}

/** Position of the first stop whose record stands behind an event. */
function firstBehind(stops: readonly FoundStop[], event: EventId): number {
  let low = 0;
  let high = stops.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stops[middle]!.record <= event) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rules with nothing seen yet; loaded where a breakpoint asks for findings. */
async function newChecker(): Promise<RuleChecker> {
  const [{ RuleChecker }, { implementedRules }] = await Promise.all([
    import('../../shared/rules/engine/checker'),
    import('../../shared/rules/rules'),
  ]);
  return new RuleChecker(implementedRules);
}
