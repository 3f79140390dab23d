/** Drivers that rules of one area once took for guilty in situations of another: what they do is legal. */
import { describe, expect, it } from 'vitest';
import type { Situation } from '../../../electron/emulator/mutants/mutant';
import { runMutant, runSituation } from '../../../electron/emulator/mutants/runMutant';
import { disconnectMutants } from '../../../electron/emulator/mutants/areas/disconnect';
import { indicateMutants } from '../../../electron/emulator/mutants/areas/indicate';
import { intermediateMutants } from '../../../electron/emulator/mutants/areas/intermediate';
import type { Mutant } from '../../../electron/emulator/mutants/mutant';
import type { RuleChecker } from '../../../shared/rules/engine/checker';
import type { RuleId } from '../../../shared/rules/catalogue';
import { implementedRules } from '../../../shared/rules/rules';

const only = (...ids: RuleId[]) => implementedRules.filter(({ id }) => ids.includes(id));

function mutantOf(mutants: readonly Mutant[], id: RuleId): Mutant {
  return mutants.find(({ breaks }) => breaks === id)!;
}

function expectInnocence({
  findings,
  coverage,
}: {
  findings: RuleChecker['findings'];
  coverage: number;
}): void {
  expect(coverage).toBeGreaterThan(0);
  expect(findings.map(({ rule, found }) => `${rule}: ${found}`)).toEqual([]);
}

function judged(checker: RuleChecker): Parameters<typeof expectInnocence>[0] {
  const coverage = checker.coverage().reduce((sum, { looks }) => sum + looks, 0);
  return { findings: checker.findings, coverage };
}

describe('drivers that are innocent', () => {
  it('SND-013: more is posted from inside the event that says that more is wanted', () => {
    const situation: Situation = {
      scenario: 'failover',
      fileBytes: 400_000,
      plan: { target: { sendBacklog: { smallest: 4096, largest: 2 ** 20, interval: 1_000_000 } } },
    };
    expectInnocence(judged(runSituation(only('SND-013'), situation).checker));
  });

  it('DSC-023, SND-028, RCV-006, FWD-015: the target aborts for a disconnect that asks for both kinds of close', () => {
    const rules = only('DSC-023', 'SND-028', 'RCV-006', 'FWD-015');
    expectInnocence(judged(runMutant(rules, mutantOf(disconnectMutants, 'DSC-003')).checker));
  });

  it('TMR-041: segments that come again leave the FIN_WAIT_2 timer alone', () => {
    expectInnocence(judged(runMutant(only('TMR-041'), mutantOf(disconnectMutants, 'DSC-013')).checker));
  });

  it('TRM-013: an adapter that has been halted indicates nothing', () => {
    const { situation } = mutantOf(indicateMutants, 'IND-030');
    const { checker } = runSituation(only('TRM-013'), situation);
    expect(checker.findings).toEqual([]);
  });

  it('TMR-056, TMR-060: what an earlier segment has made ready is no work of the push timer', () => {
    const rules = only('TMR-056', 'TMR-060');
    const { checker } = runMutant(rules, mutantOf(intermediateMutants, 'IMD-026'));
    expect(checker.findings).toEqual([]);
  });
});
