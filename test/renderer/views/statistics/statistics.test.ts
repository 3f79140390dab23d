import { describe, expect, test } from 'vitest';
import { fittingStatistics } from '../../../../renderer/views/statistics/handlerColumns';
import { nextOfFigure } from '../../../../renderer/views/statistics/handlerEvents';
import {
  handlerColumns,
  handlerRows,
  isFailure,
  sortHandlerRows,
} from '../../../../renderer/views/statistics/handlerRows';
import { throughputOf } from '../../../../renderer/views/throughput/throughputData';
import { latencyRelativeError } from '../../../../shared/analysis/latencyHistogram';
import { throughputBetween } from '../../../../shared/analysis/throughput';
import { TraceModel } from '../../../../shared/analysis/traceModel';
import { readTrace } from '../../../harness/readTrace';
import { recordScenario } from '../../../harness/recordScenario';
import { syntheticTrace } from '../../../harness/syntheticTrace';

const { model } = recordScenario('first-sweep');
const rows = handlerRows(model);
const { calls } = model.calls;
const rowOf = (name: string): (typeof rows)[number] => rows.find((row) => row.functionName === name)!;
/** Calls of a row, by the index that the window uses for everything else. */
const callsOf = (row: (typeof rows)[number]): typeof calls => {
  const { functionName, caller, callee } = model.figures.calls.handlers[row.handler]!;
  return calls.filter(
    (call) => call.functionName === functionName && call.caller === caller && call.callee === callee,
  );
};

describe('the statistics of handlers', () => {
  test('count every call once, with what it answered', () => {
    expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(calls.length);
    for (const row of rows) {
      const own = callsOf(row);
      expect(row.calls).toBe(own.length);
      expect(row.failures).toBe(own.filter(({ status }) => status !== undefined && isFailure(status)).length);
      expect(row.failureText === '').toBe(row.failures === 0);
    }
  });

  test('measure requests until their completion and the rest until their return', () => {
    const send = rowOf('NdisOffloadTcpSend');
    expect(send.until).toBe('completion');
    const latencies = callsOf(send)
      .filter(({ completedBy }) => completedBy !== undefined)
      .map((call) => model.calls.at(call.completedBy!)!.start - call.start)
      .sort((left, right) => left - right);
    expect(send.latency.count).toBe(latencies.length);
    expect(send.latency.maximum).toBe(latencies.at(-1));
    const exact = latencies[Math.ceil(latencies.length / 2) - 1]!;
    expect(Math.abs(send.latency.p50 - exact)).toBeLessThanOrEqual(exact * latencyRelativeError + 1);
    expect(rowOf('NdisSetOptionalHandlers').until).toBe('return');
  });

  test('grow while a trace is read, and count what is pending meanwhile', () => {
    const half = new TraceModel();
    half.push(syntheticTrace({ sends: 400 }).slice(0, 20_000));
    const before = handlerRows(half);
    const whole = handlerRows(readTrace(syntheticTrace({ sends: 400 })));
    const sum = (all: typeof rows): number => all.reduce((total, row) => total + row.calls, 0);
    expect(sum(before)).toBe(half.calls.calls.length);
    expect(sum(before)).toBeGreaterThan(0);
    expect(sum(before)).toBeLessThan(sum(whole));
    for (const [{ figures }, shown] of [
      [half, before],
      [model, rows],
    ] as const) {
      const ended = figures.calls.handlers.map(() => 0);
      for (let call = 0; call < figures.calls.length; call++)
        if (figures.calls.endOfWork(call) !== undefined) ended[figures.calls.handler(call).index]!++;
      for (const row of shown) expect(row.pending).toBe(row.calls - ended[row.handler]!);
    }
  });

  test('can be sorted by every column, both ways, and lose no row', () => {
    for (const column of handlerColumns) {
      const up = sortHandlerRows(rows, { column, descending: false });
      const down = sortHandlerRows(rows, { column, descending: true });
      expect(new Set(up)).toEqual(new Set(rows));
      expect(new Set(down)).toEqual(new Set(rows));
    }
    const byLongest = sortHandlerRows(rows, { column: 'maximum', descending: true });
    const longest = byLongest.map(({ latency }) => latency.maximum);
    expect(longest).toEqual([...longest].sort((left, right) => right - left));
  });

  test('leave out columns that have no room, the components first', () => {
    const ids = (width: number): string[] => fittingStatistics(width).map(({ id }) => id);
    expect(ids(1400)).toEqual([...handlerColumns]);
    expect(ids(850)).toEqual(handlerColumns.filter((id) => id !== 'from'));
    expect(ids(100)).toEqual(['function', 'calls']);
  });
});

describe('a number leads to its calls', () => {
  const send = rowOf('NdisOffloadTcpSend');

  test('from one call of the handler to the next, and from the last to the first', () => {
    const seen: number[] = [];
    for (let at: number | undefined; seen.length <= send.calls; seen.push(at!))
      at = nextOfFigure(model, send.handler, { kind: 'calls' }, at);
    const events = callsOf(send).map(({ event }) => event);
    expect(seen).toEqual([...events, events[0]]);
  });

  test('to the longest, and to one that took as long as a percentile says', () => {
    const latency = (event: number): number =>
      model.calls.at(model.calls.at(event)!.completedBy!)!.start - model.calls.at(event)!.start;
    const longest = nextOfFigure(model, send.handler, { kind: 'percentile', percent: 100 }, undefined)!;
    expect(latency(longest)).toBe(send.latency.maximum);
    for (const [percent, shown] of [
      [50, send.latency.p50],
      [99, send.latency.p99],
    ] as const) {
      const event = nextOfFigure(model, send.handler, { kind: 'percentile', percent }, undefined)!;
      expect(Math.abs(latency(event) - shown)).toBeLessThanOrEqual(shown * 2 * latencyRelativeError + 1);
    }
  });

  test('to a call that failed, and nowhere where none did', () => {
    const refused = recordScenario('terminate-with-data').model;
    const row = handlerRows(refused).find(({ failures }) => failures > 0)!;
    const event = nextOfFigure(refused, row.handler, { kind: 'failures' }, undefined)!;
    expect(isFailure(refused.calls.at(event)!.status!)).toBe(true);
    expect(nextOfFigure(model, send.handler, { kind: 'failures' }, undefined)).toBeUndefined();
  });
});

test('the chart of throughput takes its rates from the series where their bins fit, without a difference', () => {
  const whole = { from: 0, until: model.store!.lastTime };
  const { binWidth, times, rates } = throughputOf(model, whole, 200);
  const bins = times.length - 1;
  expect(binWidth % model.figures.series.newBytes.host.binWidth).toBe(0);
  const exact = model.frames.throughput(0, bins * binWidth, bins);
  for (const path of ['host', 'chimney', 'peer'] as const) {
    rates[path].slice(0, -1).forEach((rate, bin) => expect(rate).toBeCloseTo(exact[path][bin]!, 3));
  }
  const cut = throughputBetween(model, 333, 100_333, 7);
  expect(cut).toEqual(model.frames.throughput(333, 100_333, 7));
});
