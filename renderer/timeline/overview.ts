/** The small picture of a whole trace above the timeline: throughput and how busy the drivers were. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { TimeRange } from './viewport';

/** Rates are averages over at least this long, ns: over less, single frames would look like absurd rates. */
export const narrowestRateBin = 65_536;

/** One number from 0 to 1 per column. */
export interface OverviewLayout {
  readonly host: Float64Array;
  readonly chimney: Float64Array;
  /** Calls per column, on a logarithmic scale: a single call among thousands stays visible. */
  readonly calls: Float64Array;
}

/** Shares of the largest column. */
export function layoutOverview(model: TraceModel, range: TimeRange, columns: number): OverviewLayout {
  const bins = Math.max(1, Math.min(columns, Math.floor((range.until - range.from) / narrowestRateBin)));
  const series = model.frames.throughput(range.from, range.until, bins);
  let highest = 0;
  for (let bin = 0; bin < bins; bin++) highest = Math.max(highest, series.host[bin]! + series.chimney[bin]!);
  const share = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: columns }, (_, column) =>
      highest === 0 ? 0 : values[Math.floor((column * bins) / columns)]! / highest,
    );
  const calls = new Float64Array(columns);
  const scale = columns / (range.until - range.from);
  for (const call of model.calls.calls) {
    const column = Math.floor((call.start - range.from) * scale);
    if (column >= 0 && column < columns) calls[column]!++;
  }
  const busiest = Math.log1p(calls.reduce((most, count) => Math.max(most, count), 0));
  return {
    host: share(series.host),
    chimney: share(series.chimney),
    calls: calls.map((count) => (busiest === 0 ? 0 : Math.log1p(count) / busiest)),
  };
}
