import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler, type EventHost } from '../../../../electron/emulator/clock/scheduler';
import { property } from '../../../harness/property';

/** One place that is never busy; `before` sees each event's cause. */
function hostThat(before: (cause: number | undefined) => void): EventHost {
  return {
    isBusy: () => false,
    begin: (_place, cause) => {
      before(cause);
    },
    end: () => undefined,
  };
}

const ignoreCause = hostThat(() => undefined);

interface Ran {
  readonly name: number;
  readonly at: number;
}

/** Runs everything that waits and answers what ran when. */
function runAll(scheduler: Scheduler, log: Ran[]): Ran[] {
  while (scheduler.step(ignoreCause));
  return log;
}

describe('Scheduler', () => {
  it('runs events in order of time, and in order of scheduling where times are equal', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 400, size: 'max' }), (times) => {
        const scheduler = new Scheduler();
        const log: Ran[] = [];
        const target = { onEvent: (name: number) => void log.push({ name, at: scheduler.now }) };
        times.forEach((time, name) => scheduler.schedule(time, target, name));
        const expected = times
          .map((at, name) => ({ name, at }))
          .sort((left, right) => left.at - right.at || left.name - right.name);
        expect(runAll(scheduler, log)).toEqual(expected);
      }),
      property(),
    );
  });

  it('does so too while events schedule further events, in the past or in the future', () => {
    const plan = fc.array(
      fc.tuple(fc.nat({ max: 30 }), fc.array(fc.integer({ min: -20, max: 30 }), { maxLength: 3 })),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(plan, (events) => {
        const scheduler = new Scheduler();
        const waiting: { name: number; at: number; order: number }[] = [];
        let order = 0;
        const add = (at: number, name: number): void => {
          scheduler.schedule(at, target, name);
          waiting.push({ name, at: Math.max(at, scheduler.now), order: order++ });
        };
        let budget = 500;
        const target = {
          onEvent: (name: number): void => {
            waiting.sort((left, right) => left.at - right.at || left.order - right.order);
            const next = waiting.shift()!;
            expect({ name, at: scheduler.now }).toEqual({ name: next.name, at: next.at });
            for (const offset of events[name]![1]) {
              if (budget-- > 0) add(scheduler.now + offset, (name + 1) % events.length);
            }
          },
        };
        events.forEach(([at], name) => add(at, name));
        while (scheduler.step(ignoreCause)) expect(scheduler.pending).toBe(waiting.length);
        expect(waiting).toEqual([]);
      }),
      property(),
    );
  });

  it('runs an event that is scheduled for the past now, behind those already due', () => {
    const scheduler = new Scheduler();
    const log: Ran[] = [];
    const target = { onEvent: (name: number) => void log.push({ name, at: scheduler.now }) };
    scheduler.schedule(100, {
      onEvent: () => {
        scheduler.schedule(100, target, 1);
        scheduler.schedule(5, target, 2);
      },
    });
    expect(runAll(scheduler, log)).toEqual([
      { name: 1, at: 100 },
      { name: 2, at: 100 },
    ]);
  });

  it('moves now by the time that an event spends, and runs what became due meanwhile late, in order', () => {
    const scheduler = new Scheduler();
    const log: Ran[] = [];
    const target = { onEvent: (name: number) => void log.push({ name, at: scheduler.now }) };
    scheduler.schedule(10, { onEvent: () => scheduler.spend(50) });
    scheduler.schedule(30, target, 2);
    scheduler.schedule(20, target, 1);
    scheduler.schedule(70, target, 3);
    expect(runAll(scheduler, log)).toEqual([
      { name: 1, at: 60 },
      { name: 2, at: 60 },
      { name: 3, at: 70 },
    ]);
  });

  it('hands argument and payload to the target, and the cause to whoever steps', () => {
    const scheduler = new Scheduler();
    const seen: unknown[] = [];
    const payload = { some: 'thing' };
    scheduler.schedule(1, { onEvent: (...values) => void seen.push(values) }, 7, payload, 0);
    scheduler.schedule(2, { onEvent: (...values) => void seen.push(values) });
    while (scheduler.step(hostThat((cause) => void seen.push(cause))));
    expect(seen).toEqual([0, [7, payload], undefined, [0, undefined]]);
  });

  it('reuses slots: a steady state of ten events stays right for longer than any column', () => {
    const scheduler = new Scheduler();
    let ran = 0;
    let previous = 0;
    const target = {
      onEvent: (period: number): void => {
        expect(scheduler.now).toBeGreaterThanOrEqual(previous);
        previous = scheduler.now;
        if (++ran < 20_000) scheduler.schedule(scheduler.now + period, target, period);
      },
    };
    for (let period = 1; period <= 10; period++) scheduler.schedule(period, target, period);
    while (scheduler.step(ignoreCause)) expect(scheduler.pending).toBeLessThanOrEqual(10);
    expect(ran).toBe(20_009);
  });

  it('knows how many events wait and when the next is due', () => {
    const scheduler = new Scheduler();
    expect([scheduler.pending, scheduler.nextTime]).toEqual([0, Infinity]);
    scheduler.schedule(9, { onEvent: () => undefined });
    scheduler.schedule(4, { onEvent: () => undefined });
    expect([scheduler.pending, scheduler.nextTime]).toEqual([2, 4]);
    expect(scheduler.step(ignoreCause)).toBe(true);
    expect([scheduler.pending, scheduler.nextTime]).toEqual([1, 9]);
    expect(scheduler.step(ignoreCause)).toBe(true);
    expect(scheduler.step(ignoreCause)).toBe(false);
  });

  it('refuses an event without a time', () => {
    expect(() => new Scheduler().schedule(NaN, { onEvent: () => undefined })).toThrow(RangeError);
  });
});
