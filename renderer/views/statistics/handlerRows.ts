/** What the statistics say of each handler, and in what order. Pure. */
import type { Handler } from '../../../shared/analysis/callColumns';
import type { LatencySummary } from '../../../shared/analysis/latencyHistogram';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { NDIS_STATUS, statusName } from '../../../shared/ddi/status';
import { componentName } from '../../format/describe';
import { groupDigits } from '../../format/time';

/** What the table can be sorted by. */
export const handlerColumns = [
  'function',
  'from',
  'calls',
  'failures',
  'pending',
  'until',
  'p50',
  'p90',
  'p99',
  'maximum',
] as const;

/** See {@link handlerColumns}. */
export type HandlerColumn = (typeof handlerColumns)[number];

/** Order of the table. */
export interface HandlerOrder {
  readonly column: HandlerColumn;
  readonly descending: boolean;
}

/** One function as one component calls it of another. */
export interface HandlerRow {
  /** Position in `CallColumns.handlers`. */
  readonly handler: number;
  readonly functionName: string;
  /** Names of both components. */
  readonly from: string;
  /** Whether another row has the same function. */
  readonly isAmbiguous: boolean;
  readonly calls: number;
  /** Calls that answered neither NDIS_STATUS_SUCCESS nor NDIS_STATUS_PENDING. */
  readonly failures: number;
  /** Those statuses with their counts, the most frequent first; empty if there is none. */
  readonly failureText: string;
  /** Calls whose work has not ended. */
  readonly pending: number;
  /** What ends the latency: the first completion of requests, else the return. */
  readonly until: LatencyEnd;
  /** Latencies in ns; all zero where `count` is. */
  readonly latency: LatencySummary;
}

/** See {@link HandlerRow.until}. */
export type LatencyEnd = 'completion' | 'return';

/** Whether a status says that something did not succeed; a pending request has not failed. */
export function isFailure(status: number): boolean {
  return status !== NDIS_STATUS.SUCCESS && status !== NDIS_STATUS.PENDING;
}

/** What ends the latencies of a handler that are shown. */
export function latencyEnd(model: TraceModel, { index, isAsynchronous }: Handler): LatencyEnd {
  const completions = model.figures.handlers.sums[index]?.completion.count ?? 0;
  return isAsynchronous && completions > 0 ? 'completion' : 'return';
}

/** A row for each handler, in the order of their first calls. */
export function handlerRows(model: TraceModel): HandlerRow[] {
  const { calls, handlers } = model.figures;
  const functions = new Map<string, number>();
  for (const { functionName } of calls.handlers)
    functions.set(functionName, (functions.get(functionName) ?? 0) + 1);
  return calls.handlers.map((handler) => {
    const { index, functionName, caller, callee } = handler;
    const sums = handlers.sums[index]!;
    const failures = [...sums.statuses]
      .filter(([status]) => isFailure(status))
      .sort(([, left], [, right]) => right - left);
    const until = latencyEnd(model, handler);
    return {
      handler: index,
      functionName,
      from: `${componentName(model, caller)} → ${componentName(model, callee)}`,
      isAmbiguous: functions.get(functionName)! > 1,
      calls: sums.calls,
      failures: failures.reduce((sum, [, count]) => sum + count, 0),
      failureText: failures
        .map(([status, count]) => `${groupDigits(count)} × ${statusName(status)}`)
        .join(', '),
      pending: handlers.pending(index),
      until,
      latency: (until === 'completion' ? sums.completion : sums.duration).summary(),
    };
  });
}

function valueOf(row: HandlerRow, column: HandlerColumn): string | number {
  switch (column) {
    case 'function':
      return row.functionName;
    case 'from':
    case 'calls':
    case 'failures':
    case 'pending':
    case 'until':
      return row[column];
    default:
      // What has no latency comes behind everything that has one of 0.
      return row.latency.count === 0 ? -1 : row.latency[column];
  }
}

/** The rows in an order; equal ones stay in that of their first calls. */
export function sortHandlerRows(rows: readonly HandlerRow[], order: HandlerOrder): HandlerRow[] {
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const one = valueOf(left, order.column);
    const other = valueOf(right, order.column);
    return one < other ? -sign : one > other ? sign : left.handler - right.handler;
  });
}
