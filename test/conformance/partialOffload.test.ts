import { expect, it } from 'vitest';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { recordScenario } from '../harness/recordScenario';
import { blockMember, blocksOf, callsOf } from '../harness/traceQueries';

it('no-tcp-entries: the statuses are the ones that its description promises', () => {
  const { model } = recordScenario('no-tcp-entries');
  const complete = callsOf(model, 'NdisMInitiateOffloadComplete')[0]!;
  expect(blocksOf(model, complete).map((block) => blockMember('miniport', block, 'Status'))).toEqual([
    NDIS_STATUS.SUCCESS,
    NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS,
    NDIS_STATUS.OFFLOAD_TCP_ENTRIES,
  ]);
});
