/** The figures of a run in one object that JSON can hold: handlers, components, connections, throughput, and where the time of sends went. */
import { statusName } from '../ddi/status';
import type { TraceStore } from '../trace/traceStore';
import type { SentSums } from './connectionStory';
import { criticalPathOf, type PathHolder } from './criticalPath';
import { groupHandlerSums, type HandlerSums } from './handlerStatistics';
import { LatencyHistogram, type LatencySummary } from './latencyHistogram';
import type { TraceAnalysis } from './traceAnalysis';

/** One function between two components. Times in ns. */
export interface HandlerFigures {
  readonly functionName: string;
  readonly caller: string;
  readonly callee: string;
  readonly calls: number;
  /** Calls that have not returned. */
  readonly open: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly mostInFlight: number;
  /** From entry to return. */
  readonly duration: LatencySummary;
  /** From entry to the first completion; undefined for functions of which none was completed. */
  readonly completion: LatencySummary | undefined;
}

/** All calls that one component ran. */
export interface ComponentFigures {
  readonly component: string;
  readonly calls: number;
  readonly duration: LatencySummary;
}

/** One connection. */
export interface ConnectionFigures {
  readonly local: string;
  readonly remote: string;
  readonly calls: number;
  readonly sent: { readonly host: SentSums; readonly chimney: SentSums };
  readonly received: { readonly host: number; readonly chimney: number };
  readonly timesOffloaded: number;
  readonly timesRefused: number;
  /** Of sends through the chimney, ns. */
  readonly sendCompletion: LatencySummary;
}

/** Data on the wire by who made the frames. */
export interface ThroughputFigures {
  readonly path: 'host' | 'chimney' | 'peer';
  /** Bytes of payload on their first transmission. */
  readonly bytes: number;
  /** Over the whole run, and in the busiest of twenty equal parts of it, in bits per second. */
  readonly mean: number;
  readonly busiest: number;
}

/** Time of all sends with one holder, ns. */
export interface SendTimeFigures {
  readonly path: 'host' | 'chimney';
  readonly holder: PathHolder;
  readonly time: number;
  /** Part of the time of all sends of that path, 0 to 1. */
  readonly part: number;
}

/** See the file's head. */
export interface RunStatistics {
  readonly scenario: string;
  readonly seed: number;
  readonly events: number;
  /** Virtual time of the last record, ns. */
  readonly virtualTime: number;
  readonly calls: number;
  readonly frames: number;
  readonly handlers: readonly HandlerFigures[];
  readonly components: readonly ComponentFigures[];
  readonly connections: readonly ConnectionFigures[];
  readonly throughput: readonly ThroughputFigures[];
  /** Sends whose way is known: how many, how long, and who had them. */
  readonly sends: {
    /** 1 if every send was looked at, 2 if every second one was, and so on. */
    readonly every: number;
    readonly host: LatencySummary;
    readonly chimney: LatencySummary;
    readonly time: readonly SendTimeFigures[];
  };
  readonly mostRequestsInFlight: number;
  readonly mostPostedSendBytes: number;
  readonly mostPendingReceives: number;
}

function nameOf(store: TraceStore, component: number): string {
  return store.components[component]?.name ?? `component ${component}`;
}

function handlerFigures(store: TraceStore, sums: HandlerSums): HandlerFigures {
  const statuses: Record<string, number> = {};
  for (const [status, times] of sums.statuses) statuses[statusName(status)] = times;
  return {
    functionName: sums.functionName,
    caller: nameOf(store, sums.caller),
    callee: nameOf(store, sums.callee),
    calls: sums.calls,
    open: sums.open,
    statuses,
    bytes: sums.bytes,
    mostInFlight: sums.mostInFlight,
    duration: sums.duration.summary(),
    completion: sums.completion.count === 0 ? undefined : sums.completion.summary(),
  };
}

const sendNames: ReadonlySet<string> = new Set(['NdisOffloadTcpSend', 'NdisSendNetBufferLists']);

/** Sends whose critical paths are reckoned; of more than that, every second, third and so on. */
const mostPaths = 20_000;

function sendTimes(store: TraceStore, { calls, frames, handlers }: TraceAnalysis): RunStatistics['sends'] {
  const latencies = { host: new LatencyHistogram(), chimney: new LatencyHistogram() };
  const times = new Map<string, { path: 'host' | 'chimney'; holder: PathHolder; time: number }>();
  const totals = { host: 0, chimney: 0 };
  const sends = handlers.sums.reduce(
    (sum, { functionName, calls: count }) => (sendNames.has(functionName) ? sum + count : sum),
    0,
  );
  const every = Math.max(1, Math.ceil(sends / mostPaths));
  let seen = 0;
  for (let call = 0; call < calls.length; call++) {
    const { functionName, caller } = calls.handler(call);
    if (!sendNames.has(functionName) || seen++ % every !== 0) continue;
    if (store.components[caller]?.role !== 'host-stack') continue;
    const path = criticalPathOf({ calls, frames, store }, calls.event(call));
    if (!path.ok) continue;
    const { path: by, from, until, segments } = path.value;
    latencies[by].record(until - from);
    totals[by] += until - from;
    for (const segment of segments) {
      const key = `${by} ${segment.holder}`;
      let sum = times.get(key);
      if (sum === undefined) times.set(key, (sum = { path: by, holder: segment.holder, time: 0 }));
      sum.time += segment.until - segment.from;
    }
  }
  return {
    every,
    host: latencies.host.summary(),
    chimney: latencies.chimney.summary(),
    time: [...times.values()]
      .sort((one, other) => one.path.localeCompare(other.path) || other.time - one.time)
      .map((one) => ({ ...one, part: one.time / totals[one.path] })),
  };
}

/** Reckons the figures of a trace that has been read. */
export function runStatistics(store: TraceStore, analysis: TraceAnalysis): RunStatistics {
  const { calls, frames, handlers, series, stories } = analysis;
  const end = Math.max(1, store.lastTime);
  const components = groupHandlerSums(handlers.sums, ({ callee }) => callee);
  const ofConnections = stories.stories.map((): { calls: number; completion: LatencyHistogram } => ({
    calls: 0,
    completion: new LatencyHistogram(),
  }));
  for (let call = 0; call < calls.length; call++) {
    const connection = calls.connection(call);
    const sums = connection === undefined ? undefined : ofConnections[connection];
    if (sums === undefined) continue;
    sums.calls++;
    const completion = calls.completion(call);
    if (completion !== undefined && calls.handler(call).functionName === 'NdisOffloadTcpSend')
      sums.completion.record(calls.start(completion) - calls.start(call));
  }
  return {
    scenario: store.header.scenario,
    seed: store.header.seed,
    events: store.length,
    virtualTime: store.lastTime,
    calls: calls.length,
    frames: frames.length,
    handlers: handlers.sums.map((sums) => handlerFigures(store, sums)),
    components: [...components.values()].map((sums) => ({
      component: nameOf(store, sums.callee),
      calls: sums.calls,
      duration: sums.duration.summary(),
    })),
    connections: stories.stories.map((story, id) => ({
      local: story.local,
      remote: story.remote,
      calls: ofConnections[id]!.calls,
      sent: story.sent,
      received: story.received,
      timesOffloaded: story.moments.filter(({ kind }) => kind === 'accepted').length,
      timesRefused: story.moments.filter(({ kind }) => kind === 'refused').length,
      sendCompletion: ofConnections[id]!.completion.summary(),
    })),
    throughput: (['host', 'chimney', 'peer'] as const).map((path) => {
      const { total } = series.newBytes[path];
      const { value, slotWidth } = series.newBytes[path].view(0, end, 20);
      const busiest = value.reduce((most, one) => Math.max(most, one), 0);
      return { path, bytes: total, mean: (total * 8e9) / end, busiest: (busiest * 8e9) / slotWidth };
    }),
    sends: sendTimes(store, analysis),
    mostRequestsInFlight: series.requestsInFlight.largest,
    mostPostedSendBytes: series.postedSendBytes.largest,
    mostPendingReceives: series.pendingReceives.largest,
  };
}
