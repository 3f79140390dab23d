import { describe, expect, it } from 'vitest';
import { scenarioIds } from '../../shared/contract/scenarios';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { statusOf, treeOf } from '../harness/objectLedger';
import { recordScenario } from '../harness/recordScenario';
import { runPlan } from '../harness/runPlan';
import { callsOf } from '../harness/traceQueries';
import { itKeepsTheTreeRulesAtEachEdge } from '../harness/treeRules';

describe.each(scenarioIds)('trees in scenario %s', (scenario) => {
  itKeepsTheTreeRulesAtEachEdge(recordScenario(scenario).model);
});

describe('scenario many-connections', () => {
  const { model, report } = recordScenario('many-connections');
  const objects = model.store!.stateObjects;

  it('all streams arrive unchanged', () => {
    expect(report.success).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(0);
  });

  it('TRE-024 TRE-025: connections between the same addresses share one path, paths with one next hop one neighbor', () => {
    expect(objects.filter((object) => object.layer === 'tcp')).toHaveLength(30);
    expect(objects.filter((object) => object.layer === 'path')).toHaveLength(6);
    expect(objects.filter((object) => object.layer === 'neighbor')).toHaveLength(3);
  });

  it('INI-005 INI-035: all are offered in one tree, and the walk goes on behind a connection that is refused', () => {
    expect(callsOf(model, 'MiniportInitiateOffload')).toHaveLength(1);
    const completed = treeOf(model, callsOf(model, 'NdisMInitiateOffloadComplete')[0]!);
    const statuses = completed
      .filter((block) => objects[block.object!]!.layer === 'tcp')
      .map((block) => statusOf(block));
    expect(statuses).toEqual([
      ...Array<number>(17).fill(NDIS_STATUS.SUCCESS),
      ...Array<number>(13).fill(NDIS_STATUS.OFFLOAD_TCP_ENTRIES),
    ]);
  });

  it('TRM-007: neighbors and paths without a taken connection are terminated at once', () => {
    const first = callsOf(model, 'MiniportTerminateOffload')[0]!;
    const layers = treeOf(model, first).map((block) => objects[block.object ?? -1]?.layer);
    expect(layers).toContain('path');
    expect(layers).not.toContain('tcp');
  });

  it('of two seeds both end well, under loss', () => {
    for (const seed of [2, 3]) {
      const lossy = recordScenario('many-connections', { seed, loss: 0.01 });
      expect(lossy.report.success, `seed ${seed}`).toBe(true);
    }
  });
});

describe('connections that are offered one by one and share paths', () => {
  const { model, report } = runPlan(
    { connections: 12, paths: 3, neighbors: 2, connectInterval: 150_000, offload: 'each' },
    { fileBytes: 12 * 64 * 1024, loss: 0.002 },
  );

  itKeepsTheTreeRulesAtEachEdge(model);

  it('all streams arrive unchanged', () => {
    expect(report.success).toBe(true);
  });

  it('TRE-023: later connections hang under linkers', () => {
    const roles = callsOf(model, 'MiniportInitiateOffload').flatMap((call) =>
      treeOf(model, call).map((block) => block.role),
    );
    expect(roles).toContain('linker');
  });

  it('TRM-005: connections leave alone while others use their path', () => {
    const shapes = callsOf(model, 'MiniportTerminateOffload').map((call) => treeOf(model, call).length);
    expect(shapes).toContain(1);
  });
});
