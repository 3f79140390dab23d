/** Where a run would have stopped: breakpoints over a trace that has been recorded, by the same watch as in a run under way. */
import { fail, succeed, type Result } from '../base/result';
import type { ExpressionVocabulary } from '../expression/valueNames';
import type { RuleChecker } from '../rules/engine/checker';
import type { EventId, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import type { TraceStore } from '../trace/traceStore';
import type { Breakpoint } from './breakpoints';
import type { BreakpointProblem } from './checkedBreakpoint';
import { StopWatch } from './stopWatch';

/** A breakpoint that is met, or what a log-point says. */
export interface FoundStop {
  /** Id of the breakpoint. */
  readonly breakpoint: string;
  /** The event for which it became true. */
  readonly event: EventId;
  /** The record at which that became known: where a run stands. */
  readonly record: EventId;
  readonly time: VirtualTime;
  /** What a log-point says; undefined for breakpoints that stop. */
  readonly log: string | undefined;
}

/** How stops are looked for. */
export interface StopSearch {
  /** Names that expressions may use besides: those of the trace. */
  readonly vocabulary?: ExpressionVocabulary | undefined;
  /** Rules that look at the trace for breakpoints on findings, with nothing seen yet. Without it these are never met. */
  readonly checker?: RuleChecker | undefined;
}

/** What tells of stops as records are read: the listener of a `TraceReader`, or fed in another way. */
export class StopFinder implements TraceListener {
  private readonly watch: StopWatch;
  private readonly checker: RuleChecker | undefined;

  /**
   * @param onStop told of each stop, in order
   * @param search.checker its `onFinding` is this finder's from now on
   */
  private constructor(
    private readonly onStop: (stop: FoundStop) => void,
    { vocabulary, checker }: StopSearch,
  ) {
    const watch = new StopWatch(vocabulary);
    this.watch = watch;
    this.checker = checker;
    if (checker !== undefined) checker.onFinding = (finding) => watch.onFinding(finding);
  }

  /** Makes a finder; or says what is wrong with the breakpoints. */
  static create(
    breakpoints: readonly Breakpoint[],
    onStop: (stop: FoundStop) => void,
    search: StopSearch = {},
  ): Result<StopFinder, readonly BreakpointProblem[]> {
    const finder = new StopFinder(onStop, search);
    const problems = finder.watch.setBreakpoints(breakpoints);
    return problems.length > 0 ? fail(problems) : succeed(finder);
  }

  onRecord(...[record, event, time]: Parameters<TraceListener['onRecord']>): void {
    const { watch } = this;
    this.checker?.onRecord(record, event, time);
    watch.onRecord(record, event, time);
    for (const { breakpoint, event: about, text } of watch.logs)
      this.onStop({ breakpoint, event: about, record: event, time, log: text });
    for (const { breakpoint, event: about } of watch.hit?.breakpoints ?? [])
      this.onStop({ breakpoint, event: about, record: event, time, log: undefined });
  }
}

/** All stops in a trace in memory, in order. For a file that is read anyway, a {@link StopFinder} does the same in that pass. */
export function findStops(
  store: TraceStore,
  breakpoints: readonly Breakpoint[],
  search: StopSearch = {},
): Result<readonly FoundStop[], readonly BreakpointProblem[]> {
  const stops: FoundStop[] = [];
  const finder = StopFinder.create(breakpoints, (stop) => stops.push(stop), search);
  if (!finder.ok) return finder;
  for (let event = store.nextPresent(0); event < store.length; event = store.nextPresent(event + 1)) {
    const record = store.record(event);
    if (record.kind !== 'unknown') finder.value.onRecord(record, event, store.time(event), store);
  }
  return succeed(stops);
}
