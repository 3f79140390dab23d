import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../../../../electron/emulator/machine/addressSpace';
import {
  DISPATCH_LEVEL,
  Machine,
  PASSIVE_LEVEL,
  surroundings,
} from '../../../../electron/emulator/machine/machine';
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

  it('gives what comes from outside, between events, no cause: not that of the event that ran last', () => {
    const on = machine();
    const causes: (number | undefined)[] = [];
    on.scheduler.schedule(1, { onEvent: () => void causes.push(on.currentCause) }, 0, undefined, 5, 0);
    on.step();
    on.queueWorkItem(1, () => void causes.push(on.currentCause));
    on.runUntil(100);
    expect(causes).toEqual([5, undefined]);
    expect(on.currentCause).toBeUndefined();
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

describe('Machine with several processors', () => {
  const withProcessors = (count: number, seed = 1): Machine => new Machine(silentProbe(), seed, count);

  it('lets the others reach the present moment while one is in the middle of something', () => {
    const on = withProcessors(2);
    const seen: [string, number, number][] = [];
    const note = (what: string): void => void seen.push([what, on.processor, on.now]);
    on.queueDeferredCall(
      10,
      () => {
        note('begins');
        on.scheduler.spend(50);
        on.interleave();
        note('ends');
      },
      0,
    );
    on.queueDeferredCall(
      30,
      () => {
        note('meanwhile');
      },
      1,
    );
    on.queueDeferredCall(
      70,
      () => {
        note('later');
      },
      1,
    );
    while (on.step());
    expect(seen).toEqual([
      ['begins', 0, 10],
      ['meanwhile', 1, 60],
      ['ends', 0, 60],
      ['later', 1, 70],
    ]);
  });

  it('keeps the events of a busy processor until it is free, in their order', () => {
    const on = withProcessors(2);
    const seen: string[] = [];
    on.queueDeferredCall(
      10,
      () => {
        on.scheduler.spend(50);
        on.interleave();
        seen.push('first');
      },
      0,
    );
    on.queueDeferredCall(20, () => void seen.push('second'), 0);
    on.queueDeferredCall(15, () => void seen.push('elsewhere'), 1);
    on.queueDeferredCall(30, () => void seen.push('third'), 0);
    while (on.step());
    expect(seen).toEqual(['elsewhere', 'first', 'second', 'third']);
  });

  it('never makes hardware wait for a processor', () => {
    const on = withProcessors(1);
    const seen: [string, number][] = [];
    on.queueDeferredCall(10, () => {
      on.scheduler.spend(50);
      on.interleave();
      seen.push(['processor', on.processor]);
    });
    on.schedule(
      20,
      { onEvent: () => void seen.push(['hardware', on.processor]) },
      0,
      undefined,
      surroundings,
    );
    while (on.step());
    expect(seen).toEqual([
      ['hardware', surroundings],
      ['processor', 0],
    ]);
  });

  it('keeps levels, causes and open calls of each processor apart', () => {
    const on = withProcessors(2);
    const seen: unknown[] = [];
    on.queueDeferredCall(
      10,
      () => {
        on.openCalls.push(7);
        on.irql = PASSIVE_LEVEL;
        on.scheduler.spend(50);
        on.interleave();
        seen.push([on.irql, on.currentCause]);
        on.openCalls.pop();
      },
      0,
    );
    on.queueDeferredCall(20, () => void seen.push([on.irql, on.currentCause]), 1);
    while (on.step());
    expect(seen).toEqual([
      [DISPATCH_LEVEL, undefined],
      [PASSIVE_LEVEL, 7],
    ]);
  });

  it('runs work on another processor at once if that is free, and else when it is', () => {
    const on = withProcessors(2);
    const seen: [string, number][] = [];
    const note = (what: string): void => void seen.push([what, on.processor]);
    on.queueDeferredCall(
      10,
      () => {
        on.runOn(1, () => {
          note('free');
        });
        on.scheduler.spend(50);
        on.interleave();
        note('holder');
      },
      0,
    );
    on.queueDeferredCall(
      20,
      () =>
        on.runOn(0, () => {
          note('busy');
        }),
      1,
    );
    while (on.step());
    expect(seen).toEqual([
      ['free', 1],
      ['holder', 0],
      ['busy', 0],
    ]);
  });

  it('gives work items to processors that the seed picks', () => {
    const placesOf = (seed: number): number[] => {
      const on = withProcessors(4, seed);
      const places: number[] = [];
      for (let item = 0; item < 40; item++) on.queueWorkItem(item, () => void places.push(on.processor));
      while (on.step());
      return places;
    };
    expect(new Set(placesOf(1))).toEqual(new Set([0, 1, 2, 3]));
    expect(placesOf(1)).toEqual(placesOf(1));
    expect(placesOf(1)).not.toEqual(placesOf(2));
  });

  it.each([0, 65, Number.NaN])('refuses %d processors', (count) => {
    expect(() => withProcessors(count)).toThrow(RangeError);
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
