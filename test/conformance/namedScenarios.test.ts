/** What the named scenarios promise to show must be in their traces. */
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../shared/base/address';
import { constantValue } from '../../shared/ddi/catalogue';
import { offloadStateStructures, offloadStateVariables } from '../../shared/ddi/offloadState';
import { NDIS_STATUS } from '../../shared/ddi/status';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { StructureName } from '../../shared/ddi/catalogue';
import { stateLayers } from '../../shared/trace/records';
import { macAddress } from '../../electron/emulator/scenarios/topology';
import type { Call } from '../../shared/analysis/callIndex';
import { statusOf, treeOf } from '../harness/objectLedger';
import { recordScenario } from '../harness/recordScenario';
import { blockMember, blocksOf, callsOf, listsOf, membersOf } from '../harness/traceQueries';
import { attachedStates } from '../harness/attachedStates';

/** State structures that calls of a function carry, decoded, in order. */
function statesOf(
  model: TraceModel,
  name: 'MiniportInitiateOffload' | 'MiniportUpdateOffload' | 'NdisMTerminateOffloadComplete',
  structure: StructureName,
) {
  return callsOf(model, name).flatMap((call) =>
    blocksOf(model, call)
      .flatMap((block) => attachedStates(block))
      .filter((state) => state.structure === structure)
      .map((state) => membersOf(structure, state.bytes)),
  );
}

/** Frames of the chimney, with when they left. */
function chimneyFrames(model: TraceModel) {
  return model.frames.frames
    .filter((frame) => frame.path === 'chimney')
    .map((frame) => {
      const record = model.store!.record(frame.event);
      if (record.kind !== 'frame') throw new Error('no frame');
      return { sent: frame.sent, bytes: record.bytes, length: record.length, payload: record.payloadLength };
    });
}

describe('scenario bulk-offload', () => {
  const { model, report } = recordScenario('bulk-offload');
  const objects = model.store!.stateObjects;
  const offered = callsOf(model, 'MiniportInitiateOffload');
  const completed = treeOf(model, callsOf(model, 'NdisMInitiateOffloadComplete')[0]!);
  const layer = (name: 'neighbor' | 'path' | 'tcp') =>
    completed.filter((block) => objects[block.object!]!.layer === name);

  it('all streams arrive unchanged', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.success).toBe(true);
  });

  it('INI-005: 1,000 connections, 10 paths and 3 neighbors are offered in one tree', () => {
    expect(offered).toHaveLength(1);
    expect([layer('neighbor'), layer('path'), layer('tcp')].map((blocks) => blocks.length)).toEqual([
      3, 10, 1000,
    ]);
  });

  it('INI-035 INI-037: resources run out in the middle of a path: 450 are taken, 550 refused with NDIS_STATUS_OFFLOAD_TCP_ENTRIES', () => {
    const statuses = layer('tcp').map((block) => statusOf(block));
    expect(statuses.slice(0, 450)).toEqual(Array<number>(450).fill(NDIS_STATUS.SUCCESS));
    expect(statuses.slice(450)).toEqual(Array<number>(550).fill(NDIS_STATUS.OFFLOAD_TCP_ENTRIES));
  });

  it('INI-029 INI-030: a path with a refused connection has NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS, one in the middle both kinds', () => {
    const paths = layer('path').map((block) => ({
      status: statusOf(block),
      taken: block.children.filter((child) => statusOf(child) === NDIS_STATUS.SUCCESS).length,
    }));
    for (const { status, taken } of paths)
      expect(status).toBe(taken === 100 ? NDIS_STATUS.SUCCESS : NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS);
    expect(paths.map(({ taken }) => taken)).toEqual([100, 100, 100, 100, 50, 0, 0, 0, 0, 0]);
  });

  it('TRM-007: paths that nothing uses are terminated at once', () => {
    const layersOf = (call: Call): unknown[] =>
      treeOf(model, call).map((block) => objects[block.object ?? -1]?.layer);
    const first = callsOf(model, 'MiniportTerminateOffload').find((call) => layersOf(call).includes('path'))!;
    expect(layersOf(first)).not.toContain('tcp');
    expect(first.start - callsOf(model, 'NdisMInitiateOffloadComplete')[0]!.start).toBeLessThan(5_000_000);
  });
});

describe('scenario update-everything', () => {
  const { model, report } = recordScenario('update-everything');

  it('reaches its goal without an upload before the end', () => {
    expect(report.success).toBe(true);
    expect(callsOf(model, 'MiniportInitiateOffload')).toHaveLength(2);
    const last = callsOf(model, 'MiniportUpdateOffload').at(-1)!;
    for (const terminate of callsOf(model, 'MiniportTerminateOffload'))
      if (blocksOf(model, terminate).length > 1) expect(terminate.start).toBeGreaterThan(last.start);
  });

  it.each(stateLayers)(
    'UPD-001: each cached variable of the layer %s takes another value by update',
    (layer) => {
      const structure = offloadStateStructures(layer).cached;
      const before = statesOf(model, 'MiniportInitiateOffload', structure)[0]!;
      const updates = statesOf(model, 'MiniportUpdateOffload', structure);
      expect(updates.length).toBeGreaterThan(0);
      const names = offloadStateVariables(layer)
        .filter(({ qualifiedName }) => qualifiedName.startsWith(`${structure}.`))
        .map(({ qualifiedName }) => qualifiedName.slice(structure.length + 1));
      expect(names.length).toBeGreaterThan(0);
      const valueOf = (members: unknown, name: string): unknown =>
        name.split('.').reduce((value, part) => (value as Record<string, unknown>)[part], members);
      for (const name of names) {
        const values = updates.map((update) => valueOf(update, name));
        expect(
          values.some((value) => JSON.stringify(value) !== JSON.stringify(valueOf(before, name))),
          name,
        ).toBe(true);
      }
    },
  );

  it('UPD-016: what asks the target to do something stands in one update only', () => {
    const flag = constantValue('TCP_FLAG_UPDATE_RCV_WND');
    const flags = statesOf(model, 'MiniportUpdateOffload', 'TCP_OFFLOAD_STATE_CACHED').map((state) =>
      Number(state.Flags),
    );
    expect(flags.filter((value) => (value & flag) !== 0)).toHaveLength(1);
  });

  it('UPD-009 UPD-010: the path is linked to another neighbor without any state', () => {
    const relinks = callsOf(model, 'MiniportUpdateOffload').filter((call) =>
      blocksOf(model, call).every((block) => attachedStates(block).length === 0),
    );
    expect(relinks).toHaveLength(1);
    expect(blocksOf(model, relinks[0]!).map((block) => block.depth)).toEqual([0, 1]);
  });
});

describe('scenario address-and-mtu-change', () => {
  const { model, report } = recordScenario('address-and-mtu-change');
  const [mtu, address] = callsOf(model, 'NdisMUpdateOffloadComplete');
  /** Longest wait of a frame in the adapter's ring, ns. */
  const ring = 60_000;
  const frames = chimneyFrames(model);

  it('reaches its goal in one stay with the target', () => {
    expect(report.success).toBe(true);
    expect(callsOf(model, 'MiniportInitiateOffload')).toHaveLength(1);
    expect(callsOf(model, 'MiniportUpdateOffload')).toHaveLength(2);
  });

  it('UPD-005: no packet of the chimney is larger than the new PathMtu, once the update has been completed', () => {
    const before = frames.filter(({ sent }) => sent < mtu!.start);
    const after = frames.filter(({ sent }) => sent > mtu!.start + ring);
    expect(Math.max(...before.map(({ length }) => length - 14))).toBe(1500);
    expect(after.length).toBeGreaterThan(100);
    expect(Math.max(...after.map(({ length }) => length - 14))).toBe(1000);
  });

  it('UPD-005 UPD-013: frames go to the new Ethernet address once the update has been completed', () => {
    const destinations = (chosen: typeof frames) =>
      new Set(chosen.map(({ bytes }) => bytes.slice(0, 6).toString()));
    const old = macAddress(2).toString();
    const replaced = macAddress(0x200).toString();
    expect(destinations(frames.filter(({ sent }) => sent < address!.start))).toEqual(new Set([old]));
    expect(destinations(frames.filter(({ sent }) => sent > address!.start + ring))).toEqual(
      new Set([replaced]),
    );
  });
});

describe('scenario query-everything', () => {
  const { model, report } = recordScenario('query-everything');
  const queries = callsOf(model, 'NdisMQueryOffloadStateComplete').map((call) => blocksOf(model, call)[0]!);

  it('reaches its goal', () => {
    expect(report.success).toBe(true);
  });

  it.each(stateLayers)(
    'QRY-001: each class of variables of the layer %s is queried, alone and with the others',
    (layer) => {
      const { const: constants, cached, delegated } = offloadStateStructures(layer);
      const asked = queries.map((block) =>
        attachedStates(block)
          .map(({ structure }) => structure)
          .join(),
      );
      for (const structures of [[constants], [cached], [delegated], [constants, cached, delegated]])
        expect(asked).toContain(structures.join());
    },
  );

  it('section 5.3: the target answers each with NDIS_STATUS_SUCCESS', () => {
    expect(queries).toHaveLength(12);
    for (const block of queries) expect(statusOf(block)).toBe(NDIS_STATUS.SUCCESS);
  });

  it('QRY-002: the constant variables are those that the connection was offered with', () => {
    const structure = 'TCP_OFFLOAD_STATE_CONST';
    const [offered] = statesOf(model, 'MiniportInitiateOffload', structure);
    const answers = queries
      .flatMap((block) => attachedStates(block))
      .filter((state) => state.structure === structure)
      .map((state) => membersOf(structure, state.bytes));
    expect(answers).toHaveLength(2);
    for (const answer of answers) expect(answer).toEqual(offered);
  });
});

describe('scenario terminate-with-data', () => {
  const { model, report } = recordScenario('terminate-with-data');
  const completion = callsOf(model, 'NdisMTerminateOffloadComplete')[0]!;
  const block = blocksOf(model, completion).find((one) =>
    attachedStates(one)[0]?.structure.startsWith('TCP_'),
  )!;
  const delegated = membersOf('TCP_OFFLOAD_STATE_DELEGATED', attachedStates(block)[0]!.bytes);

  it('reaches its goal', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.success).toBe(true);
  });

  it('IND-015: a refused indication is the last one of this stay with the target', () => {
    const statuses = callsOf(model, 'NdisTcpOffloadReceiveHandler').map((call) => call.status);
    expect(statuses.indexOf(NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED)).toBe(statuses.length - 1);
  });

  it('TRM-026: unfinished sends come back in NetBufferListChain instead of being completed', () => {
    expect(blockMember('miniport', block, 'NetBufferListChain')).not.toBe(0n);
    const sends = completion.completes
      .map((event) => model.calls.at(event)!)
      .filter((call) => call.functionName === 'MiniportTcpOffloadSend');
    expect(sends.length).toBeGreaterThan(0);
    const completed = new Set(
      callsOf(model, 'NdisTcpOffloadSendComplete').flatMap((call) =>
        listsOf(model, call).map((list) => list.address),
      ),
    );
    for (const send of sends)
      for (const list of listsOf(model, send)) expect(completed.has(list.address)).toBe(false);
  });

  it('TRM-028: SendDataHead is the first of the chain', () => {
    expect(delegated.SendDataHead).toBe(blockMember('miniport', block, 'NetBufferListChain'));
    expect(delegated.SendDataTail).not.toBe(0n);
  });

  it('TRM-020 TRM-023: unread bytes come in BufferedData, and go back by NdisOffloadTcpReceiveReturn', () => {
    const buffered = delegated.BufferedData;
    expect(buffered).not.toBe(0n);
    const returned = callsOf(model, 'NdisOffloadTcpReceiveReturn')
      .filter((call) => call.start > completion.start)
      .flatMap((call) => listsOf(model, call));
    expect(returned.map((list) => list.address)).toContain(addressOf(buffered as bigint));
    expect(returned.reduce((bytes, list) => bytes + list.dataLength, 0)).toBeGreaterThan(10_000);
  });
});

describe.each([
  ['failover', 1],
  ['stacked-drivers', 2],
] as const)('scenario %s', (scenario, layers) => {
  const { model, report } = recordScenario(scenario);
  const componentOf = (name: string): number =>
    model.store!.components.find((component) => component.name === name)!.id;
  const offersTo = (name: string) =>
    callsOf(model, 'MiniportInitiateOffload').filter((call) => call.callee === componentOf(name));

  it('loses no byte under load', () => {
    expect(report.success).toBe(true);
    expect(report.sha256.returned).toBe(report.sha256.source);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
  });

  it('PWR-008: what the first adapter had comes back, and is offered to the other one', () => {
    const pulled = model.notes.notes.find((note) => note.text.includes('cable'))!.time;
    expect(offersTo('Offload target 1').length).toBeGreaterThan(0);
    for (const call of offersTo('Offload target 1')) expect(call.start).toBeLessThan(pulled);
    expect(offersTo('Offload target 2').length).toBeGreaterThan(0);
    for (const call of offersTo('Offload target 2')) expect(call.start).toBeGreaterThan(pulled);
  });

  it('IMD-010: every block keeps its address on its way through each driver', () => {
    const addressesAt = (name: 'MiniportInitiateOffload' | 'NdisInitiateOffload', party: number): number[] =>
      callsOf(model, name)
        .filter((call) => (name === 'MiniportInitiateOffload' ? call.callee : call.caller) === party)
        .flatMap((call) => blocksOf(model, call).map((block) => block.address));
    const drivers = model.store!.components.filter(({ role }) => role === 'intermediate-driver');
    expect(drivers).toHaveLength(layers);
    for (const { id } of drivers) {
      const received = addressesAt('MiniportInitiateOffload', id);
      expect(received.length).toBeGreaterThan(0);
      expect(addressesAt('NdisInitiateOffload', id)).toEqual(received);
    }
  });
});

describe('scenario load-balancing', () => {
  const { model, report } = recordScenario('load-balancing');

  it('brings every byte home through both adapters', () => {
    expect(report.success).toBe(true);
    for (const name of ['Offload target 1', 'Offload target 2']) {
      const target = model.store!.components.find((component) => component.name === name)!.id;
      const sends = callsOf(model, 'MiniportTcpOffloadSend').filter((call) => call.callee === target);
      expect(sends.length).toBeGreaterThan(0);
    }
  });
});
