import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../../../../electron/emulator/machine/addressSpace';
import { DISPATCH_LEVEL, Machine, PASSIVE_LEVEL } from '../../../../electron/emulator/machine/machine';
import { silentProbe } from '../../../harness/silentProbe';

function machine(seed = 1): Machine {
  return new Machine(silentProbe(), seed);
}

describe('Machine', () => {
  it('runs events and deferred procedure calls at DISPATCH_LEVEL and work items at PASSIVE_LEVEL', () => {
    const on = machine();
    const levels: [string, number, number][] = [];
    on.queueWorkItem(10, () => void levels.push(['work item', on.irql, on.now]));
    on.queueDeferredCall(20, () => void levels.push(['deferred call', on.irql, on.now]));
    on.queueWorkItem(30, () => void levels.push(['work item', on.irql, on.now]));
    on.schedule(40, { onEvent: () => void levels.push(['event', on.irql, on.now]) });
    while (on.step());
    expect(levels).toEqual([
      ['work item', PASSIVE_LEVEL, 10],
      ['deferred call', DISPATCH_LEVEL, 20],
      ['work item', PASSIVE_LEVEL, 30],
      ['event', DISPATCH_LEVEL, 40],
    ]);
  });

  it('carries the cause of an event to where it runs: the innermost open call, or else the running event’s', () => {
    const on = machine();
    const causes: (number | undefined)[] = [];
    const note = (): void => void causes.push(on.currentCause);
    on.queueDeferredCall(1, note);
    on.openCalls.push(4, 7);
    on.queueDeferredCall(2, () => {
      note();
      on.queueDeferredCall(5, note);
    });
    on.openCalls.length = 0;
    while (on.step());
    expect(causes).toEqual([undefined, 7, 7]);
  });

  it('gives equal streams of equal seeds the same numbers and others different ones', () => {
    const first = (seed: number, stream: number): number => machine(seed).random(stream).nextUint32();
    expect(first(5, 1)).toBe(first(5, 1));
    expect(first(5, 1)).not.toBe(first(5, 2));
    expect(first(5, 1)).not.toBe(first(6, 1));
  });
});

describe('AddressSpace', () => {
  it('never overlaps two allocations and aligns them to 16 bytes', () => {
    const space = new AddressSpace();
    let end = 0;
    for (const size of [1, 16, 17, 0, 152, 4096, 8]) {
      const address = space.allocate(size);
      expect(address % 16).toBe(0);
      expect(address).toBeGreaterThan(0);
      expect(address).toBeGreaterThanOrEqual(end);
      end = address + Math.max(1, size);
    }
  });

  it('gives the same thing the same address and different things different ones', () => {
    const space = new AddressSpace();
    const [first, second] = [{}, {}];
    expect(space.addressOf(first)).toBe(space.addressOf(first));
    expect(space.addressOf(first)).not.toBe(space.addressOf(second));
  });
});
