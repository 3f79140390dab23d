import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { Timer } from '../../../../electron/emulator/machine/timer';
import { property } from '../../../harness/property';
import { silentProbe } from '../../../harness/silentProbe';

function machine(): Machine {
  return new Machine(silentProbe(), 1);
}

/** Runs everything that waits. */
function run(on: Machine): void {
  while (on.step());
}

describe('Timer', () => {
  it('expires once, at its deadline', () => {
    const on = machine();
    const expired: number[] = [];
    new Timer(on, () => void expired.push(on.now)).set(100);
    run(on);
    expect(expired).toEqual([100]);
  });

  it('does not expire once it has been stopped', () => {
    const on = machine();
    const timer = new Timer(on, () => expect.unreachable('it was stopped'));
    timer.set(100);
    timer.stop();
    run(on);
    timer.set(300);
    timer.set(Infinity);
    run(on);
  });

  it('moves to a later deadline without a further event in the queue', () => {
    const on = machine();
    const expired: number[] = [];
    const timer = new Timer(on, () => void expired.push(on.now));
    for (let deadline = 100; deadline <= 1000; deadline++) timer.set(deadline);
    expect(on.scheduler.pending).toBe(1);
    run(on);
    expect(expired).toEqual([1000]);
  });

  it('moves to an earlier deadline', () => {
    const on = machine();
    const expired: number[] = [];
    const timer = new Timer(on, () => void expired.push(on.now));
    timer.set(100);
    timer.set(50);
    run(on);
    expect(expired).toEqual([50]);
  });

  it('may be armed again while it expires', () => {
    const on = machine();
    const expired: number[] = [];
    const timer: Timer = new Timer(on, () => {
      expired.push(on.now);
      if (expired.length < 4) timer.set(on.now + 10);
    });
    timer.set(10);
    run(on);
    expect(expired).toEqual([10, 20, 30, 40]);
  });

  it('expires at once for a deadline in the past', () => {
    const on = machine();
    const expired: number[] = [];
    const timer = new Timer(on, () => void expired.push(on.now));
    on.schedule(500, { onEvent: () => timer.set(20) });
    run(on);
    expect(expired).toEqual([500]);
  });

  it('expires late, not never, when the processor is busy at its deadline', () => {
    const on = machine();
    const expired: number[] = [];
    new Timer(on, () => void expired.push(on.now)).set(100);
    on.schedule(90, { onEvent: () => on.scheduler.spend(60) });
    run(on);
    expect(expired).toEqual([150]);
  });

  it('expires when a plain deadline would, however it is set, moved and stopped', () => {
    const action = fc.record({
      after: fc.nat({ max: 20 }),
      deadline: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const on = machine();
        const expired: number[] = [];
        const timer = new Timer(on, () => void expired.push(on.now));
        const expected: number[] = [];
        let deadline = Infinity;
        let time = 0;
        for (const next of actions) {
          // At equal times the order of scheduling decides; odd times for deadlines keep the model free of such ties.
          time += next.after * 2;
          const at = time;
          if (deadline < at) {
            expected.push(deadline);
            deadline = Infinity;
          }
          const wanted = next.deadline === undefined ? Infinity : at + next.deadline * 2 + 1;
          deadline = Math.max(wanted, at);
          if (deadline === at) {
            expected.push(at);
            deadline = Infinity;
          }
          on.schedule(at, {
            onEvent: () => {
              timer.set(wanted);
            },
          });
          // Whatever is due at this very time runs before the next action.
          time += 2;
        }
        if (deadline !== Infinity) expected.push(deadline);
        run(on);
        expect(expired).toEqual(expected);
      }),
      property(300),
    );
  });

  it('has what armed it as cause of what happens at its deadline, not what armed it first', () => {
    const on = machine();
    const causes: (number | undefined)[] = [];
    const timer = new Timer(on, () => void causes.push(on.currentCause));
    for (const [time, deadline] of [
      [10, 100],
      [20, 200],
      // The same deadline once more is no new start.
      [30, 200],
    ] as const)
      on.scheduler.schedule(time, { onEvent: () => timer.set(deadline) }, 0, undefined, time, 0);
    run(on);
    expect(causes).toEqual([20]);
  });

  it('gives a later deadline back its cause, once an earlier one that came between has passed', () => {
    const on = machine();
    const causes: (number | undefined)[] = [];
    const timer: Timer = new Timer(on, () => {
      causes.push(on.currentCause);
      if (causes.length === 1) timer.set(200);
    });
    for (const [time, deadline] of [
      [10, 200],
      [20, 40],
    ] as const)
      on.scheduler.schedule(time, { onEvent: () => timer.set(deadline) }, 0, undefined, time, 0);
    run(on);
    expect(causes).toEqual([20, 10]);
  });
});
