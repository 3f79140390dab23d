/** Which calls the table shows, and in what order. Pure. */
import type { Call } from '../../../shared/analysis/callIndex';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { statusName } from '../../../shared/ddi/status';
import { componentName, irqlNames } from '../../format/describe';
import { statusSeverity, severityWords } from '../../format/status';

/** What the table can be sorted by. */
export const callColumns = ['time', 'function', 'from', 'duration', 'status', 'latency'] as const;

/** See {@link callColumns}. */
export type CallColumn = (typeof callColumns)[number];

/** Order of the table. */
export interface CallOrder {
  readonly column: CallColumn;
  readonly descending: boolean;
}

/** Words of a filter, lower case; a leading `-` excludes. */
export function parseFilter(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-');
}

/** What a filter looks at: function, components, status, IRQL, connection and processor of a call. */
export function searchText(model: TraceModel, call: Call): string {
  const parts = [
    call.functionName,
    componentName(model, call.caller),
    componentName(model, call.callee),
    irqlNames[call.irql],
    `cpu:${call.processor}`,
    call.connection === undefined ? '' : `connection:${call.connection}`,
    call.status === undefined
      ? ''
      : `${statusName(call.status)} ${severityWords[statusSeverity(call.status)]}`,
  ];
  return parts.join(' ').toLowerCase();
}

/** Time from a request to its completion, ns; undefined for other calls. */
export function latencyOf(model: TraceModel, call: Call): number | undefined {
  if (call.completedBy === undefined) return undefined;
  const completion = model.calls.at(call.completedBy);
  return completion === undefined ? undefined : completion.start - call.start;
}

/** Positions in `model.calls.calls` of what the table shows. */
export function selectCalls(model: TraceModel, filter: readonly string[], order: CallOrder): Uint32Array {
  const { calls } = model.calls;
  const texts = new Map<string, boolean>();
  const matches = (call: Call): boolean => {
    if (filter.length === 0) return true;
    // Few combinations of function, components and status make up a whole trace.
    const key = `${call.functionName}|${call.caller}|${call.callee}|${call.status ?? ''}|${call.irql}|${call.processor}|${call.connection ?? ''}`;
    let found = texts.get(key);
    if (found === undefined) {
      const text = searchText(model, call);
      found = filter.every((word) =>
        word.startsWith('-') ? !text.includes(word.slice(1)) : text.includes(word),
      );
      texts.set(key, found);
    }
    return found;
  };
  const positions = new Uint32Array(calls.length);
  let count = 0;
  for (let index = 0; index < calls.length; index++) if (matches(calls[index]!)) positions[count++] = index;
  return orderCalls(model, positions.subarray(0, count), order);
}

/** Puts positions, which ascend, in the order of the table; in place. */
export function orderCalls(model: TraceModel, shown: Uint32Array, order: CallOrder): Uint32Array {
  if (order.column !== 'time') sortBy(model, shown, order.column);
  return order.descending ? shown.reverse() : shown;
}

function sortBy(model: TraceModel, positions: Uint32Array, column: Exclude<CallColumn, 'time'>): void {
  const { calls } = model.calls;
  const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
  const number = (value: number | undefined): number => value ?? -1;
  const compare: Readonly<Record<Exclude<CallColumn, 'time'>, (left: Call, right: Call) => number>> = {
    function: (left, right) => compareText(left.functionName, right.functionName),
    from: (left, right) => left.callee - right.callee || left.caller - right.caller,
    duration: (left, right) =>
      number(left.end === undefined ? undefined : left.end - left.start) -
      number(right.end === undefined ? undefined : right.end - right.start),
    status: (left, right) => number(left.status) - number(right.status),
    latency: (left, right) => number(latencyOf(model, left)) - number(latencyOf(model, right)),
  };
  const chosen = compare[column];
  positions.sort((left, right) => chosen(calls[left]!, calls[right]!) || left - right);
}

/** Row of a call among the shown ones, or -1. */
export function rowOf(positions: Uint32Array, callIndex: number, order: CallOrder): number {
  if (order.column !== 'time') return positions.indexOf(callIndex);
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const before = order.descending ? positions[middle]! > callIndex : positions[middle]! < callIndex;
    if (before) low = middle + 1;
    else high = middle;
  }
  return positions[low] === callIndex ? low : -1;
}
