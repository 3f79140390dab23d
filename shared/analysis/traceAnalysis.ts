/**
 * Everything that tables, stories and comparisons need of a trace, collected in one pass while it is read: columns of numbers, no object
 * per event.
 */
import type { TraceListener } from '../trace/traceReader';
import { CausalLinks } from './causalChain';
import { FrameColumns } from './frameColumns';
import { ConnectionStories } from './connectionStory';
import { RunFigures } from './runFigures';

/** Give `listeners` to a `TraceReader`; the rest is for looking, at any time. */
export class TraceAnalysis extends RunFigures {
  readonly frames = new FrameColumns();
  readonly causes = new CausalLinks(this.frames);
  readonly stories = new ConnectionStories();
  /** In the order in which they have to see a record. */
  override readonly listeners: readonly TraceListener[] = [
    this.calls,
    this.frames,
    this.causes,
    this.series,
    this.stories,
  ];
}
