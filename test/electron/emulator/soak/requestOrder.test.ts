import { describe, expect, it } from 'vitest';
import { structureLayout, type FunctionName } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { BlockRole, BlockSnapshot } from '../../../../shared/trace/records';
import { RequestOrder } from '../../../../electron/emulator/soak/requestOrder';
import { silentProbe } from '../../../harness/silentProbe';

const [neighbor, path, tcp, otherTcp] = [0, 1, 2, 3];
const connection = 7;
const [ndis, target] = [0, 1];

const { size, fields } = structureLayout('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST');

/** A block: what it names, at which depth, as what. */
type Naming = readonly [object: number, depth: number, role?: BlockRole];

/** Calls at the edge of one target, told by hand. */
class OrderBench {
  private readonly order = new RequestOrder(silentProbe());

  constructor() {
    const { probe } = this.order;
    probe.stateObject(0, 'neighbor', undefined, undefined, 'Neighbor');
    probe.stateObject(0, 'path', neighbor, undefined, 'Path');
    probe.stateObject(0, 'tcp', path, connection, 'TCP');
  }

  /** A call with a tree; every Status is SUCCESS unless it is given. */
  call(functionName: FunctionName, blocks: readonly Naming[], status: number = NDIS_STATUS.SUCCESS): this {
    const intoNdis = functionName.startsWith('Ndis');
    this.order.probe.call(0, {
      functionName,
      caller: intoNdis ? target : ndis,
      callee: intoNdis ? ndis : target,
      irql: 0,
      processor: 0,
      connection: functionName.includes('Tcp') ? connection : undefined,
      parent: undefined,
      cause: undefined,
      completes: [],
      arguments: [
        {
          kind: 'block-list',
          name: 'OffloadBlockList',
          form: 'miniport',
          blocks: blocks.map((naming) => snapshot(naming, status)),
        },
      ],
    });
    return this;
  }

  /** Rules that have been broken. */
  get rules(): string[] {
    return this.order.findings.map((finding) => finding.split(':')[0]!);
  }
}

function snapshot([object, depth, role = 'reference']: Naming, status: number): BlockSnapshot {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(fields.find(({ name }) => name === 'Status')!.offset, status, true);
  return { address: 16 * (object + 1), depth, role, object, bytes, states: [] };
}

const tree: readonly Naming[] = [
  [neighbor, 0, 'new'],
  [path, 1, 'new'],
  [tcp, 2, 'new'],
];

/** A target that holds a neighbor, a path and a connection. */
function withTree(): OrderBench {
  return new OrderBench().call('MiniportInitiateOffload', tree).call('NdisMInitiateOffloadComplete', tree);
}

describe('RequestOrder', () => {
  it('finds nothing in the life of a tree', () => {
    const bench = withTree()
      .call('MiniportTcpOffloadSend', [])
      .call('MiniportUpdateOffload', [[tcp, 0]])
      .call('MiniportQueryOffload', [[tcp, 0]])
      .call('NdisMQueryOffloadStateComplete', [[tcp, 0]])
      .call('NdisMUpdateOffloadComplete', [[tcp, 0]])
      .call('MiniportTerminateOffload', tree)
      .call('NdisMTerminateOffloadComplete', tree)
      .call('MiniportInitiateOffload', tree);
    expect(bench.rules).toEqual([]);
  });

  it('INI-003 INI-004: what is held is not offered as new', () => {
    expect(withTree().call('MiniportInitiateOffload', [[neighbor, 0, 'new']]).rules).toEqual([
      'INI-003 INI-004',
    ]);
  });

  it('INI-004: what was refused may be offered again', () => {
    const bench = new OrderBench()
      .call('MiniportInitiateOffload', [[neighbor, 0, 'new']])
      .call('NdisMInitiateOffloadComplete', [[neighbor, 0, 'new']], NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES)
      .call('MiniportInitiateOffload', [[neighbor, 0, 'new']]);
    expect(bench.rules).toEqual([]);
  });

  it('TRE-019: a linker names what is held', () => {
    const offer: Naming[] = [
      [neighbor, 0, 'linker'],
      [path, 1, 'new'],
    ];
    expect(new OrderBench().call('MiniportInitiateOffload', offer).rules).toEqual(['TRE-019']);
  });

  it.each(['MiniportUpdateOffload', 'MiniportQueryOffload', 'MiniportInvalidateOffload'] as const)(
    'INI-048: no %s of what is being offered',
    (name) => {
      expect(new OrderBench().call('MiniportInitiateOffload', tree).call(name, [[tcp, 0]]).rules).toEqual([
        'INI-048',
      ]);
    },
  );

  it('INI-049: no send on a connection that is being offered', () => {
    const bench = new OrderBench().call('MiniportInitiateOffload', tree).call('MiniportTcpOffloadSend', []);
    expect(bench.rules).toEqual(['INI-049 to INI-052']);
  });

  it('UPD-002: no second update of an object, and one of another is fine', () => {
    const bench = withTree().call('MiniportUpdateOffload', [[tcp, 0]]);
    expect(bench.call('MiniportUpdateOffload', [[path, 0]]).rules).toEqual([]);
    expect(bench.call('MiniportUpdateOffload', [[tcp, 0]]).rules).toEqual(['UPD-002']);
  });

  it('UPD-003: no update of what has been invalidated', () => {
    const bench = withTree()
      .call('MiniportInvalidateOffload', [[path, 0]])
      .call('NdisMInvalidateOffloadComplete', [[path, 0]])
      .call('MiniportUpdateOffload', [[path, 0]]);
    expect(bench.rules).toEqual(['UPD-003']);
  });

  it('TRM-002: nothing is terminated twice', () => {
    const bench = withTree().call('MiniportTerminateOffload', [[tcp, 0]]);
    expect(bench.call('MiniportTerminateOffload', [[tcp, 0]]).rules).toEqual(['TRM-002 INI-048']);
  });

  it('TRM-004: no terminate while a query is open', () => {
    const bench = withTree().call('MiniportQueryOffload', [[tcp, 0]]);
    expect(bench.call('MiniportTerminateOffload', [[tcp, 0]]).rules).toEqual(['TRM-004']);
  });

  it('TRM-005 TRM-006: a path goes with everything that depends on it, what is being offered included', () => {
    expect(withTree().call('MiniportTerminateOffload', [[path, 0]]).rules).toEqual(['TRM-005 TRM-006']);
    const offering = withTree().call('MiniportInitiateOffload', [
      [neighbor, 0, 'linker'],
      [path, 1, 'linker'],
      [otherTcp, 2, 'new'],
    ]);
    const all: Naming[] = [
      [path, 0],
      [tcp, 1],
    ];
    expect(offering.call('MiniportTerminateOffload', all).rules).toEqual(['TRM-005 TRM-006']);
  });
});
