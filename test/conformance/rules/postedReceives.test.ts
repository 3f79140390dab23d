import { expect, it } from 'vitest';
import { runCheckedSoak } from '../../../electron/emulator/mutants/runSoak';
import { receiveRules } from '../../../shared/rules/areas/receive';

it('RCV-004: receives that two processors want to post on a connection go down one after the other', () => {
  const rules = receiveRules.filter(({ id }) => id === 'RCV-004');
  const { checker } = runCheckedSoak(rules, { seed: 1042, connections: 6 });
  expect(checker.coverage()[0]!.looks).toBeGreaterThan(0);
  expect(checker.findings).toEqual([]);
});
