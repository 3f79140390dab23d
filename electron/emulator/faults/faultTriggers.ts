/** Faults that wait for events: each time that one matches, what waits for it may happen once. */
import { StopWatch } from '../../../shared/debug/stopWatch';
import type { EventId } from '../../../shared/trace/records';
import type { FaultTrace } from './faultTrace';
import type { InjectedFault } from './injectedFault';

/**
 * Lets faults wait for the events that match their expressions, found by the same watch as breakpoints are.
 * @param onMatch hears of each match, in the middle of the event that it became known at
 * @throws Error for an expression that is wrong, with the position of its fault in the list
 */
export function awaitEvents(
  faults: readonly InjectedFault[],
  trace: FaultTrace,
  onMatch: (fault: InjectedFault, event: EventId) => void,
): void {
  const waiting = new Map(
    faults
      .filter(({ definition }) => definition.when !== undefined)
      .map((fault) => [String(fault.number), fault]),
  );
  if (waiting.size === 0) return;
  const watch = new StopWatch();
  const problems = watch.setBreakpoints(
    [...waiting].map(([id, { definition }]) => ({
      id,
      on: { kind: 'expression', text: definition.when! },
      enabled: true,
    })),
  );
  const problem = problems[0];
  if (problem !== undefined)
    throw new Error(`Fault ${problem.breakpoint}, ${problem.text}: ${problem.problem.message}`);
  trace.watch = (record, event, time) => {
    watch.onRecord(record, event, time);
    for (const hit of watch.hit?.breakpoints ?? []) {
      const fault = waiting.get(hit.breakpoint);
      // What a fault has brought about must not set it off again for ever.
      if (fault !== undefined && !fault.isOver) onMatch(fault, hit.event);
    }
  };
}
