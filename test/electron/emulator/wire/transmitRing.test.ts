import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { TransmitRing } from '../../../../electron/emulator/wire/transmitRing';
import { silentProbe } from '../../../harness/silentProbe';

describe('TransmitRing', () => {
  it('wakes those who wait in their order, only as far as there is room, and every one in the end', () => {
    const machine = new Machine(silentProbe(), 1);
    const ring = new TransmitRing(machine, 100);
    const woken: { readonly who: number; readonly at: number }[] = [];
    machine.queueWorkItem(0, () => {
      ring.queued(1000);
      for (const who of [1, 2, 3]) {
        ring.wait(() => {
          woken.push({ who, at: machine.now });
          // Each fills the ring again.
          ring.queued(machine.now + 500);
        });
      }
    });
    while (machine.step());
    expect(woken).toEqual([
      { who: 1, at: 901 },
      { who: 2, at: 1302 },
      { who: 3, at: 1703 },
    ]);
  });
});
