import { describe, expect, it } from 'vitest';
import { coverableItems, coverageKinds } from '../../../shared/analysis/ddiItems';
import {
  constantsInGroup,
  functionEntry,
  isFunctionName,
  isStructureName,
} from '../../../shared/ddi/catalogue';

function namesOf(kind: (typeof coverageKinds)[number]): string[] {
  return coverableItems.filter((item) => item.kind === kind).map(({ name }) => name);
}

describe('what of the DDI can be covered', () => {
  it('all 45 functions and handlers of chimney offload', () => {
    expect(new Set(namesOf('function')).size).toBe(45);
    for (const name of namesOf('function')) {
      if (!isFunctionName(name)) throw new Error(`${name} is not in the catalogue`);
      expect(functionEntry(name).family).toBeDefined();
    }
  });

  it('all 26 structures of ndischimney.h', () => {
    expect(new Set(namesOf('structure')).size).toBe(26);
    for (const name of namesOf('structure')) expect(isStructureName(name)).toBe(true);
  });

  it('every status and OID of the catalogue that has a number', () => {
    const numbered = (group: Parameters<typeof constantsInGroup>[0]): string[] =>
      constantsInGroup(group)
        .filter(({ value }) => value !== null)
        .map(({ name }) => name);
    expect(namesOf('status')).toEqual([
      ...numbered('status-offload'),
      ...numbered('status-indication-offload'),
    ]);
    expect(namesOf('oid')).toEqual(numbered('OID'));
  });

  it('events without the bounds of their enumerations', () => {
    expect(namesOf('event')).toEqual([
      'TcpIndicateSendBacklogChange',
      'TcpIndicateDisconnect',
      'TcpIndicateRetrieve',
      'TcpIndicateAbort',
      'LowActivity',
      'HighDropRate',
      'SmallIO',
      'NoBufferProposting',
      'ReceivedUrgentData',
      'HighFragmentation',
      'HighOutOfOrderPackets',
      'TimeoutExpiration',
      'InvalidState',
      'UploadRequested',
      'HardwareFailure',
      'NeighborReachabilityInDoubt',
      'NeighborReachabilityQuery',
    ]);
  });

  it('one item for two spellings of one value', () => {
    expect(coverableItems.filter(({ aliases }) => aliases !== undefined)).toEqual([
      { kind: 'event', name: 'NoBufferProposting', aliases: ['NoBufferPreposting'] },
    ]);
  });
});
