import { expect, it } from 'vitest';
import { addResult, emptyTally, failureText, tallyJson, tallyText } from '../../../electron/cli/soakReport';
import { soakActionNames } from '../../../electron/emulator/soak/soakActions';
import type { SoakResult } from '../../../electron/emulator/soak/soakRun';

const failure: SoakResult = {
  seed: 17,
  findings: ['NDIS: open requests 1'],
  actions: Object.fromEntries(soakActionNames.map((name) => [name, 2])) as SoakResult['actions'],
  calls: 10,
  chimneyBytes: 20,
  events: 30,
  virtualTime: 40,
};
const success: SoakResult = { ...failure, seed: 18, findings: [] };
const again = 'npx chimneysweep soak --seeds 1 --first 17 --connections 5';

it('a failing seed is printed with what is wrong and the exact command that repeats it', () => {
  expect(failureText(failure, 5)).toBe(`FAILED seed 17:\n  NDIS: open requests 1\n  again: ${again}\n`);
});

it('the tally sums up all seeds and names the failing ones', () => {
  const tally = emptyTally();
  for (const result of [success, failure]) addResult(tally, result);
  const text = tallyText(tally, 1.5);
  expect(text).toMatch(/^FAILED: 2 seeds, 1 failed, in 1.5 s/);
  expect(text).toMatch(/failing seeds {5}17/);
  expect(text).toMatch(/query 4/);
  const json = JSON.parse(tallyJson(tally, { seeds: 2, first: 17, connections: 5 }, 1.5, false)) as object;
  expect(json).toMatchObject({ done: 2, calls: 20, failures: [{ seed: 17, again }] });
});

it('a seed that was checked against the rules is repeated with them', () => {
  expect(failureText(failure, 5, true)).toContain(`again: ${again} --check\n`);
});
