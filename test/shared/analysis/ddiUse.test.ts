import { describe, expect, it } from 'vitest';
import { coverableItems } from '../../../shared/analysis/ddiItems';
import { DdiUse } from '../../../shared/analysis/ddiUse';
import { constantValue, structureLayout, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { CallArgument } from '../../../shared/trace/records';

function usedNames(use: DdiUse): string[] {
  return coverableItems.filter((item) => use.uses(item)).map(({ name }) => name);
}

function usedBy(...values: readonly CallArgument[]): string[] {
  const use = new DdiUse();
  use.call('DriverEntry', values);
  return usedNames(use);
}

function bytesOf(structure: StructureName): Uint8Array {
  return new Uint8Array(structureLayout(structure).size);
}

describe('what a call uses', () => {
  it('its function', () => {
    const use = new DdiUse();
    use.call('NdisUpdateOffload', []);
    expect(usedNames(use)).toEqual(['NdisUpdateOffload']);
  });

  it('the status that it returns, and its outputs', () => {
    const use = new DdiUse();
    use.return(NDIS_STATUS.OFFLOAD_TCP_ENTRIES, [
      { kind: 'status', name: 'Status', value: NDIS_STATUS.UPLOAD_IN_PROGRESS },
    ]);
    expect(usedNames(use)).toEqual(['NDIS_STATUS_UPLOAD_IN_PROGRESS', 'NDIS_STATUS_OFFLOAD_TCP_ENTRIES']);
  });

  it('the structure of an argument and those nested in it', () => {
    const bytes = bytesOf('TCP_OFFLOAD_STATE_CONST');
    const structure = 'TCP_OFFLOAD_STATE_CONST';
    expect(usedBy({ kind: 'structure', name: 'State', structure, address: 1, bytes })).toEqual([
      'OFFLOAD_STATE_HEADER',
      'TCP_OFFLOAD_STATE_CONST',
    ]);
  });

  it('the common beginning of a table that NdisMGetOffloadHandlers returns', () => {
    const structure = 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS';
    const bytes = bytesOf(structure);
    expect(usedBy({ kind: 'structure', name: 'OffloadHandlers', structure, address: 1, bytes })).toEqual([
      'NDIS_OFFLOAD_EVENT_HANDLERS',
      'NDIS_TCP_OFFLOAD_EVENT_HANDLERS',
    ]);
  });

  it('the Status of a block list', () => {
    const structure = 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST';
    const bytes = bytesOf(structure);
    const { offset } = structureLayout(structure).fields.find(({ name }) => name === 'Status')!;
    new DataView(bytes.buffer).setUint32(offset, NDIS_STATUS.OFFLOAD_TCP_ENTRIES, true);
    const block = { address: 1, depth: 0, role: 'new', object: undefined, bytes, states: [] } as const;
    expect(usedBy({ kind: 'block-list', name: 'Tree', form: 'miniport', blocks: [block] })).toEqual(
      expect.arrayContaining(['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'NDIS_STATUS_OFFLOAD_TCP_ENTRIES']),
    );
  });

  it('a number by its group: both spellings of NoBufferPreposting, and no status of the same value', () => {
    const value = constantValue('NoBufferPreposting');
    expect(usedBy({ kind: 'number', name: 'Reason', value, group: 'TCP_UPLOAD_REASON' })).toEqual([
      'NoBufferProposting',
    ]);
  });

  it('an OID, but not a number without a group', () => {
    const value = constantValue('OID_TCP4_OFFLOAD_STATS');
    expect(usedBy({ kind: 'number', name: 'Oid', value, group: 'OID' })).toEqual(['OID_TCP4_OFFLOAD_STATS']);
    expect(usedBy({ kind: 'number', name: 'Oid', value, group: undefined })).toEqual([]);
  });

  it('a handle that is passed, but not NULL', () => {
    const label = 'NDIS_OFFLOAD_HANDLE';
    expect(usedBy({ kind: 'pointer', name: 'NdisOffloadHandle', value: 16, label })).toEqual([label]);
    expect(usedBy({ kind: 'pointer', name: 'NdisOffloadHandle', value: 0, label })).toEqual([]);
  });
});
