import { describe, expect, it } from 'vitest';
import { runPlan } from '../harness/runPlan';
import { callsOf } from '../harness/traceQueries';

describe('a team of two adapters in failover mode', () => {
  const { model, report, run } = runPlan(
    { connections: 4, paths: 2, neighbors: 2, team: { adapters: 2, mode: 'failover', layers: 1 } },
    { fileBytes: 2_000_000 },
  );

  it('carries every stream through the chimney', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.fileBytes / 2);
  });

  it('holds nothing at the end', () => {
    for (const intermediate of run.topology.intermediates) expect(intermediate.outstanding).toBe(0);
  });

  it('registers', () => {
    expect(callsOf(model, 'NdisSetOptionalHandlers').length).toBe(2 + 2 + 4 + 2);
  });
});

describe('failover under load', () => {
  let pulled = false;
  const { model, report, run } = runPlan(
    { connections: 4, paths: 2, neighbors: 2, team: { adapters: 2, mode: 'failover', layers: 1 } },
    { fileBytes: 2_000_000 },
    ({ streams, topology }) => {
      if (!pulled && streams.every((stream) => stream.connection?.place === 'Offloaded')) {
        pulled = true;
        topology.adapters[0]!.link.setCarrier(false);
        return false;
      }
      return true;
    },
  );
  it('loses nothing', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    console.log(report);
    for (const adapter of run.topology.adapters) console.log(adapter.target.newBytesSent);
    console.log(model.calls.calls.length);
  });
});
