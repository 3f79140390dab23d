import { describe, expect, it } from 'vitest';
import { soak } from '../../electron/emulator/soak/soakRun';
import { silentProbe } from '../../electron/emulator/observe/silentProbe';
import { recordSoak } from '../harness/recordSoak';
import { itKeepsTheTreeRulesAtEachEdge } from '../harness/treeRules';

/** Connections of each. */
const connections = 20;

/** Seeds that the test walks; `npx chimneysweep soak` walks any number. */
const recordedSeeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(recordedSeeds)('a soak with seed %i', (seed) => {
  const { model, result } = recordSoak({ seed, connections });

  it('leaves every stream whole, every request completed once and everything back with its owner', () => {
    expect(result.findings, `seed ${seed}`).toEqual([]);
  });

  itKeepsTheTreeRulesAtEachEdge(model);
});

describe('some soaks together', () => {
  const results = recordedSeeds.map((seed) => soak(silentProbe(), { seed, connections }));

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
  const settings = { seed: 3, connections };
  const { findings: _, ...silent } = soak(silentProbe(), settings);
  expect(recordSoak(settings).result).toMatchObject(silent);
});
