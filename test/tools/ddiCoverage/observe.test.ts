import { beforeAll, describe, expect, it } from 'vitest';
import { Machine } from '../../../electron/emulator/machine/machine';
import { Door } from '../../../electron/emulator/ndis/door';
import { coverableItems } from '../../../shared/analysis/ddiItems';
import type { FunctionName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { attribution } from '../../harness/ddiCoverage/attribution';
import { silentProbe } from '../../harness/silentProbe';

const door = new Door(new Machine(silentProbe(), 1), { enter: 1, leave: 1 });

function callThroughDoor(functionName: FunctionName): void {
  door.status({ functionName, caller: 0, callee: 0, arguments: [] }, () => NDIS_STATUS.SUCCESS);
}

/** Who has made a call so far, by kind and titles. */
function ownersOf(functionName: FunctionName): string[] {
  const index = coverableItems.findIndex(({ name }) => name === functionName);
  return attribution
    .observations()
    .filter(({ items }) => items.includes(index))
    .map(({ kind, titles }) => [kind, ...titles].join(' > '));
}

callThroughDoor('NdisInitiateOffload');

describe('calls through the door', () => {
  callThroughDoor('NdisUpdateOffload');

  beforeAll(() => {
    callThroughDoor('NdisQueryOffloadState');
  });

  it('of a test are its own', () => {
    callThroughDoor('NdisTerminateOffload');
    expect(ownersOf('NdisTerminateOffload')).toEqual([
      'test > calls through the door > of a test are its own',
    ]);
  });

  it('of the file belong to the file', () => {
    expect(ownersOf('NdisInitiateOffload')).toEqual(['module']);
  });

  it('of a describe belong to it', () => {
    expect(ownersOf('NdisUpdateOffload')).toEqual(['suite > calls through the door']);
  });

  it('of a beforeAll belong to its describe', () => {
    expect(ownersOf('NdisQueryOffloadState')).toEqual(['suite > calls through the door']);
  });

  describe.each([1, 2])('of describe %i in a describe', (ordinal) => {
    callThroughDoor(ordinal === 1 ? 'NdisInvalidateOffload' : 'NdisOffloadTcpSend');

    beforeAll(() => {
      callThroughDoor(ordinal === 1 ? 'NdisOffloadTcpReceive' : 'NdisOffloadTcpForward');
    });

    it('belong to that', () => {
      const inner = [`suite > calls through the door > of describe ${ordinal} in a describe`];
      expect(ownersOf(ordinal === 1 ? 'NdisInvalidateOffload' : 'NdisOffloadTcpSend')).toEqual(inner);
      expect(ownersOf(ordinal === 1 ? 'NdisOffloadTcpReceive' : 'NdisOffloadTcpForward')).toEqual(inner);
    });
  });

  it('answer what they would answer unobserved', () => {
    const answer = door.cross(
      { functionName: 'MiniportUpdateOffload', caller: 0, callee: 0, arguments: [] },
      (call) => ({ call }),
      () => ({ status: NDIS_STATUS.OFFLOAD_TCP_ENTRIES }),
    );
    expect(answer).toEqual({ call: expect.any(Number) as number });
    const status = coverableItems.findIndex(({ name }) => name === 'NDIS_STATUS_OFFLOAD_TCP_ENTRIES');
    expect(attribution.observations().at(-1)!.items).toContain(status);
  });
});
