/** The figures of a run for people who read a terminal. */
import type { LatencySummary } from '../../shared/analysis/latencyHistogram';
import type { ConnectionFigures, HandlerFigures, RunStatistics } from '../../shared/analysis/runStatistics';

/** Connections that a table lists. */
const mostConnections = 20;

/** A duration with a unit that keeps it short. */
export function durationText(time: number): string {
  if (time < 10_000) return `${Math.round(time)} ns`;
  if (time < 10_000_000) return `${(time / 1e3).toFixed(1)} us`;
  return time < 10e9 ? `${(time / 1e6).toFixed(1)} ms` : `${(time / 1e9).toFixed(2)} s`;
}

function rateText(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** Columns of equal width: the first one to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`,
  );
}

function percentiles({ p50, p90, p99, maximum }: LatencySummary): string[] {
  return [p50, p90, p99, maximum].map(durationText);
}

function handlerRow(figures: HandlerFigures, name: string): string[] {
  const { calls, statuses, bytes, mostInFlight, duration, completion } = figures;
  const times = completion ?? duration;
  const bad = Object.entries(statuses)
    .filter(([status]) => status !== 'NDIS_STATUS_SUCCESS' && status !== 'NDIS_STATUS_PENDING')
    .map(([status, count]) => `${count} ${status.replace('NDIS_STATUS_', '')}`);
  return [
    name,
    String(calls),
    completion === undefined ? 'return' : 'completion',
    ...(times.count === 0 ? ['', '', '', ''] : percentiles(times)),
    String(mostInFlight),
    bytes === 0 ? '' : String(bytes),
    bad.join(', '),
  ];
}

function connectionRow(one: ConnectionFigures): string[] {
  const { host, chimney } = one.sent;
  const { sendCompletion } = one;
  return [
    `${one.local} to ${one.remote}`,
    String(one.calls),
    String(one.timesOffloaded),
    String(one.timesRefused),
    String(host.newBytes),
    String(chimney.newBytes),
    String(host.retransmissions + chimney.retransmissions),
    String(one.received.host),
    String(one.received.chimney),
    sendCompletion.count === 0 ? '' : durationText(sendCompletion.p50),
    sendCompletion.count === 0 ? '' : durationText(sendCompletion.p99),
  ];
}

/** The report, each line ended. */
export function statisticsText(run: RunStatistics): string {
  // Components are named only where the same function goes between several.
  const times = new Map<string, number>();
  for (const { functionName } of run.handlers) times.set(functionName, (times.get(functionName) ?? 0) + 1);
  const handlerName = ({ functionName, caller, callee }: HandlerFigures): string =>
    times.get(functionName) === 1 ? functionName : `${functionName} (${caller} to ${callee})`;
  const lines = [
    `${run.scenario}, seed ${run.seed}: ${run.events} events, ${run.calls} calls, ${run.frames} frames in ${durationText(run.virtualTime)}`,
    'Functions, from entry to return, or to the first completion of requests:',
    ...table([
      ['function', 'calls', 'until', 'p50', 'p90', 'p99', 'max', 'in flight', 'bytes', 'statuses'],
      ...run.handlers.map((figures) => handlerRow(figures, handlerName(figures))),
    ]),
    'Components, by the calls that they run:',
    ...table([
      ['component', 'calls', 'p50', 'p90', 'p99', 'max'],
      ...run.components.map(({ component, calls, duration }) => [
        component,
        String(calls),
        ...percentiles(duration),
      ]),
    ]),
    'Connections:',
    ...table([
      [
        'connection',
        'calls',
        'taken',
        'refused',
        'sent host',
        'sent chimney',
        'repeated',
        'received host',
        'received chimney',
        'send p50',
        'send p99',
      ],
      ...run.connections.slice(0, mostConnections).map(connectionRow),
    ]),
  ];
  const rest = run.connections.length - mostConnections;
  if (rest > 0) lines.push(`  and ${rest} more: --json has all`);
  lines.push(
    'Data on the wire, without retransmissions:',
    ...table([
      ['made by', 'bytes', 'mean', 'busiest twentieth'],
      ...run.throughput.map(({ path, bytes, mean, busiest }) => [
        path,
        String(bytes),
        rateText(mean),
        rateText(busiest),
      ]),
    ]),
    `At most ${run.mostRequestsInFlight} requests in flight, ${run.mostPostedSendBytes} bytes of posted sends, ${run.mostPendingReceives} posted receives.`,
    'Where the time of sends went, from the call to the news that the bytes have arrived:',
  );
  for (const path of ['host', 'chimney'] as const) {
    const { count, p50, p99 } = run.sends[path];
    if (count === 0) continue;
    const name = path === 'host' ? 'host path' : 'chimney';
    lines.push(
      `  ${name}: ${count} sends, p50 ${durationText(p50)}, p99 ${durationText(p99)}: ` +
        run.sends.time
          .filter((one) => one.path === path)
          .map(({ holder, part }) => `${holder} ${(part * 100).toFixed(1)} %`)
          .join(', '),
    );
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
