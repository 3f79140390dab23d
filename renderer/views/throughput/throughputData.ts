/** Throughput of the visible range, ready for chart and table. Pure. */
import { throughputBetween } from '../../../shared/analysis/throughput';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import type { FramePath } from '../../../shared/trace/records';
import { narrowestRateBin } from '../../timeline/overview';
import type { TimeRange } from '../../timeline/viewport';

/** Rates in bit/s at the left edges of equal bins. */
export interface ThroughputData {
  /** Left edges, ns; one more than there are rates. */
  readonly times: readonly number[];
  readonly rates: Readonly<Record<FramePath, readonly number[]>>;
  /** Width of a bin, ns. */
  readonly binWidth: number;
}

/** How the paths are told apart: by words and dashes as well as by colour. */
export const pathStyles: Readonly<
  Record<FramePath, { readonly title: string; readonly dash: readonly number[]; readonly width: number }>
> = {
  host: { title: 'Host path, sent', dash: [6, 3], width: 1.8 },
  chimney: { title: 'Chimney, sent', dash: [], width: 2 },
  peer: { title: 'Peer, returned', dash: [2, 3], width: 1.6 },
};

/** Frames of all paths that a bin should hold on average, and the fewest bins that still make a chart. */
const framesPerBin = 12;
const fewestBins = 24;

/** Rates over a range in at most `mostBins` bins that do not move while the range is panned. */
export function throughputOf(model: TraceModel, range: TimeRange, mostBins: number): ThroughputData {
  const span = range.until - range.from;
  const frames = model.frames.firstSentAt(range.until) - model.frames.firstSentAt(range.from);
  // Bins of two or three frames would show the beat of frames and bins instead of a rate.
  const usefulBins = Math.min(mostBins, Math.max(fewestBins, frames / framesPerBin));
  // A power of two keeps the bins in place under small changes of zoom.
  const binWidth = Math.max(narrowestRateBin, 2 ** Math.ceil(Math.log2(span / usefulBins)));
  const from = Math.max(0, Math.floor(range.from / binWidth)) * binWidth;
  const bins = Math.max(1, Math.ceil((range.until - from) / binWidth));
  const series = throughputBetween(model, from, from + bins * binWidth, bins);
  const rates = (values: Float64Array): number[] => {
    const list = Array.from(values);
    list.push(list[list.length - 1] ?? 0);
    return list;
  };
  return {
    times: Array.from({ length: bins + 1 }, (_, index) => from + index * binWidth),
    rates: { host: rates(series.host), chimney: rates(series.chimney), peer: rates(series.peer) },
    binWidth,
  };
}
