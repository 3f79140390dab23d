/** The built-in scenarios over IPv6: nothing in them may depend on the IP version. */
import { describe, expect, it } from 'vitest';
import { silentProbe } from '../harness/silentProbe';
import { ScenarioRun, inventFile } from '../../electron/emulator/scenarios/scenarioRun';
import { carryingScenarios } from '../harness/carryingScenarios';

/** Scenarios whose length the file decides, with bytes enough for everything that happens in them. */
const fileBytes = 192 * 1024;

/** The thousand connections are the same code as thirty. */
const scenarios = carryingScenarios.filter((id) => id !== 'bulk-offload');

describe.each(['ipv6', 'both'] as const)('over %s', (ipVersions) => {
  it.each(scenarios)('%s carries its bytes', (scenario) => {
    const file = inventFile(1, fileBytes);
    const run = new ScenarioRun(silentProbe(), { scenario, seed: 1, loss: 0, file, ipVersions });
    while (run.advance(50_000));
    const report = run.report(false);
    expect(report.summary).toMatch(/^All \d+ bytes came back unchanged/);
    const versions = new Set(run.topology.destinations.map(({ address }) => address.length));
    expect([...versions]).toEqual(ipVersions === 'ipv6' ? [16] : versions.size === 1 ? [4] : [4, 16]);
    if (scenario !== 'no-tcp-entries') expect(report.bytesSent.chimney).toBeGreaterThan(0);
  });
});
