import { describe, expect, it } from 'vitest';
import { runStatistics } from '../../../shared/analysis/runStatistics';
import { statisticsText } from '../../../electron/cli/statisticsText';
import { analyseTrace } from '../../harness/analyseTrace';
import { recordScenario } from '../../harness/recordScenario';
import { encodeTrace } from '../../harness/traceBytes';

describe('the figures of a run', () => {
  const recorded = recordScenario('first-sweep', { seed: 1 });
  const { store, analysis } = analyseTrace(recorded.bytes);
  const figures = runStatistics(store, analysis);

  it('count every call once by function and once by component', () => {
    const calls = recorded.model.calls.calls.length;
    expect(figures.calls).toBe(calls);
    expect(figures.handlers.reduce((sum, one) => sum + one.calls, 0)).toBe(calls);
    expect(figures.components.reduce((sum, one) => sum + one.calls, 0)).toBe(calls);
  });

  it('give every path’s bytes, and rates that the link can carry', () => {
    const { bytesSent } = recorded.report;
    expect(figures.throughput.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['host', bytesSent.hostPath],
      ['chimney', bytesSent.chimney],
      ['peer', 393_216],
    ]);
    for (const { mean, busiest } of figures.throughput) {
      expect(busiest).toBeGreaterThanOrEqual(mean);
      expect(busiest).toBeLessThanOrEqual(1_000_000_000);
    }
  });

  it('share out the whole time of sends', () => {
    for (const path of ['host', 'chimney'] as const) {
      const parts = figures.sends.time.filter((one) => one.path === path);
      expect(parts.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(1, 10);
    }
    expect(figures.sends.chimney.count).toBe(
      figures.handlers.find(({ functionName }) => functionName === 'NdisOffloadTcpSend')!.calls,
    );
  });

  it('read as tables with every function and connection', () => {
    const text = statisticsText(figures);
    for (const { functionName } of figures.handlers) expect(text).toContain(`  ${functionName} `);
    expect(text).toContain('192.0.2.1:49152 to 192.0.2.2:7');
    expect(text).toMatch(/chimney: \d+ sends, p50 /);
  });

  it('can be reckoned of a trace without a record', () => {
    const empty = analyseTrace(encodeTrace([]));
    const none = runStatistics(empty.store, empty.analysis);
    expect(none).toMatchObject({ events: 0, calls: 0, handlers: [], connections: [], sends: { time: [] } });
    expect(statisticsText(none)).toContain('0 events, 0 calls, 0 frames');
  });
});
