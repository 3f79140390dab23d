import { describe, expect, it } from 'vitest';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { implementedRules } from '../../../shared/rules/rules';
import { TraceReader } from '../../../shared/trace/traceReader';
import { runSituation } from '../../../electron/emulator/mutants/runMutant';
import { runCheckedSoak } from '../../../electron/emulator/mutants/runSoak';
import { cleanScenarios } from '../../harness/carryingScenarios';
import { recordScenario } from '../../harness/recordScenario';

/** What a checker has to say, a line each; rules that threw included. */
function complaints(checker: RuleChecker): string[] {
  return [
    ...checker
      .coverage()
      .flatMap(({ rule, failure }) => (failure === undefined ? [] : [`${rule} threw: ${failure}`])),
    ...checker.findings.map(({ rule, found, events }) => `${rule} at events ${events.join(', ')}: ${found}`),
  ];
}

describe('rules have nothing to say of drivers that keep to them', () => {
  it.each(cleanScenarios)('in the scenario %s', (scenario) => {
    const { checker, accident } = runSituation(implementedRules, { scenario, fileBytes: 100_000 });
    expect(accident).toBeUndefined();
    expect(complaints(checker)).toEqual([]);
  });

  it.each(['update-everything', 'terminate-with-data', 'failover'] as const)(
    'in the scenario %s over IPv6',
    (scenario) => {
      const { checker } = runSituation(implementedRules, { scenario, settings: { ipVersions: 'ipv6' } });
      expect(complaints(checker)).toEqual([]);
    },
  );

  it.each(Array.from({ length: 12 }, (_, index) => 500 + index))('in a soak of seed %i', (seed) => {
    const { checker, result } = runCheckedSoak(implementedRules, { seed, connections: 6 });
    expect(result.findings).toEqual([]);
    expect(complaints(checker)).toEqual([]);
  });
});

/** Soaks of 50 connections in which rules found defects of the emulator, with what was wrong. */
const onceBroken = [
  [5, 'PWR-002: a neighbor was offered for a relink while the target had asked for a pause'],
  [38, 'TRM-018: a terminate was completed while a status was on its way up on another processor'],
  [11, 'UPD-009: a relink under way was asked for again'],
  [498, 'TRM-031: what an upload sent at last was missing in the recorded state'],
  [530, 'RCV-019: receives of a stopped connection came back out of order'],
  [743, 'TMR-013: TotalRT counted the part of a timeout that had passed before it was zeroed'],
  [
    1891,
    'CAP-013: a resume that was put off opened the target while it was paused anew, and a capacity went unreported',
  ],
  [773, 'CTX-017: a connection whose terminate had overtaken an invalidation asked for its upload'],
  [1059, 'TRM-017: a terminate overtook a forward on another processor'],
  [1312, 'RCV-033: a receive was refused while an indication of the connection was under way'],
  [40086, 'TRM-040: the host stack sent on a connection whose offer it had made up already'],
] as const;

describe('rules find no more what they once found in soaks', () => {
  it.each(onceBroken)('seed %i, %s', (seed) => {
    const { checker, result } = runCheckedSoak(implementedRules, { seed, connections: 50 });
    expect(result.findings).toEqual([]);
    expect(complaints(checker)).toEqual([]);
  });
});

describe('rules say the same of a run while it is recorded and of its trace', () => {
  it.each(cleanScenarios)('in the scenario %s', (scenario) => {
    const fileBytes = 40_000;
    const live = runSituation(implementedRules, { scenario, fileBytes, settings: { loss: 0.01 } });
    const offline = new RuleChecker(implementedRules);
    const reader = new TraceReader([offline]);
    reader.push(recordScenario(scenario, { fileBytes, loss: 0.01 }).bytes);
    reader.close();
    offline.finish();
    expect(offline.findings).toEqual(live.checker.findings);
    expect(offline.coverage()).toEqual(live.checker.coverage());
  });
});
