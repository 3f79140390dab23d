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
        ring.wait({
          waitsForRoom: false,
          resume: () => {
            woken.push({ who, at: machine.now });
            // Each fills the ring again.
            ring.queued(machine.now + 500);
          },
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

  it('keeps the place of who waits already, and the order of more than it had room for', () => {
    const machine = new Machine(silentProbe(), 1);
    const ring = new TransmitRing(machine, 100);
    const woken: number[] = [];
    const waiters = Array.from({ length: 40 }, (_, who) => ({
      waitsForRoom: false,
      resume: () => {
        woken.push(who);
        // The first of them waits once more, behind all others.
        if (who === 0 && woken.length === 1) ring.wait(waiters[0]!);
      },
    }));
    machine.queueWorkItem(0, () => {
      ring.queued(1000);
      for (const waiter of waiters) ring.wait(waiter);
      for (const waiter of waiters.toReversed()) ring.wait(waiter);
      expect(ring.waiters).toBe(40);
    });
    while (machine.step());
    expect(woken).toEqual([...Array.from({ length: 40 }, (_, who) => who), 0]);
    expect(ring.waiters).toBe(0);
  });
});
