/**
 * What was called how often, how long it took, what it answered, and how much was under way at once: for each function between two
 * components. Statistics of parts add up to those of the whole.
 */
import type { VirtualTime } from '../trace/records';
import type { CallColumns, CallObserver, Handler } from './callColumns';
import { LatencyHistogram } from './latencyHistogram';

/** Sums over calls of one function by one component of another. */
export interface HandlerSums {
  readonly functionName: string;
  readonly caller: number;
  readonly callee: number;
  calls: number;
  /** How often each status was returned. */
  readonly statuses: Map<number, number>;
  /** Calls that have not returned. */
  open: number;
  /** Bytes of data that were passed; see `bytesOfCall`. */
  bytes: number;
  /** From entry to return. */
  readonly duration: LatencyHistogram;
  /** From entry to the start of the first completion, for requests that were completed. */
  readonly completion: LatencyHistogram;
  /** Most calls whose work was under way at once; a call's own start counts it. */
  mostInFlight: number;
}

/** Which calls count. A call belongs to the instant at which it was made. */
export interface HandlerScope {
  /** From this time on, ns. */
  readonly from?: VirtualTime;
  /** Before this time, ns. */
  readonly until?: VirtualTime;
  /** Those of this connection only. */
  readonly connection?: number;
}

/** Sums over nothing. */
export function emptyHandlerSums({
  functionName,
  caller,
  callee,
}: Pick<Handler, 'functionName' | 'caller' | 'callee'>): HandlerSums {
  return {
    functionName,
    caller,
    callee,
    calls: 0,
    statuses: new Map(),
    open: 0,
    bytes: 0,
    duration: new LatencyHistogram(),
    completion: new LatencyHistogram(),
    mostInFlight: 0,
  };
}

function count(statuses: Map<number, number>, status: number, times = 1): void {
  statuses.set(status, (statuses.get(status) ?? 0) + times);
}

/** Adds the sums of one part to those of another; the maximum in flight is the larger one. */
export function mergeHandlerSums(into: HandlerSums, from: HandlerSums): void {
  into.calls += from.calls;
  into.open += from.open;
  into.bytes += from.bytes;
  for (const [status, times] of from.statuses) count(into.statuses, status, times);
  into.duration.merge(from.duration);
  into.completion.merge(from.completion);
  into.mostInFlight = Math.max(into.mostInFlight, from.mostInFlight);
}

/** Puts the sums together whose handlers have the same key, such as their callee; in order of appearance. */
export function groupHandlerSums(
  all: readonly HandlerSums[],
  keyOf: (sums: HandlerSums) => string | number,
): Map<string | number, HandlerSums> {
  const groups = new Map<string | number, HandlerSums>();
  for (const sums of all) {
    const key = keyOf(sums);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = emptyHandlerSums(sums)));
    mergeHandlerSums(group, sums);
  }
  return groups;
}

/** The statistics of all calls, kept up to date while a trace is read; give it to `CallColumns` and the columns to `attach`. */
export class HandlerStatistics implements CallObserver {
  /** By the handler's index. */
  readonly sums: HandlerSums[] = [];
  private readonly inFlight: number[] = [];
  private columns: CallColumns | undefined;

  /** Says whose calls these are; before the first record. */
  attach(columns: CallColumns): void {
    this.columns = columns;
  }

  /** Calls of a handler, by its index, whose work has not ended: open ones, and requests that wait for their completion. */
  pending(handler: number): number {
    return this.inFlight[handler] ?? 0;
  }

  onEnter(call: number): void {
    const columns = this.columns!;
    const handler = columns.handler(call);
    const sums = (this.sums[handler.index] ??= emptyHandlerSums(handler));
    sums.calls++;
    sums.open++;
    sums.bytes += columns.bytes(call);
    const inFlight = (this.inFlight[handler.index] ?? 0) + 1;
    this.inFlight[handler.index] = inFlight;
    if (inFlight > sums.mostInFlight) sums.mostInFlight = inFlight;
  }

  onLeave(call: number): void {
    const columns = this.columns!;
    const sums = this.sums[columns.handler(call).index]!;
    sums.open--;
    sums.duration.record(columns.end(call)! - columns.start(call));
    const status = columns.status(call);
    if (status !== undefined) count(sums.statuses, status);
  }

  onComplete(call: number): void {
    const columns = this.columns!;
    const by = columns.completion(call)!;
    this.sums[columns.handler(call).index]!.completion.record(columns.start(by) - columns.start(call));
  }

  onEnd(call: number): void {
    this.inFlight[this.columns!.handler(call).index]!--;
  }
}

/**
 * The statistics of a part of a trace. Parts that follow each other without a gap add up to the whole by `mergeHandlerSums`, the maximum
 * in flight included: what pends at a part's beginning counts where a call is added to it.
 */
export function handlerSumsOf(columns: CallColumns, scope: HandlerScope = {}): HandlerSums[] {
  const first = scope.from === undefined ? 0 : columns.firstStartingAt(scope.from);
  const end = scope.until === undefined ? columns.length : columns.firstStartingAt(scope.until);
  const counts = (call: number): boolean =>
    scope.connection === undefined || columns.connection(call) === scope.connection;
  const ends: number[][] = [];
  for (let call = 0; call < end; call++) {
    if (!counts(call)) continue;
    const ended = columns.endOfWork(call);
    const handler = (ends[columns.handler(call).index] ??= []);
    if (ended !== undefined) handler.push(ended);
  }
  ends.forEach((handler) => handler.sort((left, right) => left - right));
  const found: HandlerSums[] = [];
  const started: number[] = [];
  const finished: number[] = [];
  for (let call = 0; call < end; call++) {
    if (!counts(call)) continue;
    const handler = columns.handler(call);
    const { index } = handler;
    const starts = (started[index] = (started[index] ?? 0) + 1);
    if (call < first) continue;
    const sums = (found[index] ??= emptyHandlerSums(handler));
    addCall(sums, columns, call);
    const over = ends[index]!;
    let before = finished[index] ?? 0;
    while (before < over.length && over[before]! < columns.event(call)) before++;
    finished[index] = before;
    sums.mostInFlight = Math.max(sums.mostInFlight, starts - before);
  }
  // Handlers without a call in the part leave holes, which flat() drops.
  return found.flat();
}

function addCall(sums: HandlerSums, columns: CallColumns, call: number): void {
  sums.calls++;
  sums.bytes += columns.bytes(call);
  const start = columns.start(call);
  const end = columns.end(call);
  if (end === undefined) sums.open++;
  else sums.duration.record(end - start);
  const status = columns.status(call);
  if (status !== undefined) count(sums.statuses, status);
  const by = columns.completion(call);
  if (by !== undefined) sums.completion.record(columns.start(by) - start);
}
