import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTrustedDriverModule } from '../../electron/drivers/driverModule';
import { scenarioIds } from '../../shared/contract/scenarios';
import { recordScenario } from '../harness/recordScenario';

const file = path.resolve(import.meta.dirname, '../../examples/minimal-intermediate/driver.ts');
const loaded = await loadTrustedDriverModule(file);
if (!loaded.ok) throw new Error(loaded.error);
const drivers = { intermediate: loaded.value };

describe('try', () => {
  it.each(scenarioIds)('%s', (scenario) => {
    const { report } = recordScenario(scenario, { drivers, loss: 0.01 });
    console.log(scenario, report.summary, report.bytesSent, report.bytesReceived, report.optionalHandlersCalls);
    expect(report.success).toBe(true);
  });
});
