import { describe, expect, it } from 'vitest';
import { soak } from '../../electron/emulator/soak/soakRun';
import { silentProbe } from '../../electron/emulator/observe/silentProbe';
import { recordSoak } from '../harness/recordSoak';
import { itKeepsTheTreeRules } from '../harness/treeRules';

/** Seeds that the test walks; `npx chimneysweep soak` walks any number. */
const recordedSeeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** Seeds in which something was wrong once, with the connections that they were found with. */
const mendedSeeds = [
  [2, 50],
  [5, 50],
  [9, 50],
  [254, 50],
] as const;

describe.each(recordedSeeds)('a soak with seed %i', (seed) => {
  const { model, result } = recordSoak({ seed, connections: 20 });

  it('leaves every stream whole, every request completed once and everything back with its owner', () => {
    expect(result.findings, `seed ${seed}`).toEqual([]);
  });

  itKeepsTheTreeRules(model);
});

describe('all soaks of this file together', () => {
  const results = recordedSeeds.map((seed) => soak(silentProbe(), { seed, connections: 20 }));

  it('take every action, and the chimney carries a good part of the bytes', () => {
    const total = (count: (result: (typeof results)[number]) => number): number =>
      results.reduce((sum, result) => sum + count(result), 0);
    for (const name of Object.keys(results[0]!.actions) as (keyof (typeof results)[number]['actions'])[])
      expect(
        total((result) => result.actions[name]),
        name,
      ).toBeGreaterThan(0);
    expect(total((result) => result.chimneyBytes)).toBeGreaterThan(100_000);
  });
});

it('the same seed walks the same way, whoever watches', () => {
  const settings = { seed: 3, connections: 20 };
  const { findings: _, ...silent } = soak(silentProbe(), settings);
  expect(recordSoak(settings).result).toMatchObject(silent);
});

it.each(mendedSeeds)(
  'seed %i with %i connections, where something was wrong once, finds nothing',
  (seed, connections) => {
    expect(soak(silentProbe(), { seed, connections }).findings).toEqual([]);
  },
);
