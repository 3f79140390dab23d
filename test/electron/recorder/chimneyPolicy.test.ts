import { describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { netstatAt } from '../../../shared/analysis/netstat';
import { TraceModel } from '../../../shared/analysis/traceModel';
import type { ChimneyRequest } from '../../../shared/contract/chimneyRequest';

/** Records the transfer scenario with a policy over links of 10 Gb/s, or of another rate. */
function recorded(chimney: ChimneyRequest, bitsPerSecond = 10e9) {
  const model = new TraceModel();
  const settings = {
    scenario: 'transfer',
    seed: 1,
    loss: 0,
    file: inventFile(1, 600_000),
    chimney,
    link: { bitsPerSecond },
  } as const;
  const recording = new Recording('test', settings, 'made up', {
    write: (bytes) => {
      model.push(bytes.slice());
    },
  });
  while (recording.advance(1000));
  return { model, report: recording.finish(false) };
}

describe('a scenario with a chimney policy', () => {
  it('automatic: the connection goes into the chimney after 130 KB, and all bytes arrive', () => {
    const { model, report } = recorded({ state: 'automatic' });
    expect(report.success).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(0);
    expect(report.bytesSent.hostPath + report.bytesReceived.hostPath).toBeGreaterThan(130 * 1024);
    expect(netstatAt(model, report.virtualTime / 2)).toHaveLength(1);
  });

  it.each([
    ['disabled', { state: 'disabled' }, 10e9],
    ['automatic, with a rule against the port', { state: 'automatic', ports: { 7: 'disabled' } }, 10e9],
    ['automatic, over a gigabit link', { state: 'automatic' }, 1e9],
    [
      'enabled, with a rule against the application',
      { state: 'enabled', applications: { transfer: 'disabled' } },
      10e9,
    ],
  ] as const)('%s: everything takes the host path', (_what, chimney, rate) => {
    const { report } = recorded(chimney, rate);
    expect(report.success).toBe(true);
    expect(report.bytesSent.chimney).toBe(0);
  });

  it('enabled: the connection goes into the chimney at once', () => {
    const { report } = recorded({ state: 'enabled' }, 1e9);
    expect(report.success).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
  });

  it('the header says what was asked for, and equal settings give equal traces', () => {
    const chimney = { state: 'automatic', ports: { 7: 'enabled' } } as const;
    const first = recorded(chimney, 1e9);
    const second = recorded(chimney, 1e9);
    expect(JSON.parse(String(first.model.store!.header.settings['chimney']))).toEqual(chimney);
    expect(first.report).toEqual(second.report);
    expect(first.model.store!.length).toBe(second.model.store!.length);
  });
});
