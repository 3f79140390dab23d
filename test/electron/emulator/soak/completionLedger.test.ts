import { describe, expect, it } from 'vitest';
import type { FunctionName } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../../shared/trace/records';
import { CompletionLedger } from '../../../../electron/emulator/soak/completionLedger';
import { silentProbe } from '../../../harness/silentProbe';

const [host, ndis, target] = [0, 1, 2];

/** A ledger that is told of calls by hand. */
class LedgerBench {
  readonly ledger = new CompletionLedger(silentProbe());

  /** A call of one of the drivers into NDIS, or of NDIS into a driver, that passes lists or the root of a tree by address. */
  call(
    functionName: FunctionName,
    passes: { readonly lists?: readonly number[]; readonly root?: number },
    completes: readonly EventId[] = [],
  ): EventId {
    const driver = /^(NdisM|Miniport|NdisTcpOffload)/.test(functionName) ? target : host;
    const intoNdis = functionName.startsWith('Ndis');
    return this.ledger.probe.call(0, {
      functionName,
      caller: intoNdis ? driver : ndis,
      callee: intoNdis ? ndis : driver,
      irql: 0,
      processor: 0,
      connection: undefined,
      parent: undefined,
      cause: undefined,
      completes,
      arguments: [
        ...(passes.lists === undefined ? [] : [listsArgument(passes.lists)]),
        ...(passes.root === undefined ? [] : [treeArgument(passes.root)]),
      ],
    });
  }

  /** The return of a call. */
  returns(call: EventId, status: NdisStatus): void {
    this.ledger.probe.return(0, { call, status, outputs: [] });
  }
}

function listsArgument(addresses: readonly number[]): CallArgument {
  const lists = addresses.map((address) => ({
    address,
    dataLength: 1,
    netBufferCount: 1,
    mdlCount: 1,
    status: 0,
    bytesTransferred: 0,
    streamOffset: undefined,
  }));
  return { kind: 'net-buffer-lists', name: 'NetBufferList', lists };
}

function treeArgument(address: number): CallArgument {
  const root = {
    address,
    depth: 0,
    role: 'reference',
    object: 0,
    bytes: new Uint8Array(0),
    states: [],
  } as const;
  return { kind: 'block-list', name: 'OffloadBlockList', form: 'miniport', blocks: [root] };
}

describe('CompletionLedger', () => {
  it('SND-018: a send that is completed once is fine, and one that is not is found', () => {
    const bench = new LedgerBench();
    const first = bench.call('MiniportTcpOffloadSend', { lists: [0x10] });
    bench.call('MiniportTcpOffloadSend', { lists: [0x20] });
    bench.call('NdisTcpOffloadSendComplete', { lists: [0x10] }, [first]);
    expect(bench.ledger.findings()).toEqual([
      '1 of MiniportTcpOffloadSend have no NdisTcpOffloadSendComplete',
    ]);
  });

  it('SND-018: a list that is completed twice is found', () => {
    const bench = new LedgerBench();
    const send = bench.call('MiniportTcpOffloadSend', { lists: [0x10] });
    bench.call('NdisTcpOffloadSendComplete', { lists: [0x10] }, [send]);
    bench.call('NdisTcpOffloadSendComplete', { lists: [0x10] }, [send]);
    expect(bench.ledger.findings()).toHaveLength(1);
  });

  it('TRM-026: a send that comes back in the chain of a terminate needs no other completion', () => {
    const bench = new LedgerBench();
    const send = bench.call('MiniportTcpOffloadSend', { lists: [0x10] });
    const terminate = bench.call('MiniportTerminateOffload', { root: 0x100 });
    bench.call('NdisMTerminateOffloadComplete', { root: 0x100 }, [terminate, send]);
    expect(bench.ledger.findings()).toEqual([]);
  });

  it('INI-047: lists of the chain of an initiate are completed once, too', () => {
    const bench = new LedgerBench();
    const initiate = bench.call('MiniportInitiateOffload', { root: 0x100 });
    bench.call('NdisMInitiateOffloadComplete', { root: 0x100 }, [initiate]);
    bench.call('NdisTcpOffloadSendComplete', { lists: [0x10] }, [initiate]);
    expect(bench.ledger.findings()).toEqual([]);
    bench.call('NdisTcpOffloadSendComplete', { lists: [0x10] }, [initiate]);
    expect(bench.ledger.findings()).toHaveLength(1);
  });

  it('TRE-040: a tree that is never completed is found', () => {
    const bench = new LedgerBench();
    bench.call('NdisUpdateOffload', { root: 0x100 });
    expect(bench.ledger.findings()).toEqual(['1 of NdisUpdateOffload have no ProtocolUpdateOffloadComplete']);
  });

  it('IND-012 IND-022: an indicated list is the host stack’s only after NDIS_STATUS_SUCCESS', () => {
    const bench = new LedgerBench();
    const refused = bench.call('NdisTcpOffloadReceiveHandler', { lists: [0x10] });
    bench.returns(refused, NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED);
    expect(bench.ledger.findings()).toEqual([]);
    const taken = bench.call('NdisTcpOffloadReceiveHandler', { lists: [0x20] });
    bench.returns(taken, NDIS_STATUS.SUCCESS);
    expect(bench.ledger.findings()).toHaveLength(1);
    bench.call('MiniportTcpOffloadReceiveReturn', { lists: [0x20] });
    expect(bench.ledger.findings()).toEqual([]);
  });

  it('PWR-018: a request that returned NDIS_STATUS_PENDING is open until a call completes it', () => {
    const bench = new LedgerBench();
    const request = bench.call('MiniportOidRequest', {});
    bench.returns(request, NDIS_STATUS.PENDING);
    expect(bench.ledger.findings()).toHaveLength(1);
    bench.call('NdisMOidRequestComplete', {}, [request]);
    expect(bench.ledger.findings()).toEqual([]);
  });

  it('a request that was answered and completed as well is found', () => {
    const bench = new LedgerBench();
    const request = bench.call('MiniportOidRequest', {});
    bench.call('NdisMOidRequestComplete', {}, [request]);
    bench.returns(request, NDIS_STATUS.SUCCESS);
    expect(bench.ledger.findings()).toHaveLength(1);
  });
});
