import { describe, expect, it } from 'vitest';
import { defaultTargetLimits, type TargetLimits } from '../../electron/emulator/target/targetLimits';
import { echoPort } from '../../electron/emulator/peer/echoHost';
import { NDIS_STATUS, statusName } from '../../shared/ddi/status';
import { startBareDrivers } from '../harness/bareDrivers';
import { OffloadBench } from '../harness/offloadBench';

/** Statuses that an offered connection's blocks end with, the connection's last. */
function offer(limits: Partial<TargetLimits>): { bench: OffloadBench; statuses: string[] } {
  const bench = new OffloadBench({ target: { limits: { ...defaultTargetLimits, ...limits } } });
  const from = bench.calls.length;
  bench.passively(() => {
    bench.connection.offload();
  });
  const complete = bench.calls
    .slice(from)
    .find(({ functionName }) => functionName === 'ProtocolInitiateOffloadComplete')!;
  const blocks = complete.arguments.find((argument) => argument.kind === 'block-list');
  if (blocks?.kind !== 'block-list') throw new Error('no blocks');
  const statuses = blocks.blocks.map(({ bytes }) =>
    statusName(new DataView(bytes.slice().buffer).getUint32(24, true)).replace('NDIS_STATUS_', ''),
  );
  return { bench, statuses };
}

describe('statuses of an initiate that rest on judgment', () => {
  it.each([
    ['OFFLOAD_POLICY', { refusedRemotePorts: [echoPort] }],
    ['OFFLOAD_CONNECTION_REJECTED', { smallestRemoteMss: 9000 }],
  ] as const)('INI-036: %s for the connection alone, and the host path goes on', (status, limits) => {
    const { bench, statuses } = offer(limits);
    expect(statuses).toEqual(['SUCCESS', 'OFFLOAD_PARTIAL_SUCCESS', status]);
    expect(bench.connection.place).toBe('InHost');
    bench.send(10_000);
    bench.runFor(1e9);
    expect(bench.returned).toBe(10_000);
  });
});

describe('statuses that are reserved for intermediate drivers', () => {
  it.each(['OFFLOAD_IM_RESERVED1', 'OFFLOAD_IM_RESERVED2', 'OFFLOAD_IM_RESERVED3'] as const)(
    'NDIS relays NDIS_STATUS_%s unchanged and makes nothing of it',
    (name) => {
      const heard: (readonly [number, number | undefined])[] = [];
      const { ndis, adapter } = startBareDrivers({
        protocol: {
          StatusHandlerEx: (_context, { StatusCode, StatusBuffer }) => {
            heard.push([StatusCode, StatusBuffer?.length]);
          },
        },
      });
      ndis.status.NdisMIndicateStatusEx(adapter, {
        address: 0x40,
        SourceHandle: adapter,
        StatusCode: NDIS_STATUS[name],
        StatusBuffer: new Uint8Array(20),
      });
      expect(heard).toEqual([[NDIS_STATUS[name], 20]]);
    },
  );

  it('a host stack lets them pass: it offers as before', () => {
    const bench = new OffloadBench();
    for (const name of ['OFFLOAD_IM_RESERVED1', 'OFFLOAD_IM_RESERVED2', 'OFFLOAD_IM_RESERVED3'] as const) {
      bench.ndis.status.NdisMIndicateStatusEx(bench.target.miniportHandle, {
        address: 0x40,
        SourceHandle: bench.target.miniportHandle,
        StatusCode: NDIS_STATUS[name],
        StatusBuffer: null,
      });
    }
    expect(bench.host.chimney.mayOffload).toBe(true);
    bench.offload();
  });
});

describe('receive indications that the host stack does not take whole', () => {
  it.each([
    ['nothing', 'OFFLOAD_DATA_NOT_ACCEPTED', () => 0],
    ['the first byte', 'OFFLOAD_DATA_PARTIALLY_ACCEPTED', () => 1],
    ['all but a byte', 'OFFLOAD_DATA_PARTIALLY_ACCEPTED', (count: number) => count - 1],
  ] as const)('IND-010 IND-011 IND-018 IND-019: of which it takes %s', (_what, status, acceptIndicated) => {
    const bench = new OffloadBench({ host: { postedReceives: 0 }, user: { acceptIndicated } });
    bench.offload();
    const from = bench.calls.length;
    bench.send(20_000);
    bench.runFor(2e9);
    expect(bench.returned).toBe(20_000);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
    const statuses = new Set(
      bench
        .returnsSince(from, 'ProtocolTcpOffloadReceiveIndicate')
        .map((value) => value && statusName(value)),
    );
    expect(statuses).toContain(`NDIS_STATUS_${status}`);
    const names = bench.namesSince(from);
    expect(names.indexOf('NdisOffloadTcpReceive')).toBeGreaterThan(
      names.indexOf('ProtocolTcpOffloadReceiveIndicate'),
    );
  });

  it('IND-013 IND-014: a list that was not taken whole is the target’s again and never returned', () => {
    const bench = new OffloadBench({ host: { postedReceives: 0 }, user: { acceptIndicated: () => 0 } });
    bench.offload();
    const from = bench.calls.length;
    bench.send(2000);
    bench.runFor(2e9);
    expect(bench.namesSince(from)).not.toContain('NdisOffloadTcpReceiveReturn');
  });
});
