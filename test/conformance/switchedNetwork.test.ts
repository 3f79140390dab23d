/** Several hosts through a switch, each with a cable of its own. */
import { describe, expect, it } from 'vitest';
import { gigabitLink } from '../../electron/emulator/scenarios/scenarioSettings';
import { hashesAgree } from '../../shared/analysis/runReport';
import { runPlan } from '../harness/runPlan';

const slow = { ...gigabitLink, bitsPerSecond: 1e8, delay: 2_000_000, loss: 0 };
const lossy = { ...gigabitLink, loss: 0.01, impairments: { reorder: 0.02, duplicate: 0.02 } };

describe('several hosts through a switch', () => {
  const { model, report } = runPlan(
    {
      connections: 6,
      neighbors: 3,
      paths: 3,
      switch: { hostLinks: [{ ...gigabitLink, loss: 0 }, slow, lossy] },
    },
    { fileBytes: 600_000 },
  );

  it('each get their connections’ bytes and send them back, offloaded in between', () => {
    expect(hashesAgree(report)).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(100_000);
  });

  it('count a frame once, however many cables it passes', () => {
    const own = model.frames.frames.filter(({ forwarded }) => !forwarded);
    expect(report.frames.sent).toBe(own.length);
    const { host, chimney, peer } = model.frames.totals;
    expect(host.frames + chimney.frames + peer.frames).toBe(own.length);
    expect(host.newBytes + chimney.newBytes).toBe(report.fileBytes);
    expect(model.frames.frames.length).toBeGreaterThan(1.9 * own.length);
  });

  it('have interfaces of their own, and so has each port of the switch', () => {
    const names = model.store!.components.map(({ name }) => name);
    for (const port of [1, 2, 3, 4]) expect(names).toContain(`Switch port ${port}`);
    for (const host of [1, 2, 3]) expect(names).toContain(`Echo server ${host}`);
  });

  it('fail over from one port of the switch to another with their team', () => {
    const failedOver = runPlan(
      {
        connections: 4,
        neighbors: 2,
        paths: 2,
        team: { adapters: 2, mode: 'failover', layers: 1 },
        switch: { hostLinks: [slow] },
      },
      { fileBytes: 600_000 },
      ({ progress, topology }) => {
        if (progress < 0.3) return true;
        topology.adapters[0]!.link.setCarrier(false);
        return false;
      },
    );
    expect(hashesAgree(failedOver.report)).toBe(true);
    const ports = failedOver.model.store!.components.filter(({ name }) => /port [12]$/.test(name));
    for (const { id } of ports)
      expect(failedOver.model.frames.frames.some(({ sender }) => sender === id)).toBe(true);
  });
});
