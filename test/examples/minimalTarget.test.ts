import { describe, expect, it } from 'vitest';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { loadExample } from '../harness/driverModule';
import { itIsAGoodExample } from '../harness/exampleTests';
import { recordScenario } from '../harness/recordScenario';
import { runPlan } from '../harness/runPlan';
import { blocksOf, blockMember, callsOf } from '../harness/traceQueries';

const drivers = { target: await loadExample('minimal-target', 'driver.ts') };

describe('examples/minimal-target', () => {
  itIsAGoodExample('minimal-target', drivers);

  it('INI-040: refuses a connection that the firmware has no room for with NDIS_STATUS_OFFLOAD_TCP_ENTRIES', () => {
    const { model, report } = recordScenario('no-tcp-entries', { drivers });
    expect(report.bytesSent.chimney).toBe(0);
    const [completion] = callsOf(model, 'NdisMInitiateOffloadComplete');
    const statuses = blocksOf(model, completion!).map((block) => blockMember('miniport', block, 'Status'));
    expect(statuses).toContain(NDIS_STATUS.OFFLOAD_TCP_ENTRIES);
  });

  it('answers every query with what it has', () => {
    const { report, model } = recordScenario('query-everything', { drivers });
    expect(report.summary).toMatch(/came back unchanged/);
    const answers = model.notes.notes
      .map(({ text }) => text)
      .filter((text) => text.startsWith('The target '));
    expect(answers.filter((text) => text.startsWith('The target tells')).length).toBe(12);
    expect(answers.filter((text) => text.startsWith('The target refuses'))).toEqual([]);
  });

  it('takes updates of every cached variable', () => {
    const { model } = recordScenario('update-everything', { drivers });
    const completions = callsOf(model, 'NdisMUpdateOffloadComplete');
    expect(completions.length).toBeGreaterThan(10);
    for (const call of completions)
      for (const block of blocksOf(model, call))
        expect(blockMember('miniport', block, 'Status')).toBe(NDIS_STATUS.SUCCESS);
  });

  it('carries several connections on shared paths', () => {
    const { report } = runPlan(
      { connections: 6, paths: 3, neighbors: 2 },
      { fileBytes: 900_000, loss: 0.005, drivers },
    );
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
  });
});
