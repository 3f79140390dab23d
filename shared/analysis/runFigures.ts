/**
 * The figures that are kept of every trace while it is read, in the window and the viewer as on the command line: calls in columns, sums and
 * latencies by handler, series over time. They cost some five percent of the reading; what costs more is in `TraceAnalysis`.
 */
import type { TraceListener } from '../trace/traceReader';
import { CallColumns } from './callColumns';
import { HandlerStatistics } from './handlerStatistics';
import { RunSeries } from './runSeries';

/** Give `listeners` to a `TraceReader`; the rest is for looking, at any time. */
export class RunFigures {
  readonly handlers = new HandlerStatistics();
  readonly series = new RunSeries();
  readonly calls = new CallColumns([this.handlers, this.series]);
  /** In the order in which they have to see a record. */
  readonly listeners: readonly TraceListener[] = [this.calls, this.series];

  constructor() {
    this.handlers.attach(this.calls);
    this.series.attach(this.calls);
  }
}
