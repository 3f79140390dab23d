import { describe, expect, it } from 'vitest';
import { functionEntry } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { TcpConnectionState } from '../../../../electron/emulator/tcp/tcpVariables';
import { FAILURE, PARTIAL, RESOURCES, SUCCESS, TargetBench } from '../../../harness/targetBench';

/** What no IPv4 target can take: an address of 16 bytes behind an Ip4 block. */
const longAddress = new Uint8Array(16);

describe('MiniportInitiateOffload: the algebra of statuses', () => {
  it('section 5.1: the worked example of the specification', () => {
    const bench = new TargetBench({ contextAreas: 3 });
    const tcp1 = bench.tcp();
    const tcp2 = bench.tcp();
    const tcp3 = bench.tcp();
    const path1 = bench.path([tcp1, tcp2]);
    const path2 = bench.path([tcp3], { source: longAddress });
    const neighbor1 = bench.neighbor([path1, path2]);
    const blocks = [neighbor1, path1, tcp1, tcp2, path2, tcp3];
    expect(bench.initiate([neighbor1], blocks)).toEqual([
      PARTIAL,
      PARTIAL,
      SUCCESS,
      RESOURCES,
      FAILURE,
      FAILURE,
    ]);
    expect(blocks.map((block) => bench.holds(block))).toEqual([true, true, true, false, false, false]);
  });

  it('INI-029: everything taken is NDIS_STATUS_SUCCESS everywhere', () => {
    const bench = new TargetBench();
    const tcp = [bench.tcp(), bench.tcp()];
    const path = bench.path(tcp);
    const neighbor = bench.neighbor([path]);
    expect(bench.initiate([neighbor], [neighbor, path, ...tcp])).toEqual([
      SUCCESS,
      SUCCESS,
      SUCCESS,
      SUCCESS,
    ]);
  });

  it('INI-030: a path whose every connection is refused has been taken itself', () => {
    const bench = new TargetBench({}, 0);
    const tcp = bench.tcp();
    const path = bench.path([tcp]);
    const neighbor = bench.neighbor([path]);
    expect(bench.initiate([neighbor], [path, tcp])).toEqual([PARTIAL, NDIS_STATUS.OFFLOAD_TCP_ENTRIES]);
  });

  it('INI-033 INI-034: a failed root ends the walk, siblings included', () => {
    const bench = new TargetBench({ neighbors: 0 });
    const tcp = bench.tcp();
    const path = bench.path([tcp]);
    const first = bench.neighbor([path]);
    const second = bench.neighbor([]);
    expect(bench.initiate([first, second], [first, path, tcp, second])).toEqual([
      NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES,
      FAILURE,
      FAILURE,
      FAILURE,
    ]);
  });

  it('INI-035 A20: a failed sibling of the root fails its own subtree only', () => {
    const bench = new TargetBench({ neighbors: 1 });
    const known = bench.neighbor([]);
    bench.initiate([known], []);
    const tcp1 = bench.tcp();
    const path1 = bench.path([tcp1]);
    const linker = bench.naming(known, [path1]);
    const tcp2 = bench.tcp();
    const path2 = bench.path([tcp2]);
    const refused = bench.neighbor([path2]);
    const tcp3 = bench.tcp();
    const path3 = bench.path([tcp3]);
    const again = bench.naming(known, [path3]);
    expect(
      bench.initiate(
        [linker, refused, again],
        [linker, path1, tcp1, refused, path2, tcp2, again, path3, tcp3],
      ),
    ).toEqual([
      SUCCESS,
      SUCCESS,
      SUCCESS,
      NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES,
      FAILURE,
      FAILURE,
      SUCCESS,
      SUCCESS,
      SUCCESS,
    ]);
  });

  it('TRE-028: a linker answers for its dependents: all, some or none of them taken', () => {
    const bench = new TargetBench({}, 3);
    const path = bench.path([]);
    const neighbor = bench.neighbor([path]);
    bench.initiate([neighbor], []);
    const offer = (count: number): number[] => {
      const linker = bench.naming(
        path,
        Array.from({ length: count }, () => bench.tcp()),
      );
      const root = bench.naming(neighbor, [linker]);
      return bench.initiate([root], [linker]);
    };
    expect(offer(2)).toEqual([SUCCESS]);
    expect(offer(2)).toEqual([PARTIAL]);
    expect(offer(2)).toEqual([FAILURE]);
  });

  it('TRE-020: a linker to what has been terminated fails, and all below it', () => {
    const bench = new TargetBench();
    const neighbor = bench.neighbor([]);
    bench.initiate([neighbor], []);
    const stale = neighbor.OffloadHandle!.MiniportOffloadContext.value;
    bench.request('NdisTerminateOffload', [bench.naming(neighbor)]);
    neighbor.OffloadHandle!.MiniportOffloadContext.value = stale;
    const path = bench.path([]);
    const linker = bench.naming(neighbor, [path]);
    expect(bench.initiate([linker], [linker, path])).toEqual([FAILURE, FAILURE]);
  });

  it('TRE-017 TRE-018: a placeholder succeeds, with or without dependents, whatever becomes of them', () => {
    const bench = new TargetBench({}, 0);
    const path = bench.path([]);
    const neighbor = bench.neighbor([path]);
    bench.initiate([neighbor], []);
    const linker = bench.naming(path, [bench.tcp()]);
    const above = bench.placeholder('neighbor', [linker]);
    const empty = bench.placeholder('neighbor');
    expect(bench.initiate([above, empty], [above, linker, empty])).toEqual([SUCCESS, FAILURE, SUCCESS]);
  });

  it('TRE-022: a new path below a placeholder has no parent and fails', () => {
    const bench = new TargetBench();
    const path = bench.path([]);
    const above = bench.placeholder('neighbor', [path]);
    expect(bench.initiate([above], [above, path])).toEqual([SUCCESS, FAILURE]);
  });

  it('CTX-002: the cells of refused objects stay NULL', () => {
    const bench = new TargetBench({ paths: 0 });
    const tcp = bench.tcp();
    const path = bench.path([tcp]);
    const neighbor = bench.neighbor([path]);
    bench.initiate([neighbor], []);
    expect([neighbor, path, tcp].map((block) => bench.holds(block))).toEqual([true, false, false]);
  });

  it('CTX-003: every object has a context area of its own', () => {
    const bench = new TargetBench();
    const tcp = [bench.tcp(), bench.tcp()];
    const path = bench.path(tcp);
    const neighbor = bench.neighbor([path]);
    bench.initiate([neighbor], []);
    const contexts = [neighbor, path, ...tcp].map(
      (block) => block.OffloadHandle!.MiniportOffloadContext.value!.address,
    );
    expect(new Set(contexts).size).toBe(4);
  });
});

describe('MiniportInitiateOffload: the status of each cause (INI-036)', () => {
  it('INI-039: NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES', () => {
    const bench = new TargetBench({ neighbors: 1 });
    const blocks = [bench.neighbor([]), bench.neighbor([])];
    expect(bench.initiate(blocks, blocks)).toEqual([SUCCESS, NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES]);
  });

  it('INI-007 INI-040: NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES for a source address that it has no room for', () => {
    const none = new TargetBench();
    const refused = none.neighbor([], { sourceMac: 1 });
    expect(none.initiate([refused], [refused])).toEqual([NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES]);
    const one = new TargetBench({ sourceMacAddresses: 1 });
    const blocks = [1, 1, 2].map((sourceMac) => one.neighbor([], { sourceMac }));
    expect(one.initiate(blocks, blocks)).toEqual([SUCCESS, SUCCESS, NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES]);
  });

  it('VLN-003: NDIS_STATUS_OFFLOAD_VLAN_ENTRIES for one identifier too many', () => {
    const bench = new TargetBench({ vlans: 1 });
    const blocks = [5, 5, 0, 6].map((VlanId) => bench.neighbor([], { VlanId }));
    expect(bench.initiate(blocks, blocks)).toEqual([
      SUCCESS,
      SUCCESS,
      SUCCESS,
      NDIS_STATUS.OFFLOAD_VLAN_ENTRIES,
    ]);
  });

  it('VLN-005 VLN-006 VLN-007: NDIS_STATUS_OFFLOAD_VLAN_MISMATCH for a VLAN that the interface has not', () => {
    const bench = new TargetBench({ vlanIds: [5] });
    const blocks = [0, 5, 6].map((VlanId) => bench.neighbor([], { VlanId }));
    expect(bench.initiate(blocks, blocks)).toEqual([SUCCESS, SUCCESS, NDIS_STATUS.OFFLOAD_VLAN_MISMATCH]);
  });

  it('VLN-004: without VLANs on the interface none is a mismatch', () => {
    const bench = new TargetBench();
    const block = bench.neighbor([], { VlanId: 6 });
    expect(bench.initiate([block], [block])).toEqual([SUCCESS]);
  });

  it('INI-038: NDIS_STATUS_OFFLOAD_PATH_ENTRIES', () => {
    const bench = new TargetBench({ paths: 1 });
    const paths = [bench.path([]), bench.path([])];
    expect(bench.initiate([bench.neighbor(paths)], paths)).toEqual([
      SUCCESS,
      NDIS_STATUS.OFFLOAD_PATH_ENTRIES,
    ]);
  });

  it('INI-038: NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES for one local address too many', () => {
    const bench = new TargetBench({ localAddresses: 1 });
    const paths = [1, 1, 2].map((last) => bench.path([], { source: Uint8Array.from([192, 0, 2, last]) }));
    expect(bench.initiate([bench.neighbor(paths)], paths)).toEqual([
      SUCCESS,
      SUCCESS,
      NDIS_STATUS.OFFLOAD_IP_ADDRESS_ENTRIES,
    ]);
  });

  it('INI-043: NDIS_STATUS_OFFLOAD_PATH_MTU', () => {
    const bench = new TargetBench({ pathMtu: 1500 });
    const paths = [bench.path([]), bench.path([], { mtu: 1501 })];
    expect(bench.initiate([bench.neighbor(paths)], paths)).toEqual([SUCCESS, NDIS_STATUS.OFFLOAD_PATH_MTU]);
  });

  const tcpCases = [
    ['INI-037', 'OFFLOAD_TCP_ENTRIES', {}, 1, {}],
    ['INI-042', 'OFFLOAD_TCP_RCV_WINDOW', { receiveWindow: 65536 }, 9, { receiveWindow: 65537 }],
    ['INI-037', 'OFFLOAD_TCP_RCV_BUFFER', { receiveBufferBytes: 100_000 }, 9, { receiveWindow: 65536 }],
    ['INI-037', 'OFFLOAD_TCP_XMIT_BUFFER', { sendBufferBytes: 1000 }, 9, { sendBytes: 1001 }],
    ['INI-037', 'OFFLOAD_CONNECTION_REJECTED', { rejectedRemotePorts: [25] }, 9, { remotePort: 25 }],
    ['INI-027 A21', 'FAILURE', { bufferedDataBytes: 10 }, 9, { bufferedBytes: 11 }],
    ['INI-001', 'FAILURE', {}, 9, { state: TcpConnectionState.TimeWait }],
    ['INI-044', 'RESOURCES', { contextAreas: 3 }, 9, {}],
  ] as const;

  it.each(tcpCases)('%s: NDIS_STATUS_%s on a connection', (_rule, status, limits, capacity, choices) => {
    const bench = new TargetBench(limits, capacity);
    const connections = [bench.tcp(), bench.tcp(choices)];
    const neighbor = bench.neighbor([bench.path(connections)]);
    expect(bench.initiate([neighbor], connections)).toEqual([SUCCESS, NDIS_STATUS[status]]);
  });

  it('INI-036: every failure that the pages name has a cause of its own', () => {
    const tested = [
      'OFFLOAD_NEIGHBOR_ENTRIES',
      'OFFLOAD_HW_ADDRESS_ENTRIES',
      'OFFLOAD_VLAN_ENTRIES',
      'OFFLOAD_VLAN_MISMATCH',
      'OFFLOAD_PATH_ENTRIES',
      'OFFLOAD_IP_ADDRESS_ENTRIES',
      'OFFLOAD_PATH_MTU',
      ...tcpCases.map(([, status]) => status),
    ];
    const documented = (functionEntry('NdisMInitiateOffloadComplete').statusesWritten ?? [])
      .map((name) => name.replace('NDIS_STATUS_', ''))
      .filter((name) => !['SUCCESS', 'OFFLOAD_PARTIAL_SUCCESS'].includes(name));
    expect(new Set(tested)).toEqual(new Set(documented));
  });

  it('INI-046: the sends of a refused connection are left alone', () => {
    const bench = new TargetBench({}, 0);
    const tcp = bench.tcp({ sendBytes: 100 });
    const list = tcp.NetBufferListChain!;
    const before = list.Status;
    bench.initiate([bench.neighbor([bench.path([tcp])])], []);
    expect(tcp.NetBufferListChain).toBe(list);
    expect(list.Status).toBe(before);
  });

  it('what has been terminated makes room again', () => {
    const bench = new TargetBench({ neighbors: 1, paths: 1, localAddresses: 1 }, 1);
    for (let round = 0; round < 3; round++) {
      const tcp = bench.tcp();
      const path = bench.path([tcp]);
      const neighbor = bench.neighbor([path]);
      expect(bench.initiate([neighbor], [neighbor, path, tcp])).toEqual([SUCCESS, SUCCESS, SUCCESS]);
      const tree = bench.naming(neighbor, [bench.naming(path, [bench.naming(tcp)])]);
      bench.request('NdisTerminateOffload', [tree]);
      expect(tree.Status).toBe(SUCCESS);
    }
  });
});
