/** Quantities of a trace over time: what the table `counters`, the counter tracks of Perfetto and the charts of the report show. */
import { offloadStateVariable } from '../ddi/offloadState';
import type { VirtualTime } from '../trace/records';
import { isAsynchronous } from './tables/callTables';
import { recordsOf, type TableSource } from './tableTypes';

/** Units of counters. */
export type CounterUnit = 'bits/s' | 'bytes' | 'requests';

/** One quantity: values and when each of them begins to hold. */
export interface Counter {
  readonly name: string;
  readonly unit: CounterUnit;
  /** The connection that it belongs to; undefined for the machine as a whole. */
  readonly connection: number | undefined;
  /** ns, ascending. */
  readonly times: VirtualTime[];
  readonly values: number[];
}

/** Most bins of a throughput series. */
const mostBins = 1000;

/** Width of bins for a range of time, ns: 1, 2 or 5 times a power of ten, at most a thousand bins, and at least 100 µs. */
export function binWidthFor(duration: VirtualTime): VirtualTime {
  for (let power = 100_000; ; power *= 10)
    for (const factor of [1, 2, 5]) if (duration / (power * factor) <= mostBins) return power * factor;
}

/** Adds a value unless it is the one that holds already; the last value of an instant counts. */
function add(counter: Counter, time: VirtualTime, value: number): void {
  const { times, values } = counter;
  const last = times.length - 1;
  if (last >= 0 && times[last] === time) values[last] = value;
  else if (last < 0 || values[last] !== value) {
    times.push(time);
    values.push(value);
  }
}

/** Payload rates by path over bins of equal width; retransmissions and what switches pass on excluded. */
function throughputCounters({ model, store }: TableSource): Counter[] {
  const width = binWidthFor(store.lastTime);
  const bins = Math.max(1, Math.ceil((store.lastTime + 1) / width));
  const series = model.frames.throughput(0, bins * width, bins);
  return (['host', 'chimney', 'peer'] as const).map((path) => {
    const counter: Counter = {
      name: `throughput ${path}`,
      unit: 'bits/s',
      connection: undefined,
      times: [],
      values: [],
    };
    series[path].forEach((value, bin) => add(counter, bin * width, value));
    add(counter, bins * width, 0);
    return counter;
  });
}

/**
 * Asynchronous requests that have been made and not completed. A request that NDIS or an intermediate driver passes on inside of the
 * call counts once.
 */
function pendingCounter({ model }: TableSource): Counter {
  const counter: Counter = {
    name: 'requests in flight',
    unit: 'requests',
    connection: undefined,
    times: [],
    values: [],
  };
  const pending = new Set<number>();
  for (const call of model.calls.calls) {
    for (const request of call.completes) if (pending.delete(request)) add(counter, call.start, pending.size);
    if (!isAsynchronous(call.functionName) || call.completedBy === undefined) continue;
    const parent = call.parent === undefined ? undefined : model.calls.at(call.parent);
    if (parent !== undefined && isAsynchronous(parent.functionName)) continue;
    pending.add(call.event);
    add(counter, call.start, pending.size);
  }
  return counter;
}

/** What of a TCP state object is drawn. */
interface TcpCounters {
  readonly bytesInFlight: Counter;
  readonly sendWindow: Counter;
  readonly congestionWindow: Counter;
  una: number | undefined;
  next: number | undefined;
}

function tcpCounters(connection: number): TcpCounters {
  const counter = (name: string): Counter => ({ name, unit: 'bytes', connection, times: [], values: [] });
  return {
    bytesInFlight: counter('bytes in flight'),
    sendWindow: counter('send window'),
    congestionWindow: counter('congestion window'),
    una: undefined,
    next: undefined,
  };
}

/** Windows and bytes in flight of each connection, by what the owner of its state reports (members of TCP_OFFLOAD_STATE_DELEGATED). */
function windowCounters({ store }: TableSource): Counter[] {
  const index = (name: string): number | undefined => offloadStateVariable('tcp', 'delegated', name)?.index;
  const [una, next, window, congestion] = [index('SndUna'), index('SndNxt'), index('SndWnd'), index('CWnd')];
  const byConnection = new Map<number, TcpCounters>();
  for (const { record, time } of recordsOf(store, 'state-change')) {
    const object = store.stateObjects[record.object]!;
    if (object.layer !== 'tcp' || object.connection === undefined) continue;
    let counters = byConnection.get(object.connection);
    if (counters === undefined)
      byConnection.set(object.connection, (counters = tcpCounters(object.connection)));
    for (const { variable, value } of record.changes) {
      if (typeof value !== 'number') continue;
      if (variable === una) counters.una = value;
      else if (variable === next) counters.next = value;
      else if (variable === window) add(counters.sendWindow, time, value);
      else if (variable === congestion) add(counters.congestionWindow, time, value);
    }
    if (counters.una !== undefined && counters.next !== undefined)
      add(counters.bytesInFlight, time, (counters.next - counters.una) >>> 0);
  }
  return [...byConnection.values()].flatMap((one) => [
    one.bytesInFlight,
    one.sendWindow,
    one.congestionWindow,
  ]);
}

/** All counters that have a value. */
export function countersOf(source: TableSource): Counter[] {
  return [...throughputCounters(source), pendingCounter(source), ...windowCounters(source)].filter(
    ({ times }) => times.length > 0,
  );
}
