import { describe, expect, it } from 'vitest';
import { Random } from '../../shared/base/random';
import type { ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';
import { macAddress, neighborAddress, standbyInterface } from '../../electron/emulator/scenarios/topology';
import { defaultTargetLimits } from '../../electron/emulator/target/targetLimits';
import { runPlan } from '../harness/runPlan';
import { callsOf } from '../harness/traceQueries';
import { itKeepsTheTreeRules } from '../harness/treeRules';

/** State manipulation at random instants, for a while. */
function manipulate(run: ScenarioRun, random: Random, neighbors: number, mayMove: boolean, left = 120): void {
  if (left === 0) return;
  const { host, peers } = run.topology;
  const { offloads } = host;
  host.machine.queueWorkItem(random.nextBelow(200_000), () => {
    const { connection } = run.streams[random.nextBelow(run.streams.length)]!;
    const neighbor = random.nextBelow(neighbors);
    const address = neighborAddress(neighbor);
    const choice = random.nextBelow(9);
    if (choice === 0) host.changeNextHop(address, standbyInterface(neighbor).address);
    else if (choice === 1) host.changeNextHop(address, address);
    else if (choice === 2) offloads.offer(host.connections);
    else if (choice === 3 && mayMove) peers[neighbor]!.replaceMac(macAddress(0x200 + left));
    else if (connection !== undefined) {
      const { path } = connection;
      if (choice === 4) connection.offload();
      else if (choice === 5) connection.upload();
      else if (choice === 6) {
        connection.setOptions({ nagle: left % 2 === 0, receiveBuffer: 100_000 + random.nextBelow(300_000) });
      } else if (choice === 7) host.changePathMtu(path.destination, 800 + random.nextBelow(700));
      else if (left % 4 === 0) offloads.invalidate(left % 8 === 0 ? path.neighbor : path);
      else offloads.query(path, 'all', () => undefined);
    }
    manipulate(run, random, neighbors, mayMove, left - 1);
  });
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('trees of any shape at random instants, seed %i', (seed) => {
  const random = new Random(seed, 99);
  const connections = 5 + random.nextBelow(20);
  const neighbors = 1 + random.nextBelow(3);
  // An announcement of a new Ethernet address that is lost is never repeated: with loss nobody moves.
  const lossless = seed % 2 === 0;
  const { model, report } = runPlan(
    {
      connections,
      neighbors,
      paths: neighbors + random.nextBelow(4),
      connectInterval: random.nextBelow(300_000),
      offload: seed % 3 === 0 ? 'together' : 'each',
      target: {
        tcpCapacity: 5 + random.nextBelow(20),
        limits: {
          ...defaultTargetLimits,
          paths: 2 + random.nextBelow(6),
          contextAreas: 8 + random.nextBelow(40),
        },
      },
    },
    { fileBytes: connections * 60_000, seed, loss: lossless ? 0 : 0.01 },
    (run) => {
      manipulate(run, random, neighbors, lossless);
      return false;
    },
  );

  it('all streams arrive unchanged', () => {
    expect(report.summary).toMatch(/came back unchanged/);
  });

  it('there were offers, terminates and updates', () => {
    for (const name of [
      'MiniportInitiateOffload',
      'MiniportTerminateOffload',
      'MiniportUpdateOffload',
    ] as const)
      expect(callsOf(model, name).length, name).toBeGreaterThan(3);
  });

  itKeepsTheTreeRules(model);
});
