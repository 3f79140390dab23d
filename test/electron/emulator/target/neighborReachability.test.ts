import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { NeighborReachability } from '../../../../electron/emulator/target/neighborReachability';
import { NicClock } from '../../../../electron/emulator/target/nicClock';
import { silentProbe } from '../../../harness/silentProbe';

const staleTicks = 30_000;

/** A neighbor just offloaded with both deltas equal, and a way to let time pass; seconds. */
function offloaded(choices: { origin?: number; ticksPerSecond?: number; delta?: number } = {}) {
  const machine = new Machine(silentProbe(), 1);
  const clock = new NicClock(machine, choices.origin ?? 0);
  const perSecond = choices.ticksPerSecond ?? 1000;
  const delta = choices.delta ?? 0;
  const reachability = new NeighborReachability(clock, () => perSecond, delta, delta);
  const pass = (seconds: number): void => {
    machine.queueDeferredCall(seconds * 1e9, () => undefined);
    machine.step();
  };
  return { reachability, pass };
}

describe('reachability times of a neighbor', () => {
  it.each([0, 2 ** 32 - 1, 2 ** 32 - 10_000])(
    'RCH-003 RCH-008: both times grow stale together, with the clock at %i',
    (origin) => {
      const { reachability, pass } = offloaded({ origin });
      pass(30);
      expect(reachability.isStale(staleTicks)).toBe(false);
      pass(0.001);
      expect(reachability.isStale(staleTicks)).toBe(true);
    },
  );

  it('RCH-004: what was handed over counts as age', () => {
    const { reachability, pass } = offloaded({ delta: 29_000 });
    pass(1);
    expect(reachability.isStale(staleTicks)).toBe(false);
    pass(0.001);
    expect(reachability.isStale(staleTicks)).toBe(true);
    expect(reachability.HostReachabilityDelta).toBe(30_001);
    expect(reachability.NicReachabilityDelta).toBe(30_001);
  });

  it('RCH-005 RCH-007: a proof of reception refreshes NRT alone', () => {
    const { reachability, pass } = offloaded();
    pass(20);
    reachability.confirm();
    pass(5);
    expect(reachability.NicReachabilityDelta).toBe(5000);
    expect(reachability.HostReachabilityDelta).toBe(25_000);
  });

  it('RCH-009: one fresh time is enough', () => {
    const { reachability, pass } = offloaded();
    pass(31);
    expect(reachability.isStale(staleTicks)).toBe(true);
    reachability.takeHostDelta(0);
    expect(reachability.isStale(staleTicks)).toBe(false);
    pass(31);
    reachability.confirm();
    expect(reachability.isStale(staleTicks)).toBe(false);
  });

  it('RCH-018: the answer moves HRT back by its age', () => {
    const { reachability, pass } = offloaded();
    pass(40);
    reachability.takeHostDelta(10_000);
    pass(20);
    expect(reachability.isStale(staleTicks)).toBe(false);
    pass(0.001);
    expect(reachability.isStale(staleTicks)).toBe(true);
  });

  it.each([10, 100, 1000])('RCH-002: deltas are in ticks of the host at %i a second', (ticksPerSecond) => {
    const { reachability, pass } = offloaded({ ticksPerSecond, delta: 5 * ticksPerSecond });
    pass(7);
    expect(reachability.NicReachabilityDelta).toBe(12 * ticksPerSecond);
    expect(reachability.isStale(12 * ticksPerSecond - 1)).toBe(true);
    expect(reachability.isStale(12 * ticksPerSecond)).toBe(false);
  });
});
