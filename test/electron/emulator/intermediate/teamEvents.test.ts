import { describe, expect, it } from 'vitest';
import { devicePowerStates } from '../../../../electron/emulator/ndis/characteristics';
import { macAddress, standbyInterface } from '../../../../electron/emulator/scenarios/topology';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { TeamBench, type TeamBenchChoices } from '../../../harness/teamBench';
import { heldBy } from '../../../harness/heldBy';

/** Objects that each adapter has at this moment. */
function objectsOf(bench: TeamBench): number[] {
  return bench.topology.adapters.map(({ target }) => target.offloadedObjects);
}

function places(bench: TeamBench): string[] {
  return [...new Set(bench.streams.map(({ connection }) => connection.place))];
}

/** Declares what holds at the end of every run; call it inside a describe. */
function itEndsWell(bench: TeamBench): void {
  it('every stream comes back unchanged', () => {
    const ends = bench.streams.map((stream) =>
      stream.isUnchanged() ? 'unchanged' : stream.application.ended,
    );
    expect(new Set(ends)).toEqual(new Set(['unchanged']));
  });

  it('IMD-014 IMD-024: every request has been completed once on every layer', () => {
    expect(bench.unevenCompletions()).toEqual([]);
  });

  it('IMD-020: nothing is left in any driver', () => {
    const { adapters, intermediates } = bench.topology;
    const left = heldBy(
      intermediates,
      adapters.map(({ target }) => target),
    );
    expect(left).toEqual(left.map(() => 0));
  });
}

function start(choices: TeamBenchChoices = {}, connections = 6, fileBytes = 800_000): TeamBench {
  const bench = new TeamBench({ neighbors: 2, paths: 3, ...choices });
  bench.startOffloaded(connections, fileBytes);
  bench.runFor(2e6);
  return bench;
}

const layers = [1, 2] as const;

describe.each([1, 2, 3])('failover under load with loss, %i layers', (count) => {
  const bench = start({ loss: 0.005, team: { layers: count } });
  const before = objectsOf(bench);
  const sends = bench.callsOf('NdisOffloadTcpSend').length;
  bench.offers = false;
  bench.adapter(0).link.setCarrier(false);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runFor(1e6);
  const between = objectsOf(bench);
  bench.offers = true;
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const after = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('everything was with the first adapter, with sends outstanding', () => {
    expect(before[0]).toBeGreaterThan(6);
    expect(before[1]).toBe(0);
    expect(sends).toBeGreaterThan(0);
  });

  it('PWR-008: everything comes back, and is offloaded again on the other adapter', () => {
    expect(between).toEqual([0, 0]);
    expect(after[0]).toBe(0);
    expect(after[1]).toBeGreaterThan(6);
  });

  it('the host stack hears UPLOAD_ALL and OFFLOAD_RESUME, and nothing of the link', () => {
    const told = bench.statusesOf(bench.components[bench.team.driver.component]!);
    // What members tell of their task offload when they are bound is passed on as it is.
    const ofState = told.filter((status) => !/TASK_OFFLOAD|ENCASPULATION/.test(status));
    expect(ofState).toEqual(['NDIS_STATUS_UPLOAD_ALL', 'NDIS_STATUS_OFFLOAD_RESUME']);
  });

  it('PWR-009: it is told to resume after the last termination has been completed', () => {
    const resume = bench
      .callsOf('NdisMIndicateStatusEx', bench.components[bench.team.driver.component])
      .find((call) => call.statusCode === NDIS_STATUS.OFFLOAD_RESUME);
    const terminations = bench
      .callsOf('ProtocolTerminateOffloadComplete', 'Host TCP/IP stack')
      .filter((call) => call.event < resume!.event);
    const asked = bench
      .callsOf('NdisTerminateOffload', 'Host TCP/IP stack')
      .filter((call) => call.event < resume!.event);
    expect(terminations.length).toBe(asked.length);
  });
});

describe('the first adapter comes back', () => {
  const bench = start({}, 6, 2_000_000);
  bench.adapter(0).link.setCarrier(false);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  bench.adapter(0).link.setCarrier(true);
  bench.runFor(3e6);
  const kept = objectsOf(bench);
  bench.adapter(1).link.setCarrier(false);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const back = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('nothing moves while the other adapter can carry everything', () => {
    expect(kept[0]).toBe(0);
    expect(kept[1]).toBeGreaterThan(6);
  });

  it('it takes over when the other one fails', () => {
    expect(back[0]).toBeGreaterThan(6);
    expect(back[1]).toBe(0);
  });
});

describe.each(layers)('both links down and up again, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  for (const adapter of bench.topology.adapters) adapter.link.setCarrier(false);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runFor(30e6);
  const told = bench.statusesOf(bench.components[bench.team.driver.component]!);
  for (const adapter of bench.topology.adapters) adapter.link.setCarrier(true);
  bench.finish();

  itEndsWell(bench);

  it('PWR-013: the link of the team is down', () => {
    expect(told).toContain('NDIS_STATUS_LINK_STATE');
  });

  it('connections are offloaded again', () => {
    const taken = bench.callsOf('ProtocolInitiateOffloadComplete', 'Host TCP/IP stack');
    expect(taken.length).toBeGreaterThan(6);
  });
});

describe('load balancing', () => {
  const bench = start({ neighbors: 4, paths: 4, team: { mode: 'load-balancing' } }, 8);
  const shares = objectsOf(bench);
  const forwards = bench.callsOf('NdisOffloadTcpForward').length;
  bench.finish();

  itEndsWell(bench);

  it('spreads the neighbors', () => {
    expect(shares).toEqual([8, 8]);
  });

  it('every neighbor’s frames take one link, both ways', () => {
    const targets = ['Offload target 1', 'Offload target 2'].map((name) => bench.component(name));
    const links = new Map<string, Set<number>>();
    for (const { sender, receiver, bytes } of bench.frames) {
      const outward = targets.includes(sender);
      const neighbor = outward ? bytes[5] : bytes[11];
      if (bytes[12] !== 8 || bytes[13] !== 0) continue;
      const used = links.get(String(neighbor)) ?? new Set<number>();
      used.add(outward ? sender : receiver!);
      links.set(String(neighbor), used);
    }
    expect(links.size).toBe(4);
    for (const used of links.values()) expect(used.size).toBe(1);
    expect(new Set([...links.values()].flatMap((used) => [...used])).size).toBe(2);
  });

  it('nothing goes the forward way while nothing changes', () => {
    expect(bench.callsOf('NdisOffloadTcpForward').length).toBe(forwards);
  });
});

describe('load balancing when a member comes and goes', () => {
  const bench = start({ neighbors: 4, paths: 4, team: { mode: 'load-balancing' } }, 8, 1_500_000);
  bench.adapter(1).link.setCarrier(false);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const alone = objectsOf(bench);
  bench.adapter(1).link.setCarrier(true);
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const both = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('the member that is left has everything, and gives half of it away again', () => {
    // Four neighbors with a path each, and eight connections.
    expect(alone).toEqual([16, 0]);
    expect(both).toEqual([8, 8]);
  });

  it('CAP-015: the host stack reads the sum of capacities of those that are there', () => {
    expect(bench.topology.host.capabilities?.TcpConnectionOffloadCapacity).toBe(2048);
  });
});

describe('a neighbor gets another Ethernet address, which falls to the other link', () => {
  const bench = start({ neighbors: 2, paths: 2, team: { mode: 'load-balancing' } }, 4);
  const before = objectsOf(bench);
  bench.topology.peers[0]!.replaceMac(macAddress(0x201));
  bench.finish();

  itEndsWell(bench);

  it('its segments arrive at the other member and reach the chimney by the forward way', () => {
    expect(before).toEqual([4, 4]);
    const forwards = bench.callsOf('MiniportTcpOffloadForward', 'Offload target 1');
    expect(forwards.length).toBeGreaterThan(0);
  });
});

describe('a path moves to a neighbor of the other member', () => {
  const bench = start({ neighbors: 2, paths: 4, team: { mode: 'load-balancing' } }, 4);
  const { host, destinations } = bench.topology;
  const target = bench.callsOf('MiniportUpdateOffload', 'Offload target 2').length;
  // The third destination lies behind the first neighbor, and can be reached through its second interface as well.
  const nextHop = standbyInterface(0).address;
  bench.passively(() => {
    host.changeNextHop(destinations[2]!.address, nextHop);
  });
  bench.runFor(3e6);
  const update = bench.callsOf('NdisUpdateOffload', 'Host TCP/IP stack');
  const updates = bench.callsOf('MiniportUpdateOffload', 'Offload target 2').length;
  bench.finish();

  itEndsWell(bench);

  it('the update is made, and answered with failure without reaching a target', () => {
    expect(update.length).toBeGreaterThan(0);
    expect(updates).toBe(target);
  });

  it('the host stack takes the path back, and it is offloaded behind its new neighbor', () => {
    const stream = bench.streams[2]!;
    expect(stream.connection.path.neighbor.address).toEqual(nextHop);
    const initiates = bench.callsOf('MiniportInitiateOffload', 'Offload target 2');
    expect(initiates.length).toBeGreaterThan(2);
  });
});

describe.each(layers)('a member asks for everything back, pauses and resumes, %i layers', (count) => {
  const bench = start({ team: { layers: count, mode: 'load-balancing' } });
  const { target } = bench.adapter(0);
  target.uploadAll();
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runFor(2e6);
  const during = objectsOf(bench);
  target.resumeOffload();
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  target.pauseOffload();
  bench.runFor(2e6);
  const paused = places(bench);
  target.resumeOffload();
  bench.finish();

  itEndsWell(bench);

  it('PWR-007: nothing is offloaded until it resumes', () => {
    expect(during).toEqual([0, 0]);
  });

  it('PWR-005: a pause leaves what is offloaded alone', () => {
    expect(paused).toEqual(['Offloaded']);
  });
});

describe.each(layers)('a member sleeps and wakes, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  let asleep = false;
  let awake = false;
  bench.setPower(0, 'D3', () => (asleep = true));
  bench.runUntil(() => asleep);
  const slept = bench.calls.length;
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const during = objectsOf(bench);
  bench.setPower(0, 'D0', () => (awake = true));
  bench.runUntil(() => awake);
  bench.finish();

  itEndsWell(bench);

  it('PWR-016 PWR-017: what it had is back before it sleeps', () => {
    const names = bench.calls.slice(0, slept).map((call) => call.functionName);
    expect(names.lastIndexOf('NdisMTerminateOffloadComplete')).toBeLessThan(
      names.lastIndexOf('MiniportOidRequest'),
    );
  });

  it('PWR-019: the other one carries everything meanwhile', () => {
    expect(during[0]).toBe(0);
    expect(during[1]).toBeGreaterThan(6);
  });
});

describe.each(layers)('the team sleeps and wakes, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  const { life } = bench.topology.ndis;
  const statuses: number[] = [];
  const set = (state: 'D0' | 'D3') => {
    bench.machine.queueWorkItem(0, () => {
      life.setPower(bench.team.miniportHandle, devicePowerStates[state], (status) => statuses.push(status));
    });
    bench.runUntil(() => statuses.length === (state === 'D3' ? 1 : 2));
  };
  set('D3');
  const objects = objectsOf(bench);
  bench.runFor(10e6);
  const received = bench.callsOf('ProtocolReceiveNetBufferLists', 'Host TCP/IP stack').length;
  bench.runFor(50e6);
  const later = bench.callsOf('ProtocolReceiveNetBufferLists', 'Host TCP/IP stack').length;
  set('D0');
  bench.finish();

  itEndsWell(bench);

  it('PWR-017: it reports its sleep when nothing is offloaded any more', () => {
    expect(statuses).toEqual([NDIS_STATUS.SUCCESS, NDIS_STATUS.SUCCESS]);
    expect(objects).toEqual([0, 0]);
  });

  it('it indicates no packets while it sleeps', () => {
    expect(later).toBe(received);
  });
});

describe.each(layers)('the team is paused and restarted, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  const { life } = bench.topology.ndis;
  let step = 0;
  bench.machine.queueWorkItem(0, () => {
    life.pause(bench.team.miniportHandle, () => step++);
  });
  bench.runUntil(() => step === 1);
  const objects = objectsOf(bench);
  const sent = bench.callsOf('MiniportSendNetBufferLists').length;
  bench.runFor(20e6);
  const later = bench.callsOf('MiniportSendNetBufferLists').length;
  bench.machine.queueWorkItem(0, () => {
    life.restart(bench.team.miniportHandle, () => step++);
  });
  bench.finish();

  itEndsWell(bench);

  it('PWR-015: everything has come back when it pauses, and nothing passes until it restarts', () => {
    expect(objects).toEqual([0, 0]);
    expect(later).toBe(sent);
    expect(step).toBe(2);
  });
});

describe.each(layers)('one member is removed by surprise, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  const { life } = bench.topology.ndis;
  const { target, link } = bench.adapter(0);
  let removed = false;
  bench.machine.queueWorkItem(0, () => {
    link.setCarrier(false);
    life.surpriseRemove(target.miniportHandle, () => (removed = true));
  });
  bench.runUntil(() => removed);
  const halted = bench.callsOf('MiniportHaltEx').length;
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const after = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('it is halted, and the other one takes over', () => {
    expect(halted).toBe(1);
    expect(after[1]).toBeGreaterThan(6);
  });
});

describe('a member that was removed comes back', () => {
  const bench = start({ team: { mode: 'load-balancing' } }, 6, 2_000_000);
  const { life, registration } = bench.topology.ndis;
  let removed = false;
  bench.machine.queueWorkItem(0, () => {
    life.halt(bench.adapter(1).target.miniportHandle, () => (removed = true));
  });
  bench.adapter(1).link.setCarrier(false);
  bench.runUntil(() => removed);
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const parameters = bench.callsOf('MiniportOidRequest', 'Offload target 2').length;
  bench.machine.queueWorkItem(0, () => {
    bench.adapter(1).link.setCarrier(true);
    registration.startAdapters();
  });
  bench.runUntil(() => places(bench).join() === 'InHost');
  bench.runUntil(() => places(bench).join() === 'Offloaded');
  const after = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('CAP-002: it is told what is in force, filter and parameters included, before anything is offloaded to it', () => {
    const told = bench.callsOf('MiniportOidRequest', 'Offload target 2').slice(parameters);
    const oids = told.map((call) => call.oid);
    expect(oids).toContain(constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS'));
    expect(oids).toContain(constantValue('OID_GEN_CURRENT_PACKET_FILTER'));
  });

  it('it takes its share again', () => {
    expect(after[0]).toBeGreaterThan(0);
    expect(after[1]).toBeGreaterThan(0);
  });
});

describe.each(layers)('all members are removed by surprise, %i layers', (count) => {
  const bench = start({ team: { layers: count } });
  const { life } = bench.topology.ndis;
  let removed = 0;
  for (const { target, link } of bench.topology.adapters)
    bench.machine.queueWorkItem(0, () => {
      link.setCarrier(false);
      life.surpriseRemove(target.miniportHandle, () => removed++);
    });
  bench.runUntil(() => removed === 2);
  bench.runFor(20e6);

  it('every connection is with the host stack', () => {
    expect(places(bench)).toEqual(['InHost']);
  });

  it('the virtual miniports go with the last of what is below them', () => {
    expect(bench.callsOf('MiniportHaltEx')).toHaveLength(2 + count);
    expect(bench.callsOf('NdisIMDeInitializeDeviceInstance')).toHaveLength(count);
    expect(bench.callsOf('NdisCloseAdapterEx', 'Host TCP/IP stack')).toHaveLength(1);
  });

  it('IMD-014 IMD-024: every request has been completed once on every layer', () => {
    expect(bench.unevenCompletions()).toEqual([]);
  });
});

describe.each(layers)('opens that pend, %i layers', (count) => {
  const bench = start({ ndis: { opensPend: true }, team: { layers: count, mode: 'load-balancing' } });
  const objects = objectsOf(bench);
  bench.finish();

  itEndsWell(bench);

  it('the team comes up when its members have been opened, and connections are offloaded', () => {
    const first = bench.callsOf('NdisIMInitializeDeviceInstanceEx')[0]!;
    const opened = bench
      .callsOf('ProtocolOpenAdapterCompleteEx', 'Teaming driver')
      .filter((call) => call.event < first.event);
    expect(opened).toHaveLength(2);
    expect(objects.every((share) => share > 0)).toBe(true);
  });

  it('each bind that pended is completed once', () => {
    expect(bench.callsOf('NdisCompleteBindAdapterEx', 'Teaming driver')).toHaveLength(2);
  });
});
