/** Rates of new TCP payload over a range of time, from the series where these know them exactly, else frame by frame. */
import type { FramePath, VirtualTime } from '../trace/records';
import { allFramePaths, type ThroughputSeries } from './frameIndex';
import type { TraceModel } from './traceModel';

/**
 * Rates of new TCP payload (retransmissions excluded) from `from` to `until` in `bins` equal bins, in bits per second. Costs what the bins
 * cost where each of them is made of whole bins of the series, and what the frames of the range cost otherwise.
 */
export function throughputBetween(
  model: TraceModel,
  from: VirtualTime,
  until: VirtualTime,
  bins: number,
): ThroughputSeries {
  const { newBytes } = model.figures.series;
  const binWidth = (until - from) / bins;
  const isWhole = (path: FramePath): boolean =>
    from % newBytes[path].binWidth === 0 && binWidth % newBytes[path].binWidth === 0;
  if (binWidth < 1 || !allFramePaths.every(isWhole)) return model.frames.throughput(from, until, bins);
  const rates = (path: FramePath): Float64Array =>
    newBytes[path].view(from, until, bins).value.map((bytes) => (bytes * 8e9) / binWidth);
  return { from, binWidth, host: rates('host'), chimney: rates('chimney'), peer: rates('peer') };
}
