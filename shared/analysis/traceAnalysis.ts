/**
 * Everything that tables, stories and comparisons need of a trace, collected in one pass while it is read: columns of numbers, no object
 * per event.
 */
import type { TraceListener } from '../trace/traceReader';
import { CallColumns } from './callColumns';
import { CausalLinks } from './causalChain';
import { FrameColumns } from './frameColumns';
import { ConnectionStories } from './connectionStory';
import { HandlerStatistics } from './handlerStatistics';
import { RunSeries } from './runSeries';

/** Give `listeners` to a `TraceReader`; the rest is for looking, at any time. */
export class TraceAnalysis {
  readonly handlers = new HandlerStatistics();
  readonly series = new RunSeries();
  readonly calls = new CallColumns([this.handlers, this.series]);
  readonly frames = new FrameColumns();
  readonly causes = new CausalLinks(this.frames);
  readonly stories = new ConnectionStories();
  /** In the order in which they have to see a record. */
  readonly listeners: readonly TraceListener[] = [
    this.calls,
    this.frames,
    this.causes,
    this.series,
    this.stories,
  ];

  constructor() {
    this.handlers.attach(this.calls);
    this.series.attach(this.calls);
  }
}
