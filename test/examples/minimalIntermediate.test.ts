import { describe, expect, it } from 'vitest';
import { loadExample } from '../harness/driverModule';
import { itIsAGoodExample } from '../harness/exampleTests';
import { runPlan } from '../harness/runPlan';
import { callersOf, callsOf } from '../harness/traceQueries';

const intermediate = await loadExample('minimal-intermediate', 'driver.ts');

describe('examples/minimal-intermediate', () => {
  itIsAGoodExample('minimal-intermediate', { intermediate });

  it('IMD-001: registers client functions with two NdisSetOptionalHandlers calls inside ProtocolSetOptions', () => {
    const { model } = runPlan({}, { fileBytes: 50_000, drivers: { intermediate } });
    const inside = callsOf(model, 'NdisSetOptionalHandlers').filter((call) =>
      callersOf(model, call).includes('ProtocolSetOptions'),
    );
    // Two of the intermediate driver, two of the host stack.
    expect(inside).toHaveLength(4);
  });

  it('IMD-006: every operation that comes from above goes down with the function of the same kind', () => {
    const { model } = runPlan({}, { fileBytes: 600_000, drivers: { intermediate } });
    for (const name of [
      'MiniportInitiateOffload',
      'MiniportQueryOffload',
      'MiniportTerminateOffload',
    ] as const) {
      const count = callsOf(model, name).length;
      expect(count).toBeGreaterThan(0);
      expect(count % 2).toBe(0);
    }
  });
});

describe('both examples together', () => {
  it('carry a transfer through the chimney', async () => {
    const target = await loadExample('minimal-target', 'driver.ts');
    const { report } = runPlan({}, { fileBytes: 800_000, loss: 0.01, drivers: { target, intermediate } });
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
  });
});
