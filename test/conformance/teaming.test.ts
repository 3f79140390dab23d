import { describe, expect, it } from 'vitest';
import type { Call } from '../../shared/analysis/callIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { pointerOf as addressOf } from '../../shared/base/address';
import type { BlockSnapshot } from '../../shared/trace/records';
import type { TeamPlan } from '../../electron/emulator/scenarios/topology';
import { runPlan } from '../harness/runPlan';
import {
  argumentOf,
  blockMember,
  blocksOf,
  callersOf,
  callsOf,
  listsOf,
  membersOf,
  recordOf,
  returnOf,
} from '../harness/traceQueries';
import { heldBy } from '../harness/heldBy';

/** The kinds of requests as they are called on both edges. */
const kinds = [
  [
    'MiniportInitiateOffload',
    'NdisInitiateOffload',
    'ProtocolInitiateOffloadComplete',
    'NdisMInitiateOffloadComplete',
  ],
  [
    'MiniportTerminateOffload',
    'NdisTerminateOffload',
    'ProtocolTerminateOffloadComplete',
    'NdisMTerminateOffloadComplete',
  ],
  [
    'MiniportUpdateOffload',
    'NdisUpdateOffload',
    'ProtocolUpdateOffloadComplete',
    'NdisMUpdateOffloadComplete',
  ],
  [
    'MiniportQueryOffload',
    'NdisQueryOffloadState',
    'ProtocolQueryOffloadComplete',
    'NdisMQueryOffloadStateComplete',
  ],
] as const;

const dataKinds = [
  [
    'MiniportTcpOffloadSend',
    'NdisOffloadTcpSend',
    'ProtocolTcpOffloadSendComplete',
    'NdisTcpOffloadSendComplete',
  ],
  [
    'MiniportTcpOffloadReceive',
    'NdisOffloadTcpReceive',
    'ProtocolTcpOffloadReceiveComplete',
    'NdisTcpOffloadReceiveComplete',
  ],
  [
    'MiniportTcpOffloadDisconnect',
    'NdisOffloadTcpDisconnect',
    'ProtocolTcpOffloadDisconnectComplete',
    'NdisTcpOffloadDisconnectComplete',
  ],
] as const;

/** A request at an intermediate driver, from its upper edge down and back up. */
interface Passage {
  readonly entered: Call;
  readonly passed: readonly Call[];
  readonly returned: readonly Call[];
  readonly completed: Call;
}

/** Numbers of the components of a role. */
function componentsOf(model: TraceModel, role: string): number[] {
  return model.store!.components.flatMap((component, index) => (component.role === role ? [index] : []));
}

function passagesOf(model: TraceModel, intermediate: number, kind: (typeof kinds)[number]): Passage[] {
  const [enter, pass, back, complete] = kind;
  const returned = callsOf(model, back).filter((call) => call.callee === intermediate);
  const completed = callsOf(model, complete).filter((call) => call.caller === intermediate);
  return callsOf(model, enter)
    .filter((call) => call.callee === intermediate)
    .map((entered) => {
      const passed = callsOf(model, pass).filter((call) => call.parent === entered.event);
      const ends = completed.filter((call) => call.completes.includes(entered.event));
      expect(ends).toHaveLength(1);
      return {
        entered,
        passed,
        returned: returned.filter((call) => passed.some((one) => call.completes.includes(one.event))),
        completed: ends[0]!,
      };
    });
}

const structures = {
  miniport: 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
  protocol: 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST',
} as const;

function member(form: 'miniport' | 'protocol', block: BlockSnapshot, name: string): unknown {
  return membersOf(structures[form], block.bytes)[name];
}

/** Blocks of calls by address. */
function byAddress(model: TraceModel, calls: readonly Call[]): Map<number, BlockSnapshot> {
  return new Map(calls.flatMap((call) => blocksOf(model, call).map((block) => [block.address, block])));
}

/** The pointer argument of a name. */
function pointerOf(model: TraceModel, call: Call, name: string): number {
  const found = recordOf(model, call).arguments.find((one) => one.kind === 'pointer' && one.name === name);
  if (found?.kind !== 'pointer') throw new Error(`${call.functionName} has no ${name}`);
  return found.value;
}

/** Compares the indications at intermediate drivers with what they pass on, and answers how many there are. */
function checkIndications(
  model: TraceModel,
  handler: 'ProtocolTcpOffloadEvent' | 'ProtocolTcpOffloadReceiveIndicate',
  upcall: 'NdisTcpOffloadEventHandler' | 'NdisTcpOffloadReceiveHandler',
): number {
  const intermediates = componentsOf(model, 'intermediate-driver');
  const came = callsOf(model, handler).filter((call) => intermediates.includes(call.callee));
  for (const call of came) {
    const [up, ...others] = callsOf(model, upcall).filter((one) => one.parent === call.event);
    expect(others).toEqual([]);
    const [before, after] = [recordOf(model, call), recordOf(model, up!)].map(({ arguments: values }) =>
      // The first bytes of data are recorded where the target hands them over.
      values.filter((value) => value.kind !== 'pointer' && value.name !== 'FirstBytes'),
    );
    expect(after).toEqual(before);
    expect(pointerOf(model, up!, 'NdisOffloadHandle')).not.toBe(pointerOf(model, call, 'OffloadContext'));
    expect(up!.status).toBe(call.status);
    expect(returnOf(model, up!).outputs).toEqual(returnOf(model, call).outputs);
  }
  return came.length;
}

const teams: readonly TeamPlan[] = [
  { adapters: 2, mode: 'failover', layers: 1 },
  { adapters: 2, mode: 'load-balancing', layers: 1 },
  { adapters: 2, mode: 'failover', layers: 2 },
  { adapters: 2, mode: 'load-balancing', layers: 3 },
];

describe.each(teams)('a team for $mode under $layers intermediate drivers', (team) => {
  const { model, report, run } = runPlan(
    {
      connections: 8,
      paths: 4,
      neighbors: 2,
      connectInterval: 100_000,
      offload: 'together',
      setsOptions: true,
      // Not all of the connections find room: some of every tree is refused.
      target: { tcpCapacity: team.mode === 'failover' ? 5 : 3 },
      team,
    },
    { fileBytes: 1_000_000 },
  );
  const intermediates = componentsOf(model, 'intermediate-driver');
  const [host] = componentsOf(model, 'host-stack');
  const all = intermediates.flatMap((one) => kinds.flatMap((kind) => passagesOf(model, one, kind)));
  const ofKind = (name: string): Passage[] => all.filter(({ entered }) => entered.functionName === name);

  it('every byte comes back unchanged, some of them through the chimney', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.bytesSent.chimney).toBeGreaterThan(0);
    expect(report.bytesReceived.chimney).toBeGreaterThan(0);
  });

  it('IMD-018 IMD-020: at the end no driver holds anything', () => {
    const { topology } = run;
    const held = heldBy(
      topology.intermediates,
      topology.adapters.map(({ target }) => target),
    );
    expect(held).toEqual(held.map(() => 0));
  });

  it('IMD-001 REG-008: both structures are registered on both edges of each intermediate driver', () => {
    for (const intermediate of intermediates) {
      const calls = callsOf(model, 'NdisSetOptionalHandlers').filter((call) => call.caller === intermediate);
      const registered = calls.map((call) => [
        callersOf(model, call)[0],
        argumentOf(recordOf(model, call), 'structure').structure,
        call.status,
      ]);
      expect(registered).toEqual([
        ['MiniportSetOptions', 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', NDIS_STATUS.SUCCESS],
        ['MiniportSetOptions', 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', NDIS_STATUS.SUCCESS],
        ['ProtocolSetOptions', 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', NDIS_STATUS.SUCCESS],
        ['ProtocolSetOptions', 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', NDIS_STATUS.SUCCESS],
      ]);
    }
  });

  it('INZ-010: each virtual miniport fetches its table once, from MiniportInitializeEx', () => {
    for (const intermediate of intermediates) {
      const calls = callsOf(model, 'NdisMGetOffloadHandlers').filter((call) => call.caller === intermediate);
      expect(calls.map((call) => callersOf(model, call)[0])).toEqual(['MiniportInitializeEx']);
    }
  });

  it('IMD-006: each request goes down once for each member, with the function of the same kind', () => {
    for (const [enter] of kinds) expect(ofKind(enter).length).toBeGreaterThan(0);
    for (const { passed } of all) {
      expect(passed.length).toBeGreaterThan(0);
      const bindings = passed.map((call) => pointerOf(model, call, 'NdisBindingHandle'));
      expect(new Set(bindings).size).toBe(bindings.length);
    }
  });

  it('IMD-006: between its edges nothing is lost and nothing is added', () => {
    for (const { entered, passed, completed } of all) {
      const addresses = blocksOf(model, entered).map((block) => block.address);
      expect([...byAddress(model, passed).keys()].sort()).toEqual([...addresses].sort());
      expect(blocksOf(model, completed).map((block) => block.address)).toEqual(addresses);
    }
  });

  it('IMD-009 IMD-019: each object goes down by one handle of the driver’s own', () => {
    const ownOf = new Map<string, bigint>();
    for (const { entered, passed } of all) {
      const below = byAddress(model, passed);
      for (const block of blocksOf(model, entered)) {
        const above = member('miniport', block, 'NdisOffloadHandle') as bigint;
        const own = member('protocol', below.get(block.address)!, 'OffloadHandle') as bigint;
        if (above === 0n) {
          expect(own).toBe(0n);
          continue;
        }
        expect(own).not.toBe(above);
        const key = `${entered.callee} ${above}`;
        if (entered.functionName === 'MiniportInitiateOffload' && block.role === 'new') ownOf.set(key, own);
        expect(own).toBe(ownOf.get(key));
      }
    }
  });

  it('IMD-010: links, Header.Type, PortNumber and chain go down as they came', () => {
    for (const { entered, passed } of all) {
      const below = byAddress(model, passed);
      for (const block of blocksOf(model, entered)) {
        const copy = below.get(block.address)!;
        const names = ['Header', 'DependentBlockList', 'PortNumber', 'NetBufferListChain'];
        // A list that is taken apart for several members can't keep its links between roots.
        if (passed.length === 1 || block.depth > 0) names.push('NextBlock');
        for (const name of names.filter((one) => one !== 'Header'))
          expect(member('protocol', copy, name)).toEqual(member('miniport', block, name));
        expect(member('protocol', copy, 'Header')).toMatchObject({
          Type: (member('miniport', block, 'Header') as { Type: number }).Type,
        });
        expect(copy.role).toBe(block.role);
      }
    }
  });

  it('VLN-008: attached state goes down unchanged', () => {
    for (const { entered, passed } of ofKind('MiniportInitiateOffload')) {
      const below = byAddress(model, passed);
      for (const block of blocksOf(model, entered))
        expect(below.get(block.address)!.states).toEqual(block.states);
    }
  });

  it('IMD-008: ImReserved leads to a call entry that no other block has', () => {
    const seen = new Set<unknown>();
    for (const { passed } of all)
      for (const block of byAddress(model, passed).values()) {
        const [entry] = member('protocol', block, 'ImReserved') as bigint[];
        expect(entry).not.toBe(0n);
        expect(seen.has(entry)).toBe(false);
        seen.add(entry);
      }
  });

  it('IMD-011: ImReserved comes back from below as it went down', () => {
    for (const { passed, returned } of all) {
      const down = byAddress(model, passed);
      for (const [address, block] of byAddress(model, returned))
        expect(member('protocol', block, 'ImReserved')).toEqual(
          member('protocol', down.get(address)!, 'ImReserved'),
        );
    }
  });

  it('IMD-012: ImReserved and SourceHandle go back up as they came', () => {
    for (const { entered, completed } of all) {
      const came = byAddress(model, [entered]);
      for (const block of blocksOf(model, completed))
        for (const name of ['ImReserved', 'SourceHandle', 'MiniportOffloadContext', 'NdisOffloadHandle'])
          expect(member('miniport', block, name)).toEqual(member('miniport', came.get(block.address)!, name));
    }
  });

  it('IMD-014 IMD-015: each completion goes up once, after the last one from below', () => {
    for (const { passed, returned, completed } of all) {
      expect(returned).toHaveLength(passed.length);
      for (const call of returned) expect(completed.event).toBeGreaterThan(call.event);
      expect(returned.map((call) => call.event)).toContain(completed.parent);
    }
  });

  it('IMD-016: the root that comes back is the root that was given', () => {
    for (const { entered, completed } of all)
      expect(blocksOf(model, completed)[0]!.address).toBe(blocksOf(model, entered)[0]!.address);
  });

  it('IMD-017: every Status goes up as it came', () => {
    const statuses = new Set<unknown>();
    for (const { returned, completed } of all) {
      const came = byAddress(model, returned);
      for (const block of blocksOf(model, completed)) {
        const status = blockMember('miniport', block, 'Status');
        expect(status).toBe(blockMember('protocol', came.get(block.address)!, 'Status'));
        statuses.add(status);
      }
    }
    expect(statuses).toContain(NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS);
    expect(statuses.size).toBeGreaterThan(2);
  });

  it.each(dataKinds)('IMD-023: %s goes down as %s with the same lists and the own handle', (enter, pass) => {
    for (const intermediate of intermediates) {
      const entered = callsOf(model, enter).filter((call) => call.callee === intermediate);
      expect(entered.length).toBeGreaterThan(0);
      for (const call of entered) {
        const [passed, ...others] = callsOf(model, pass).filter((one) => one.parent === call.event);
        expect(others).toEqual([]);
        expect(listsOf(model, passed!)).toEqual(listsOf(model, call));
        const above = model.calls.at(call.parent!)!;
        const [from, to] = [above, passed!].map((one) => pointerOf(model, one, 'NdisOffloadHandle'));
        expect(to).not.toBe(from);
      }
    }
  });

  it.each(dataKinds)('IMD-024: the completion of %s goes up with the same lists', (...names) => {
    const [, , back, complete] = names;
    for (const intermediate of intermediates) {
      const returned = callsOf(model, back).filter((call) => call.callee === intermediate);
      expect(returned.length).toBeGreaterThan(0);
      for (const call of returned) {
        const [up, ...others] = callsOf(model, complete).filter((one) => one.parent === call.event);
        expect(others).toEqual([]);
        expect(listsOf(model, up!)).toEqual(listsOf(model, call));
      }
    }
  });

  it('IMD-021 IMD-022: events go up with the same parameters and another handle', () => {
    const passed = checkIndications(model, 'ProtocolTcpOffloadEvent', 'NdisTcpOffloadEventHandler');
    expect(passed).toBeGreaterThan(0);
  });

  it('IMD-021: what reaches the host stack names the handle that the host stack gave', () => {
    const given = new Set<unknown>();
    for (const call of callsOf(model, 'NdisInitiateOffload').filter((one) => one.caller === host))
      for (const block of blocksOf(model, call)) given.add(member('protocol', block, 'OffloadHandle'));
    for (const name of ['ProtocolTcpOffloadEvent', 'ProtocolTcpOffloadReceiveIndicate'] as const)
      for (const call of callsOf(model, name).filter((one) => one.callee === host))
        expect(given).toContain(addressOf(pointerOf(model, call, 'OffloadContext')));
  });

  it('the host stack speaks to the virtual miniport alone', () => {
    const bindings = callsOf(model, 'NdisOpenAdapterEx').filter((call) => call.caller === host);
    expect(bindings).toHaveLength(1);
  });
});

describe.each(teams)('connections of their own under $layers intermediate drivers for $mode', (team) => {
  const { model, report } = runPlan({ connections: 2, team }, { fileBytes: 500_000 });

  it('most bytes go through the chimney', () => {
    expect(report.success).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.fileBytes / 4);
  });

  it('IMD-021 IMD-022: received data goes up in the same list with the same Status, the answer down', () => {
    const passed = checkIndications(
      model,
      'ProtocolTcpOffloadReceiveIndicate',
      'NdisTcpOffloadReceiveHandler',
    );
    expect(passed).toBeGreaterThan(0);
  });

  it('IND-022: lists that were lent go back to the member that lent them', () => {
    const targets = componentsOf(model, 'offload-target');
    const lent = callsOf(model, 'NdisTcpOffloadReceiveHandler')
      .filter((call) => targets.includes(call.caller) && call.status === NDIS_STATUS.SUCCESS)
      .flatMap((call) => listsOf(model, call).map((list) => `${call.caller} ${list.address}`));
    const back = callsOf(model, 'MiniportTcpOffloadReceiveReturn')
      .filter((call) => targets.includes(call.callee))
      .flatMap((call) => listsOf(model, call).map((list) => `${call.callee} ${list.address}`));
    expect(back.sort()).toEqual(lent.sort());
  });
});
