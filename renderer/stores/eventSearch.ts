/**
 * Which events of a trace match an expression: looked at in short slices of time, so that the window stays live however long the trace
 * is, and going on where it stopped when the trace has grown.
 */
import { shallowReactive } from 'vue';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { float64Column, uint8Column, type Column } from '../../shared/analysis/column';
import type { CheckedExpression } from '../../shared/expression/checked';
import { compileExpression, type Predicate } from '../../shared/expression/compile';
import { TraceRows } from '../../shared/expression/traceRows';
import type { EventId } from '../../shared/trace/records';
import type { TraceStore } from '../../shared/trace/traceStore';
import { windowPacing, type Pacing } from './pacing';

/** What has been found so far. Shallow: nothing in it is changed in place. */
export interface SearchFindings {
  /** Positions in `model.calls.calls` of the calls that match, ascending. */
  calls: Uint32Array;
  /** How many other events match: frames, changes of state and ownership, notes. */
  others: number;
  /** Whether everything that is there has been looked at. */
  complete: boolean;
  /** Share of the trace that has been looked at, 0 to 1; undefined while the search is as short as people do not notice. */
  progress: number | undefined;
}

/** Longest stretch of searching before the window gets a turn, ms. */
const sliceTime = 8;
/** Time after which progress is shown, and between two lists of what has been found so far, ms. */
const noticeable = 1000;
const betweenLists = 300;
/** Events between two looks at the clock. */
const batch = 32;

const nothing = new Uint32Array(0);

/**
 * One search. A growing trace is searched anew at its end: until then what is read of settled events may change, such as ages and fates
 * of frames.
 */
interface Search {
  readonly model: TraceModel;
  readonly store: TraceStore;
  readonly expression: CheckedExpression;
  readonly rows: TraceRows;
  readonly matches: Predicate<EventId>;
  readonly begun: number;
  /** By position of a call: whether it matches. */
  readonly callMatches: Column<Uint8Array>;
  /** Positions of calls that may match later: those that have not returned, or are not completed. */
  unsettled: number[];
  readonly others: Column<Float64Array>;
  /** The next event to look at that is no call. */
  nextOther: EventId;
  /** Whether the findings do not say everything that is known. */
  hasNews: boolean;
}

/** See the file's head. */
export class EventSearch {
  readonly findings: SearchFindings = shallowReactive({
    calls: nothing,
    others: 0,
    complete: true,
    progress: undefined,
  });
  private search: Search | undefined;
  private waiting = false;
  private listed = 0;

  constructor(private readonly pacing: Pacing = windowPacing) {}

  /** Looks for something else, or in another trace; what was found before stays until there is something new to show. */
  start(model: TraceModel, expression: CheckedExpression): void {
    const { store } = model;
    if (store === undefined) {
      this.stop();
      return;
    }
    // Positions mean something in their own trace only.
    if (this.search?.model !== model) this.stop();
    const rows = new TraceRows(model, store);
    const now = this.pacing.now();
    this.search = {
      model,
      store,
      expression,
      rows,
      matches: compileExpression(expression, rows),
      begun: now,
      callMatches: uint8Column(),
      unsettled: [],
      others: float64Column(),
      nextOther: 0,
      hasNews: true,
    };
    this.listed = now;
    this.findings.complete = false;
    this.findings.progress = undefined;
    this.run();
  }

  /** Stops looking and forgets what has been found. */
  stop(): void {
    this.search = undefined;
    Object.assign(this.findings, { calls: nothing, others: 0, complete: true, progress: undefined });
  }

  /** The trace has grown. */
  grow(): void {
    const { search } = this;
    if (search === undefined) return;
    const { callMatches, unsettled } = search;
    search.unsettled = [];
    for (const position of unsettled) {
      const matches = this.judge(search, position);
      if (matches !== callMatches.get(position)) search.hasNews = true;
      callMatches.set(position, matches);
    }
    this.findings.complete = false;
    this.run();
  }

  /** The first event behind `event` that matches and is no call; the very first one behind the last. Undefined if there is none. */
  otherAfter(event: EventId): EventId | undefined {
    const others = this.search?.others;
    if (others === undefined || others.length === 0) return undefined;
    const place = others.firstAtLeast(event + 1);
    return others.get(place < others.length ? place : 0);
  }

  private run(): void {
    const { search } = this;
    if (search === undefined || this.waiting) return;
    const until = this.pacing.now() + sliceTime;
    let left = true;
    let now: number;
    do {
      left = this.lookAtSome(search);
      now = this.pacing.now();
    } while (left && now < until);
    const { findings } = this;
    if (!left) {
      this.list(search, now);
      findings.complete = true;
      findings.progress = undefined;
      return;
    }
    if (now - this.listed >= betweenLists) this.list(search, now);
    if (now - search.begun >= noticeable) findings.progress = progressOf(search);
    this.waiting = true;
    this.pacing.nextTurn(() => {
      this.waiting = false;
      this.run();
    });
  }

  /** Looks at the next events, calls first; answers whether there are more. */
  private lookAtSome(search: Search): boolean {
    const { expression, callMatches, model, store, others, rows } = search;
    const { calls } = model.calls;
    if (expression.kinds.has('call') && callMatches.length < calls.length) {
      const end = Math.min(calls.length, callMatches.length + batch);
      for (let position = callMatches.length; position < end; position++) {
        const matches = this.judge(search, position);
        if (matches === 1) search.hasNews = true;
        callMatches.push(matches);
      }
      return true;
    }
    if (!asksForOthers(expression)) return false;
    let event = store.nextPresent(search.nextOther);
    for (let looked = 0; looked < batch && event < store.length; looked++) {
      const kind = rows.kind(event);
      const isOther = kind !== undefined && kind !== 'call' && expression.kinds.has(kind);
      if (isOther && search.matches(event)) {
        others.push(event);
        search.hasNews = true;
      }
      event = store.nextPresent(event + 1);
    }
    search.nextOther = event;
    return event < store.length;
  }

  private judge(search: Search, position: number): number {
    const call = search.model.calls.calls[position]!;
    const { isAsynchronous } = search.model.figures.calls.handler(position);
    if (call.end === undefined || (isAsynchronous && call.completedBy === undefined))
      search.unsettled.push(position);
    return Number(search.matches(call.event));
  }

  private list(search: Search, now: number): void {
    if (!search.hasNews) return;
    const { callMatches, others } = search;
    search.hasNews = false;
    let count = 0;
    for (let position = 0; position < callMatches.length; position++) count += callMatches.get(position);
    const calls = new Uint32Array(count);
    for (let position = 0, at = 0; at < count; position++)
      if (callMatches.get(position) === 1) calls[at++] = position;
    this.findings.calls = calls;
    this.findings.others = others.length;
    this.listed = now;
  }
}

/** Whether events that are no calls can match. */
function asksForOthers({ kinds }: CheckedExpression): boolean {
  return kinds.size > (kinds.has('call') ? 1 : 0);
}

function progressOf({ model, store, expression, callMatches, nextOther }: Search): number {
  const asksForCalls = expression.kinds.has('call');
  const others = asksForOthers(expression);
  const all = (asksForCalls ? model.calls.calls.length : 0) + (others ? store.length : 0);
  return all === 0 ? 1 : (callMatches.length + (others ? nextOther : 0)) / all;
}
