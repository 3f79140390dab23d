/** Latencies that may not be exceeded, for checks in continuous integration: `MiniportTcpOffloadSend=p99<50us`. */
import { fail, succeed, type Result } from '../base/result';
import { functionNames, isFunctionName, type FunctionName } from '../ddi/catalogue';
import { unitOf } from '../expression/units';
import { mergeHandlerSums, emptyHandlerSums, type HandlerStatistics } from './handlerStatistics';

/** A budget. */
export interface LatencyBudget {
  readonly functionName: FunctionName;
  /** From entry to return, or from entry to the start of the first completion. */
  readonly measure: 'duration' | 'completion';
  /** 0 to 100; 100 is the longest. */
  readonly percentile: number;
  /** Virtual ns. */
  readonly limit: number;
  /** As it was written. */
  readonly text: string;
}

const form = /^([A-Za-z]+)(\.completion)?=(?:p(\d{1,2}(?:\.\d+)?)|(max))<(\d+(?:\.\d+)?)([a-zµμ]+)$/;

/** Reads a budget; the error says how one is written. */
export function parseLatencyBudget(text: string): Result<LatencyBudget, string> {
  const found = form.exec(text.trim());
  if (found === null)
    return fail(
      'A budget is written as MiniportTcpOffloadSend=p99<50us, or NAME.completion=max<2ms from the call to its completion.',
    );
  const [, name = '', completion, percentile, , number = '', unitName = ''] = found;
  if (!isFunctionName(name)) {
    const near = functionNames
      .filter((known) => known.toLowerCase().includes(name.toLowerCase()))
      .slice(0, 3);
    return fail(
      `There is no function ${name}.${near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`}`,
    );
  }
  const unit = unitOf(unitName);
  if (unit?.quantity !== 'time') return fail(`${unitName} is no unit of time: ns, us, ms, s, min.`);
  return succeed({
    functionName: name,
    measure: completion === undefined ? 'duration' : 'completion',
    percentile: percentile === undefined ? 100 : Number(percentile),
    limit: Number(number) * unit.factor,
    text: text.trim(),
  });
}

/** What exceeds its budget, a line each; a budget for a function that was never called is told, too: it would never fail. */
export function latencyBreaches(statistics: HandlerStatistics, budgets: readonly LatencyBudget[]): string[] {
  return budgets.flatMap(({ functionName, measure, percentile, limit, text }) => {
    const all = emptyHandlerSums({ functionName, caller: 0, callee: 0 });
    for (const sums of statistics.sums.flat())
      if (sums.functionName === functionName) mergeHandlerSums(all, sums);
    const histogram = all[measure];
    if (histogram.count === 0) return [`budget ${text}: nothing was measured`];
    const value = percentile === 100 ? histogram.summary().maximum : histogram.percentile(percentile);
    return value < limit ? [] : [`budget ${text}: it is ${value} ns, over ${histogram.count} calls`];
  });
}
