import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import type { StateLayer } from '../../shared/trace/records';
import type { AttachedState } from '../../electron/emulator/ndis/offloadState';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import type { StateClasses } from '../../electron/emulator/host/unfilledState';
import type { ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';
import { macAddress, neighborAddress, standbyInterface } from '../../electron/emulator/scenarios/topology';
import { defaultTargetLimits } from '../../electron/emulator/target/targetLimits';
import { tagOf, vlanTagLength } from '../../electron/emulator/wire/vlanTag';
import { runPlan, type PlannedRun } from '../harness/runPlan';
import { blocksOf, callsOf, membersOf } from '../harness/traceQueries';
import { itKeepsTheTreeRules } from '../harness/treeRules';
import { attachedStates } from '../harness/attachedStates';

const fileBytes = 1024 * 1024;

/** Runs until every connection is offloaded, and does `work` once, as the host stack does what its user asks. */
function whileOffloaded(
  work: (run: ScenarioRun, connection: HostConnection) => void,
  plan: Parameters<typeof runPlan>[0] = {},
): PlannedRun {
  return runPlan(plan, { fileBytes }, (run) => {
    if (!run.streams.every((stream) => stream.connection?.place === 'Offloaded')) return true;
    run.topology.host.whenIdle(() => {
      work(run, run.streams[0]!.connection!);
    });
    return false;
  });
}

/** Does `then` when `done` holds, looking every 50 µs of virtual time. */
function poll(run: ScenarioRun, done: () => boolean, then: () => void): void {
  run.topology.host.kernel.queueWorkItem(() => {
    if (done()) then();
    else poll(run, done, then);
  }, 50_000);
}

/** Cached structures that updates have carried, in order. */
function updatesOf({ model }: PlannedRun, structure: 'TCP' | 'PATH' | 'NEIGHBOR') {
  return callsOf(model, 'MiniportUpdateOffload').flatMap((call) =>
    blocksOf(model, call)
      .flatMap((block) => attachedStates(block))
      .filter((state) => state.structure === `${structure}_OFFLOAD_STATE_CACHED`)
      .map((state) => membersOf(state.structure, state.bytes)),
  );
}

/** Frames of the chimney that left after the nth update had been completed. */
function chimneyFramesAfterUpdate({ model }: PlannedRun, index = 0): Uint8Array[] {
  const completed = callsOf(model, 'NdisMUpdateOffloadComplete')[index]!;
  return model.frames.frames
    .filter((frame) => frame.path === 'chimney' && frame.sent > completed.start + 100_000)
    .map((frame) => {
      const record = model.store!.record(frame.event);
      if (record.kind !== 'frame') throw new Error('no frame');
      return record.bytes;
    });
}

describe('an update of every cached variable of a connection', () => {
  const answers: (AttachedState | undefined)[] = [];
  const done = whileOffloaded((run, connection) => {
    connection.setOptions({
      keepAlive: true,
      keepAliveProbes: 5,
      keepAliveTime: 60_000,
      keepAliveInterval: 500,
      nagle: false,
      receiveBuffer: 400_000,
      receiveIndicationSize: 4096,
      maximumRetransmissionTime: 90_000,
      flowLabel: 7,
      timeToLive: 33,
      typeOfService: 0x10,
      userPriority: 3,
    });
    poll(
      run,
      () => !connection.record.updating && connection.record.openRequests === 0,
      () => {
        run.topology.host.offloads.query(connection, 'all', (state) => answers.push(state));
      },
    );
  });
  const expected = {
    InitialRcvWnd: 400_000,
    RcvIndicationSize: 4096,
    KaProbeCount: 5,
    KaTimeout: 60_000,
    KaInterval: 500,
    MaxRT: 90_000,
    FlowLabel: 7,
    TtlOrHopLimit: 33,
    TosOrTrafficClass: 0x10,
    UserPriority: 3,
  };

  it('UPD-015: one update carries all of them', () => {
    expect(updatesOf(done, 'TCP')).toHaveLength(1);
    expect(updatesOf(done, 'TCP')[0]).toMatchObject(expected);
  });

  it('UPD-016 A32: its Flags say what is on and what is to be done', () => {
    const flags = [
      'TCP_FLAG_KEEP_ALIVE_ENABLED',
      'TCP_FLAG_KEEP_ALIVE_RESTART',
      'TCP_FLAG_MAX_RT_RESTART',
      'TCP_FLAG_UPDATE_RCV_WND',
    ] as const;
    expect(updatesOf(done, 'TCP')[0]!['Flags']).toBe(
      flags.reduce((all, flag) => all | constantValue(flag), 0),
    );
  });

  it('UPD-004 CTX-024: a query afterwards returns them', () => {
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ layer: 'tcp', cached: expected });
  });

  it('UPD-016 UPD-017: the target has widened its window', () => {
    const state = answers[0];
    if (state?.layer !== 'tcp') throw new Error('no TCP state');
    expect(state.delegated!.RcvWnd).toBeGreaterThan(300_000);
    expect(state.delegated!.RcvWnd).toBeLessThanOrEqual(400_000);
  });

  it('UPD-004 VLN-011: the frames carry the new TTL, type of service and priority', () => {
    const frames = chimneyFramesAfterUpdate(done);
    expect(frames.length).toBeGreaterThan(10);
    for (const bytes of frames) {
      expect(tagOf(bytes, bytes.length)).toEqual({ VlanId: 0, UserPriority: 3 });
      expect([bytes[15 + vlanTagLength], bytes[22 + vlanTagLength]]).toEqual([0x10, 33]);
    }
  });

  it('the stream arrives unchanged', () => {
    expect(done.report.success).toBe(true);
  });

  itKeepsTheTreeRules(done.model);
});

describe('changes that come while an update is under way', () => {
  const done = whileOffloaded((run, connection) => {
    for (let step = 1; step <= 20; step++) {
      run.topology.host.kernel.queueWorkItem(() => {
        connection.setOptions({ timeToLive: 40 + step });
      }, step * 1000);
    }
  });

  it('UPD-002: are gathered into the next one', () => {
    const updates = updatesOf(done, 'TCP');
    expect(updates.length).toBeGreaterThan(1);
    expect(updates.length).toBeLessThan(20);
    expect(updates.at(-1)!['TtlOrHopLimit']).toBe(60);
  });

  itKeepsTheTreeRules(done.model);
});

describe('a neighbor with another Ethernet address', () => {
  const mac = macAddress(0x77);
  const done = whileOffloaded((run) => {
    run.topology.peers[0]!.replaceMac(mac);
  });

  it('UPD-013 UPD-014: ARP news become an update of DlDestinationAddress', () => {
    expect(updatesOf(done, 'NEIGHBOR')).toHaveLength(1);
    const address = updatesOf(done, 'NEIGHBOR')[0]!['DlDestinationAddress'] as unknown as Iterable<number>;
    expect([...address].slice(0, 6)).toEqual([...mac]);
  });

  it('UPD-004: the frames of the chimney go there', () => {
    const frames = chimneyFramesAfterUpdate(done);
    expect(frames.length).toBeGreaterThan(10);
    for (const bytes of frames) expect([...bytes.subarray(0, 6)]).toEqual([...mac]);
  });

  it('the stream arrives unchanged', () => {
    expect(done.report.success).toBe(true);
  });

  itKeepsTheTreeRules(done.model);
});

describe('a path with a smaller MTU', () => {
  const done = whileOffloaded((run) => {
    run.topology.host.changePathMtu(neighborAddress(0), 1000);
  });

  it('UPD-014: becomes an update of PathMtu', () => {
    expect(updatesOf(done, 'PATH').map((cached) => cached['PathMtu'])).toEqual([1000]);
  });

  it('UPD-004: no packet of the chimney is larger', () => {
    const frames = chimneyFramesAfterUpdate(done);
    expect(frames.length).toBeGreaterThan(10);
    const lengths = frames.map((bytes) => bytes[16]! * 256 + bytes[17]!);
    expect(Math.max(...lengths)).toBe(1000);
  });

  it('the stream arrives unchanged', () => {
    expect(done.report.success).toBe(true);
  });
});

describe('paths that move to another neighbor', () => {
  const standby = standbyInterface(0);
  const done = whileOffloaded(
    (run) => {
      run.topology.host.changeNextHop(neighborAddress(0), standby.address);
    },
    { connections: 2 },
  );
  const { model } = done;

  it('UPD-009 UPD-010: the new neighbor is offloaded, then an update without state links the path to it', () => {
    const update = callsOf(model, 'MiniportUpdateOffload')[0]!;
    const blocks = blocksOf(model, update);
    expect(blocks.map((block) => model.store!.stateObjects[block.object!]!.layer)).toEqual([
      'neighbor',
      'path',
    ]);
    expect(blocks.flatMap((block) => attachedStates(block))).toEqual([]);
    const offered = callsOf(model, 'NdisMInitiateOffloadComplete').at(-1)!;
    expect(blocksOf(model, offered).map((block) => block.object)).toEqual([blocks[0]!.object]);
    expect(offered.event).toBeLessThan(update.event);
  });

  it('UPD-010: from its completion on the tree shows the path below the new neighbor', () => {
    const update = callsOf(model, 'MiniportUpdateOffload')[0]!;
    const [neighbor, path] = blocksOf(model, update).map((block) => block.object!);
    const completed = callsOf(model, 'ProtocolUpdateOffloadComplete')[0]!;
    expect(model.states.parentAt(path!, update.event)).not.toBe(neighbor);
    expect(model.states.parentAt(path!, completed.returnEvent!)).toBe(neighbor);
  });

  it('UPD-011: the frames of its connections carry the new Ethernet address', () => {
    const frames = chimneyFramesAfterUpdate(done);
    expect(frames.length).toBeGreaterThan(10);
    for (const bytes of frames) expect([...bytes.subarray(0, 6)]).toEqual([...standby.mac]);
  });

  it('UPD-012: the old neighbor is terminated afterwards, alone', () => {
    const relinked = callsOf(model, 'NdisMUpdateOffloadComplete')[0]!;
    const terminated = callsOf(model, 'MiniportTerminateOffload')[0]!;
    expect(terminated.event).toBeGreaterThan(relinked.event);
    const [old, ...others] = blocksOf(model, terminated);
    expect(others).toEqual([]);
    expect(model.store!.stateObjects[old!.object!]!.layer).toBe('neighbor');
  });

  it('the streams arrive unchanged', () => {
    expect(done.report.success).toBe(true);
  });

  itKeepsTheTreeRules(model);
});

describe('an update that the target refuses', () => {
  const done = whileOffloaded(
    (_run, connection) => {
      connection.setOptions({ receiveBuffer: 500_000 });
    },
    { target: { limits: { ...defaultTargetLimits, receiveWindow: 300_000 } } },
  );

  it('UPD-006 UPD-007: the connection is terminated and goes on by the host path', () => {
    expect(done.report.success).toBe(true);
    expect(done.report.bytesSent.hostPath).toBeGreaterThan(fileBytes / 2);
  });

  itKeepsTheTreeRules(done.model);
});

describe('a query of every class of every layer', () => {
  const answers = new Map<string, AttachedState | undefined>();
  const layers: readonly StateLayer[] = ['neighbor', 'path', 'tcp'];
  const classes: readonly StateClasses[] = ['const', 'cached', 'delegated', 'all'];
  const done = whileOffloaded((run, connection) => {
    const objects = { neighbor: connection.path.neighbor, path: connection.path, tcp: connection };
    for (const layer of layers) {
      for (const one of classes) {
        run.topology.host.offloads.query(objects[layer], one, (state) =>
          answers.set(`${layer} ${one}`, state),
        );
      }
    }
  });

  it('QRY-006: all of them overlap and all are answered', () => {
    expect([...answers.keys()].sort()).toEqual(
      layers.flatMap((layer) => classes.map((one) => `${layer} ${one}`)).sort(),
    );
    expect([...answers.values()]).not.toContain(undefined);
  });

  it('TRE-012 TRE-013: each Type is followed by its structures', () => {
    const structures = callsOf(done.model, 'MiniportQueryOffload').map((call) =>
      blocksOf(done.model, call).flatMap((block) =>
        attachedStates(block).map((state) => state.structure.replace(/^.*_/, '').toLowerCase()),
      ),
    );
    // One more is the scenario's own, of the delegated class.
    expect(structures.slice(0, 12)).toEqual(
      layers.flatMap(() => [['const'], ['cached'], ['delegated'], ['const', 'cached', 'delegated']]),
    );
  });

  it('CTX-023 CTX-024: const and cached values are those of the offer', () => {
    expect(answers.get('path all')).toMatchObject({
      const: { DestinationAddress: neighborAddress(0) },
      cached: { PathMtu: 1500 },
    });
    expect(answers.get('tcp all')).toMatchObject({ cached: { InitialRcvWnd: 262_144, TtlOrHopLimit: 128 } });
    const neighbor = answers.get('neighbor cached');
    if (neighbor?.layer !== 'neighbor') throw new Error('no neighbor state');
    expect([...neighbor.cached!.DlDestinationAddress.subarray(0, 6)]).toEqual([...macAddress(2)]);
  });

  it('QRY-004 QRY-007: delegated TCP state has the two backlog sizes', () => {
    const state = answers.get('tcp delegated');
    if (state?.layer !== 'tcp') throw new Error('no TCP state');
    expect(state.delegated).toMatchObject({ State: 4, SendBacklogSize: 0xffff_ffff });
    expect(state.delegated!.ReceiveBacklogSize).toBeGreaterThanOrEqual(0);
  });
});

describe('a neighbor that is invalidated with several connections behind it', () => {
  const done = whileOffloaded(
    (run, connection) => {
      run.topology.host.offloads.invalidate(connection.path.neighbor);
    },
    // With one processor every connection has been asked for before the host stack's worker runs.
    { processors: 1, connections: 4, paths: 2, neighbors: 1 },
  );

  it('INV-005: each of them is asked back for InvalidState', () => {
    const notes = done.model.notes.notes.map((note) => note.text);
    expect(notes.filter((text) => text.includes('InvalidState'))).toHaveLength(4);
  });

  it('INV-008 TRM-006: one tree takes all of them back, paths and neighbor included', () => {
    const tree = blocksOf(done.model, callsOf(done.model, 'MiniportTerminateOffload')[0]!);
    expect(tree).toHaveLength(7);
    expect(done.report.success).toBe(true);
  });

  itKeepsTheTreeRules(done.model);
});
