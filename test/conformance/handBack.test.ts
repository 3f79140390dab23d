import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { Machine } from '../../electron/emulator/machine/machine';
import type { ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';
import { buildTopology, neighborAddress, standbyInterface } from '../../electron/emulator/scenarios/topology';
import { runPlan } from '../harness/runPlan';
import { silentProbe } from '../harness/silentProbe';
import { callsOf, recordOf } from '../harness/traceQueries';

const fileBytes = 512 * 1024;

/** What host stack and NDIS still have of lists and objects. */
function leftovers({ topology: { host, ndis } }: ScenarioRun) {
  const { 'open requests': open, 'known offload handles': handles } = ndis.outstanding;
  return { open, handles, posted: host.outstanding['posted lists'] };
}

describe('sends that a refused initiate has carried', () => {
  const { run, report } = runPlan({ target: { tcpCapacity: 0 } }, { fileBytes });

  it('partial-offloads-and-offload-failures: are the host stack’s again, and NDIS has forgotten them and the connection', () => {
    expect(report.success).toBe(true);
    expect(leftovers(run)).toEqual({ open: 0, handles: 0, posted: 0 });
  });
});

describe('sends that come back in the chain of a terminate', () => {
  const { run, model, report } = runPlan({ halfway: 'invalidate-neighbor' }, { fileBytes });
  const completed = (name: 'NdisMTerminateOffloadComplete' | 'ProtocolTerminateOffloadComplete') =>
    callsOf(model, name).flatMap((call) =>
      call.completes.map((event) => model.calls.at(event)!.functionName),
    );

  it('TRM-026: end with the completion of the terminate, on both sides of NDIS', () => {
    expect(completed('NdisMTerminateOffloadComplete')).toContain('MiniportTcpOffloadSend');
    expect(completed('ProtocolTerminateOffloadComplete')).toContain('NdisOffloadTcpSend');
  });

  it('nobody remembers them, nor the handles of what has been terminated', () => {
    expect(report.success).toBe(true);
    expect(leftovers(run)).toEqual({ open: 0, handles: 0, posted: 0 });
  });
});

describe('a connection that is taken below a neighbor invalidated in the meantime', () => {
  const { model, report } = runPlan(
    { connections: 2, connectInterval: 2_000_000 },
    { fileBytes },
    ({ topology: { host }, streams }) => {
      const [first, second] = streams.map((stream) => stream.connection);
      if (first?.place !== 'Offloaded' || second?.place !== 'Offloading') return true;
      host.whenIdle(() => {
        host.offloads.invalidate(second.path.neighbor);
      });
      return false;
    },
  );

  it('INV-005: asks for its upload with InvalidState, as the one that was there before does', () => {
    const events = callsOf(model, 'ProtocolTcpOffloadEvent').filter((call) => {
      const [type, information] = ['EventType', 'EventSpecificInformation'].map((name) =>
        recordOf(model, call).arguments.find((argument) => argument.name === name)!,
      );
      return (
        type?.kind === 'number' &&
        type.value === constantValue('TcpIndicateRetrieve') &&
        information?.kind === 'number' &&
        information.value === constantValue('InvalidState')
      );
    });
    expect(events.map((call) => call.connection).sort()).toEqual([0, 1]);
  });

  it('INV-008: both come back, and the streams arrive unchanged', () => {
    expect(callsOf(model, 'MiniportInvalidateOffload')).toHaveLength(1);
    expect(report.summary).toMatch(/came back unchanged/);
  });
});

describe('a connect while the route to its path has just changed', () => {
  const machine = new Machine(silentProbe(), 1);
  const topology = buildTopology(machine, { paths: 1, neighbors: 1, target: {} }, 0, () => undefined);
  const { host, link, ndis, target } = topology;
  const connected: string[] = [];
  const user = (name: string) => ({
    onConnected: () => connected.push(name),
    onData: () => undefined,
    onPeerClosed: () => undefined,
    onClosed: () => undefined,
  });
  machine.queueWorkItem(0, () => {
    target.load();
    host.load();
    ndis.registration.startAdapters();
    // The standby interface answers ARP.
    host.connect(standbyInterface(0).address, 7, user('standby'));
  });
  machine.queueWorkItem(1_000_000, () => {
    // The neighbor itself does not: its path waits for an Ethernet address.
    link.setCarrier(false);
    host.connect(neighborAddress(0), 7, user('first'));
  });
  machine.queueWorkItem(2_000_000, () => {
    link.setCarrier(true);
    host.changeNextHop(neighborAddress(0), standbyInterface(0).address);
    host.connect(neighborAddress(0), 7, user('second'));
  });
  while (machine.scheduler.nextTime < 10e9) machine.step();

  it('RFC 1122 section 2.3.2.2: sends nothing before its own next hop has an address, and connects then', () => {
    expect(connected).toContain('second');
    expect(connected).toContain('first');
  });

  it('no frame is counted as under way for ever', () => {
    expect(host.outstanding['frames under way']).toBe(0);
  });
});
