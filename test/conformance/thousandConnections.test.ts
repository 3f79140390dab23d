import { describe, expect, it } from 'vitest';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { statusOf, treeOf } from '../harness/objectLedger';
import { runPlan } from '../harness/runPlan';
import { callsOf } from '../harness/traceQueries';
import { itKeepsTheTreeRules } from '../harness/treeRules';

describe('1,000 connections on 10 paths and 3 neighbors, offered in one tree with room for 500', () => {
  const { model, report } = runPlan(
    {
      connections: 1000,
      paths: 10,
      neighbors: 3,
      connectInterval: 100_000,
      offload: 'together',
      target: { tcpCapacity: 500 },
    },
    { fileBytes: 1000 * 8 * 1024 },
  );
  const objects = model.store!.stateObjects;

  itKeepsTheTreeRules(model);

  it('all streams arrive unchanged', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.success).toBe(true);
  });

  it('INI-035 INI-037: 500 are taken and 500 refused with NDIS_STATUS_OFFLOAD_TCP_ENTRIES', () => {
    const completed = treeOf(model, callsOf(model, 'NdisMInitiateOffloadComplete')[0]!);
    const statuses = completed
      .filter((block) => objects[block.object!]!.layer === 'tcp')
      .map((block) => statusOf(block));
    expect(statuses.filter((status) => status === NDIS_STATUS.SUCCESS)).toHaveLength(500);
    expect(statuses.filter((status) => status === NDIS_STATUS.OFFLOAD_TCP_ENTRIES)).toHaveLength(500);
  });
});
