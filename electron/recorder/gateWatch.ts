/** The watch that looks at files (`shared/debug`) at the gate of a run under way: both stop at the same events. */
import type { Breakpoint } from '../../shared/debug/breakpoints';
import type { StopCondition } from '../../shared/debug/stopCondition';
import { StopWatch } from '../../shared/debug/stopWatch';
import type { Finding } from '../../shared/rules/engine/finding';
import type { EventId, TraceRecord, VirtualTime } from '../../shared/trace/records';
import type { RunWatch, WatchAnswer } from './runGate';

/** See the file's head. Breakpoints that make no sense are left out: whoever offers them has told of that. */
export class GateWatch implements RunWatch {
  private readonly watch = new StopWatch();

  look(record: TraceRecord, event: EventId, time: VirtualTime): WatchAnswer | undefined {
    const { watch } = this;
    watch.onRecord(record, event, time);
    const { hit, logs } = watch;
    if (hit === undefined && logs.length === 0) return undefined;
    return {
      step: hit?.isStepDone === true,
      breakpoints: hit === undefined ? [] : hit.breakpoints.map(({ breakpoint }) => breakpoint),
      logs,
    };
  }

  setBreakpoints(breakpoints: readonly Breakpoint[]): void {
    this.watch.setBreakpoints(breakpoints);
  }

  setStep(until: StopCondition | undefined): void {
    this.watch.stopAt(until);
  }

  onFinding(finding: Finding): void {
    this.watch.onFinding(finding);
  }
}
