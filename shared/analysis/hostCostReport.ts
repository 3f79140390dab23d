/** What a recorded run has cost the host's processors, for people and programs. */
import {
  breakEven,
  bulkWorkload,
  cyclesOf,
  cyclesPerByte,
  throughputBound,
  workKinds,
  type BreakEven,
  type CostPath,
  type HostCostSettings,
  type HostWork,
} from './hostCostModel';
import type { TraceModel } from './traceModel';

/** See the file's head. */
export interface HostCostReport {
  readonly settings: HostCostSettings;
  /** What was done, and the cycles that it took. */
  readonly work: HostWork;
  readonly cycles: Readonly<Record<CostPath, number>>;
  /** Part of the processors' time from the first to the last record; above 1 the host could not have kept up. */
  readonly utilisation: Readonly<Record<CostPath, number>>;
  /** Use of the processors over time, one number a bin. */
  readonly series: {
    readonly binWidth: number;
    readonly hostPath: readonly number[];
    readonly chimney: readonly number[];
  };
  /** Of bulk data with these numbers: cycles per byte, bits per second that the processors can carry, and when an offload pays. */
  readonly bulk: {
    readonly cyclesPerByte: Readonly<Record<CostPath, number>>;
    readonly throughputBound: Readonly<Record<CostPath, number>>;
    readonly breakEven: BreakEven;
  };
}

const gigabit = 1e9;

/** Reckons a trace; the bit rate for the duration of the break-even is the header's, or a gigabit. */
export function hostCostReport(model: TraceModel, settings: HostCostSettings, bins: number): HostCostReport {
  const { hostCost, store } = model;
  const until = Math.max(1, hostCost.lastTime);
  const work = hostCost.work(settings);
  const cycles = cyclesOf(work, settings);
  const available = (settings.clockHz * settings.processors * until) / 1e9;
  const series = hostCost.series(settings, 0, until, bins);
  const named = store?.header.settings['bitsPerSecond'];
  const rate = typeof named === 'number' ? named : gigabit;
  return {
    settings,
    work,
    cycles,
    utilisation: { hostPath: cycles.hostPath / available, chimney: cycles.chimney / available },
    series: {
      binWidth: series.binWidth,
      hostPath: [...series.hostPath],
      chimney: [...series.chimney],
    },
    bulk: {
      cyclesPerByte: cyclesPerByte(bulkWorkload, settings),
      throughputBound: throughputBound(bulkWorkload, settings),
      breakEven: breakEven(bulkWorkload, settings, rate),
    },
  };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 2 : 1)} %`;
}

function line(name: string, hostPath: string, chimney: string): string {
  return `  ${name.padEnd(28)} ${hostPath.padStart(14)} ${chimney.padStart(14)}`;
}

/** The report as a table. */
export function hostCostText(report: HostCostReport): string {
  const { settings, work, cycles, utilisation, bulk, series } = report;
  const megahertz = settings.clockHz / 1e6;
  const lines = [
    `${settings.processors} processor${settings.processors === 1 ? '' : 's'} of ${megahertz} MHz`,
    line('', 'host path', 'chimney'),
    line('cycles', cycles.hostPath.toFixed(0), cycles.chimney.toFixed(0)),
    line('of the processors', percent(utilisation.hostPath), percent(utilisation.chimney)),
    line(
      'at most, in a bin',
      percent(Math.max(0, ...series.hostPath)),
      percent(Math.max(0, ...series.chimney)),
    ),
    line(
      'bulk data, cycles per byte',
      bulk.cyclesPerByte.hostPath.toFixed(2),
      bulk.cyclesPerByte.chimney.toFixed(2),
    ),
    line(
      'bulk data, at most Gb/s',
      (bulk.throughputBound.hostPath / 1e9).toFixed(2),
      (bulk.throughputBound.chimney / 1e9).toFixed(2),
    ),
    bulk.breakEven.bytes === Infinity
      ? '  An offload never pays with these numbers.'
      : `  An offload of bulk data pays after ${Math.ceil(bulk.breakEven.bytes)} bytes, ${(bulk.breakEven.duration / 1e6).toFixed(2)} ms at the link's rate.`,
    'Work:',
    ...workKinds.map((kind) => `  ${kind.padEnd(28)} ${String(work[kind]).padStart(14)}`),
  ];
  return `${lines.join('\n')}\n`;
}
