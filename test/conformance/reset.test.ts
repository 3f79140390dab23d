import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { OffloadBench } from '../harness/offloadBench';
import { startBareDrivers } from '../harness/bareDrivers';

/** Codes that the protocol driver has heard since `from`. */
function heardSince(bench: OffloadBench, from: number): number[] {
  return bench.calls.slice(from).flatMap(({ functionName, arguments: given }) => {
    if (functionName !== 'ProtocolStatusEx') return [];
    const code = given.find((argument) => argument.kind === 'status');
    return code?.kind === 'status' ? [code.value] : [];
  });
}

function transferring(choices: ConstructorParameters<typeof OffloadBench>[0] = {}): OffloadBench {
  const bench = new OffloadBench(choices);
  bench.offload();
  bench.send(200_000);
  bench.runFor(200_000);
  return bench;
}

describe('reset of an adapter with offloaded state', () => {
  const bench = transferring();
  const from = bench.calls.length;

  it('MiniportCheckForHangEx: FALSE while the hardware answers', () => {
    let hangs = true;
    bench.passively(() => {
      hangs = bench.ndis.resets.checkForHang(bench.target.miniportHandle);
    }, 0);
    expect(hangs).toBe(false);
    expect(bench.namesSince(from)).not.toContain('MiniportResetEx');
  });

  it('MiniportCheckForHangEx: TRUE leads to MiniportResetEx, which pends and ends once', () => {
    const statuses: number[] = [];
    bench.target.hang();
    bench.passively(() => {
      bench.ndis.resets.checkForHang(bench.target.miniportHandle, (status) => statuses.push(status));
    }, 30e9);
    expect(statuses).toEqual([NDIS_STATUS.SUCCESS]);
    const names = bench.namesSince(from);
    expect(names.filter((name) => name === 'MiniportResetEx')).toHaveLength(1);
    expect(names.filter((name) => name === 'NdisMResetComplete')).toHaveLength(1);
  });

  it('section 12: the target asks for everything back with UPLOAD_ALL and takes offloads again when it is', () => {
    const { RESET_START, RESET_END, UPLOAD_ALL, OFFLOAD_RESUME } = NDIS_STATUS;
    expect(new Set(heardSince(bench, from))).toEqual(
      new Set([RESET_START, UPLOAD_ALL, RESET_END, OFFLOAD_RESUME]),
    );
    const names = bench.namesSince(from);
    expect(names.lastIndexOf('NdisMTerminateOffloadComplete')).toBeGreaterThan(
      names.indexOf('NdisMResetComplete'),
    );
    expect(bench.host.chimney.mayOffload).toBe(true);
  });

  it('AddressingReset: NDIS sets packet filter and multicast list again, and not a byte is lost', () => {
    const restored = bench.calls
      .slice(from)
      .filter(({ functionName }) => functionName === 'MiniportOidRequest')
      .flatMap(({ arguments: [, , oid] }) => (oid?.kind === 'number' ? [oid.value] : []));
    expect(restored.slice(0, 2)).toEqual([
      constantValue('OID_GEN_CURRENT_PACKET_FILTER'),
      constantValue('OID_802_3_MULTICAST_LIST'),
    ]);
    expect(bench.returned).toBe(200_000);
    expect(bench.acknowledged).toBe(200_000);
  });
});

describe('reset of an adapter: what goes on meanwhile', () => {
  it('a second reset is RESET_IN_PROGRESS', () => {
    const bench = transferring();
    const statuses: number[] = [];
    bench.passively(() => {
      const { resets } = bench.ndis;
      const ended = (status: number): void => {
        statuses.push(status);
      };
      resets.reset(bench.target.miniportHandle, ended);
      resets.reset(bench.target.miniportHandle, ended);
    }, 1e9);
    expect(statuses).toEqual([NDIS_STATUS.RESET_IN_PROGRESS, NDIS_STATUS.SUCCESS]);
  });

  it.each([
    [false, NDIS_STATUS.FAILURE],
    [true, NDIS_STATUS.OFFLOAD_REQUEST_RESET],
  ])(
    'an initiate during a reset of a target with reportsReset %s fails with %i',
    (reportsReset, expected) => {
      const bench = new OffloadBench({ target: { reportsReset } });
      const from = bench.calls.length;
      bench.passively(() => {
        bench.ndis.resets.reset(bench.target.miniportHandle);
        bench.connection.offload();
      }, 1e6);
      const complete = bench.calls
        .slice(from)
        .find(({ functionName }) => functionName === 'NdisMInitiateOffloadComplete')!;
      const blocks = complete.arguments.find((argument) => argument.kind === 'block-list');
      if (blocks?.kind !== 'block-list') throw new Error('no blocks');
      const statuses = blocks.blocks.map(({ bytes }) =>
        new DataView(bytes.slice().buffer).getUint32(24, true),
      );
      expect(statuses).toEqual([expected, expected, expected]);
      expect(bench.connection.place).toBe('InHost');
    },
  );

  it('a target with reportsReset indicates OFFLOAD_STATE_INVALID before UPLOAD_ALL, and nothing new is offered till then', () => {
    const bench = transferring({ target: { reportsReset: true } });
    const from = bench.calls.length;
    bench.passively(() => {
      bench.ndis.resets.reset(bench.target.miniportHandle);
    }, 30e9);
    const codes = heardSince(bench, from).filter((code) => code >>> 16 === 0x4002);
    expect(codes).toEqual([
      NDIS_STATUS.OFFLOAD_STATE_INVALID,
      NDIS_STATUS.UPLOAD_ALL,
      NDIS_STATUS.OFFLOAD_RESUME,
    ]);
    expect(bench.returned).toBe(200_000);
    expect(bench.host.chimney.mayOffload).toBe(true);
  });

  it('a driver without MiniportResetEx is NOT_RESETTABLE', () => {
    const { ndis, adapter } = startBareDrivers();
    let status = -1;
    ndis.resets.reset(adapter, (ended) => (status = ended));
    expect(status).toBe(NDIS_STATUS.NOT_RESETTABLE);
  });

  it('a reset that ends at once is not completed again', () => {
    const drivers = startBareDrivers({ miniport: { ResetHandlerEx: () => NDIS_STATUS.HARD_ERRORS } });
    let status = -1;
    drivers.ndis.resets.reset(drivers.adapter, (ended) => (status = ended));
    expect(status).toBe(NDIS_STATUS.HARD_ERRORS);
    expect(() => {
      drivers.ndis.resets.NdisMResetComplete(drivers.adapter, NDIS_STATUS.SUCCESS, false);
    }).toThrow(/no reset/);
  });
});

describe('drivers that go', () => {
  it('REG-029: the target is unloaded after its adapter has been halted, and deregisters', () => {
    const bench = transferring();
    const from = bench.calls.length;
    let gone = false;
    bench.passively(() => {
      bench.ndis.unloading.unloadMiniportDriver(bench.target.miniportDriverHandle, () => {
        gone = true;
      });
    }, 1e9);
    expect(gone).toBe(true);
    const names = bench.namesSince(from);
    const order = [
      'MiniportPause',
      'NdisCloseAdapterEx',
      'MiniportHaltEx',
      'MiniportDriverUnload',
      'NdisMDeregisterMiniportDriver',
    ];
    expect(order.map((name) => names.indexOf(name))).toEqual(
      order.map((name) => names.indexOf(name)).sort((a, b) => a - b),
    );
    expect(names.indexOf('ProtocolTerminateOffloadComplete')).toBeLessThan(names.indexOf('MiniportHaltEx'));
    for (const name of order) expect(names, name).toContain(name);
    expect(() => bench.target.miniportDriverHandle).toThrow(/not loaded/);
  });

  it('the host stack is uninstalled after it has been unbound; the adapter runs on without it', () => {
    const bench = transferring();
    const from = bench.calls.length;
    let gone = false;
    bench.passively(() => {
      bench.ndis.unloading.uninstallProtocolDriver(bench.host.protocolHandle, () => {
        gone = true;
      });
    }, 1e9);
    expect(gone).toBe(true);
    const names = bench.namesSince(from);
    const order = [
      'NdisCloseAdapterEx',
      'MiniportRestart',
      'ProtocolUninstall',
      'NdisDeregisterProtocolDriver',
    ];
    for (const name of order) expect(names, name).toContain(name);
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    expect(names).not.toContain('MiniportHaltEx');
  });

  it('a driver that deregisters while its adapter runs is caught', () => {
    const bench = new OffloadBench();
    expect(() => {
      bench.ndis.registration.NdisMDeregisterMiniportDriver(bench.target.miniportDriverHandle);
    }).toThrow(/still has an adapter/);
    expect(() => {
      bench.ndis.registration.NdisDeregisterProtocolDriver(bench.host.protocolHandle);
    }).toThrow(/still bound/);
  });
});
