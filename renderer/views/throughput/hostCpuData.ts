/** Use of the host's processors over the visible range, ready for chart and table. Pure. */
import {
  defaultHostCost,
  type CostPath,
  type HostCostSettings,
} from '../../../shared/analysis/hostCostModel';
import { hostCostOfHeader } from '../../../shared/analysis/hostCostSettings';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { narrowestRateBin } from '../../timeline/overview';
import type { TimeRange } from '../../timeline/viewport';

/** Use of the processors in percent at the left edges of equal bins; above 100 the host could not have kept up. */
export interface HostCpuData {
  /** Left edges, ns; one more than there are bins. */
  readonly times: readonly number[];
  readonly percent: Readonly<Record<CostPath, readonly number[]>>;
  /** Width of a bin, ns. */
  readonly binWidth: number;
  /** The numbers that it was reckoned with. */
  readonly settings: HostCostSettings;
}

/** The paths in their fixed order, and how they are told apart: by words and dashes as well as by colour. */
export const costPaths: readonly CostPath[] = ['hostPath', 'chimney'];

/** See {@link costPaths}. */
export const costPathStyles: Readonly<
  Record<CostPath, { readonly title: string; readonly dash: readonly number[]; readonly width: number }>
> = {
  hostPath: { title: 'Host path', dash: [6, 3], width: 1.8 },
  chimney: { title: 'Chimney', dash: [], width: 2 },
};

/** Bins are wide enough for some interrupts each, or the chart would show their beat. */
const narrowestCpuBin = Math.max(narrowestRateBin, 200_000);

/** Use over a range in at most `mostBins` bins that do not move while the range is panned. */
export function hostCpuOf(model: TraceModel, range: TimeRange, mostBins: number): HostCpuData {
  const header = model.store?.header.settings ?? {};
  const recorded = hostCostOfHeader(header);
  const settings = recorded.ok ? recorded.value : defaultHostCost;
  const span = range.until - range.from;
  const binWidth = Math.max(narrowestCpuBin, 2 ** Math.ceil(Math.log2(span / mostBins)));
  const from = Math.max(0, Math.floor(range.from / binWidth)) * binWidth;
  const bins = Math.max(1, Math.ceil((range.until - from) / binWidth));
  const series = model.hostCost.series(settings, from, from + bins * binWidth, bins);
  const percent = (values: Float64Array): number[] => {
    const list = Array.from(values, (part) => part * 100);
    list.push(list[list.length - 1] ?? 0);
    return list;
  };
  return {
    times: Array.from({ length: bins + 1 }, (_, index) => from + index * binWidth),
    percent: { hostPath: percent(series.hostPath), chimney: percent(series.chimney) },
    binWidth,
    settings,
  };
}

/** A share of the processors as text, for axis, legend and table. */
export function formatPercent(percent: number): string {
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toFixed(percent < 1 ? 2 : 1)} %`;
}
