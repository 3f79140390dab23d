/** What each example driver must show, whichever place it takes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DriverModules } from '../../electron/emulator/scenarios/moduleDriver';
import { describeOutstanding } from '../../electron/emulator/observe/outstanding';
import { carryingScenarios } from './carryingScenarios';
import { scenarioPlans } from '../../electron/emulator/scenarios/scenarioPlan';
import { exampleFile } from './driverModule';
import { recordScenario } from './recordScenario';
import { runPlan } from './runPlan';
import { callersOf, callsOf } from './traceQueries';
import { itKeepsTheTreeRulesAtEachEdge } from './treeRules';

/** Most lines of an example. */
const mostLines = 300;

/** Declares the tests of an example in `folder`. */
export function itIsAGoodExample(folder: string, drivers: DriverModules): void {
  it(`has fewer than ${mostLines} lines`, () => {
    const lines = readFileSync(exampleFile(folder, 'driver.ts'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThan(mostLines);
  });

  it('imports chimneysweep/kit and nothing else', () => {
    const text = readFileSync(exampleFile(folder, 'driver.ts'), 'utf8');
    const imported = [...text.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
    expect(new Set(imported)).toEqual(new Set(['chimneysweep/kit']));
  });

  describe('in a transfer with loss', () => {
    const { model, report, run } = runPlan({}, { fileBytes: 1_000_000, loss: 0.01, seed: 3, drivers });

    it('carries most of the bytes through the chimney, all of them right', () => {
      expect(report.summary).toMatch(/came back unchanged/);
      expect(report.sha256.returned).toBe(report.sha256.source);
      expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
      expect(report.bytesReceived.chimney).toBeGreaterThan(report.bytesReceived.hostPath);
    });

    it('REG-003 REG-007: registers with two NdisSetOptionalHandlers calls inside each MiniportSetOptions', () => {
      const inside = callsOf(model, 'NdisSetOptionalHandlers').filter((call) =>
        callersOf(model, call).includes('MiniportSetOptions'),
      );
      for (const setOptions of callsOf(model, 'MiniportSetOptions'))
        expect(inside.filter(({ parent }) => parent === setOptions.event)).toHaveLength(2);
      expect(inside.length).toBe(2 * callsOf(model, 'MiniportSetOptions').length);
    });

    it('leaves nothing outstanding', () => {
      const { host, ndis, adapters, pool } = run.topology;
      expect([
        ...describeOutstanding('NDIS', ndis.outstanding),
        ...describeOutstanding('host stack', host.outstanding),
        ...adapters.flatMap(({ target }) => describeOutstanding('target', target.outstanding)),
      ]).toEqual([]);
      expect(pool.outstanding).toBe(0);
    });

    itKeepsTheTreeRulesAtEachEdge(model);
  });

  describe.each(['link-loss', 'power-down'] as const)('in scenario %s', (scenario) => {
    const { model, report } = recordScenario(scenario, { seed: 2, drivers });

    it('gives the connection back and takes it a second time', () => {
      expect(report.summary).toMatch(/came back unchanged/);
      const owners = model.states.ownershipSpans(2).map((span) => span.owner);
      const stay = ['offloading', 'target', 'uploading', 'host'];
      expect(owners).toEqual(['host', ...stay, ...stay]);
      expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
    });

    itKeepsTheTreeRulesAtEachEdge(model);
  });

  // A driver from a module has one adapter below it: there is nothing that could stand in for that.
  const others = carryingScenarios.filter((scenario) => scenarioPlans[scenario].team?.mode !== 'failover');

  it.each(others)('brings every byte of scenario %s home', (scenario) => {
    const { report } = recordScenario(scenario, { seed: 5, loss: 0.01, fileBytes: 400_000, drivers });
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.sha256.returned).toBe(report.sha256.source);
  });
}
