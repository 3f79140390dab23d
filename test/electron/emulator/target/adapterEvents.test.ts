import { describe, expect, it } from 'vitest';
import { devicePowerStates } from '../../../../electron/emulator/ndis/characteristics';
import { allocateOidRequest, chimneyOids } from '../../../../electron/emulator/ndis/oidRequests';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { OffloadBench, type SeenCall } from '../../../harness/offloadBench';

/** Statuses of all lists that a call carries. */
function statusesOf(call: SeenCall): number[] {
  return call.arguments.flatMap((argument) =>
    argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.status) : [],
  );
}

function oid(bench: OffloadBench, type: 'query' | 'set', number: number, bytes: Uint8Array) {
  const request = allocateOidRequest(
    bench.machine.addresses,
    type === 'query' ? 'NdisRequestQueryInformation' : 'NdisRequestSetInformation',
    number,
    bytes,
  );
  let status = -1;
  bench.passively(() => {
    status = bench.ndis.oids.NdisOidRequest(bench.host.binding, request);
  });
  return { status, request };
}

describe('events of a target’s adapter, with the host stack above it', () => {
  it('PWR-002 PWR-005: a pause keeps new offloads away and leaves the connection with the target', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.target.pauseOffload();
    bench.send(100_000);
    bench.runFor(20e6);
    expect(bench.connection.place).toBe('Offloaded');
    expect(bench.returned).toBe(100_000);
    expect(bench.host.chimney.mayOffload).toBe(false);
  });

  it('PWR-002: nothing is offered while the target pauses, and again after the resume', () => {
    const bench = new OffloadBench();
    bench.target.pauseOffload();
    const from = bench.calls.length;
    bench.passively(() => {
      bench.connection.offload();
    });
    expect(bench.namesSince(from)).not.toContain('NdisInitiateOffload');
    bench.target.resumeOffload();
    bench.runFor(1e6);
    bench.offload();
  });

  it('PWR-006: sends that come after UPLOAD_ALL are completed with UPLOAD_IN_PROGRESS, and no byte is lost', () => {
    const bench = new OffloadBench();
    bench.offload();
    const from = bench.calls.length;
    bench.target.uploadAll();
    // The host stack terminates from a work item; this send is faster.
    bench.send(1000);
    const late = bench.calls.slice(from).filter((call) => call.functionName === 'NdisTcpOffloadSendComplete');
    expect(late.flatMap(statusesOf)).toEqual([NDIS_STATUS.UPLOAD_IN_PROGRESS]);
    bench.runFor(20e6);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.returned).toBe(1000);
  });

  it('PWR-006: a disconnect that comes after UPLOAD_ALL is the host’s to make', () => {
    const bench = new OffloadBench();
    bench.offload();
    const from = bench.calls.length;
    bench.target.uploadAll();
    bench.connection.shutdown();
    const late = bench.calls
      .slice(from)
      .filter((call) => call.functionName === 'NdisTcpOffloadDisconnectComplete');
    expect(late.flatMap(statusesOf)).toEqual([NDIS_STATUS.UPLOAD_IN_PROGRESS]);
    bench.runFor(20e6);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.connection.engine.finQueued).toBe(true);
  });

  it('PWR-007: a connection that is being offered when UPLOAD_ALL comes is taken back when it has arrived', () => {
    const bench = new OffloadBench();
    bench.machine.queueWorkItem(0, () => {
      bench.connection.offload();
      bench.target.uploadAll();
    });
    bench.runFor(1e6);
    expect(bench.namesSince(0)).toContain('ProtocolInitiateOffloadComplete');
    expect(bench.connection.place).toBe('InHost');
  });

  it('PWR-009: a resume that is wanted too early waits for the terminations', () => {
    const bench = new OffloadBench();
    bench.offload();
    const from = bench.calls.length;
    bench.target.uploadAll();
    bench.target.resumeOffload();
    bench.runFor(5e6);
    const names = bench.namesSince(from);
    const indications = names.flatMap((name, index) => (name === 'NdisMIndicateStatusEx' ? [index] : []));
    expect(indications).toHaveLength(2);
    expect(indications[1]).toBeGreaterThan(names.indexOf('ProtocolTerminateOffloadComplete'));
  });

  it('CAP-015: a new capacity is learned with the resume', () => {
    const bench = new OffloadBench();
    bench.target.pauseOffload();
    bench.target.resumeOffload(7);
    bench.runFor(1e6);
    expect(bench.host.capabilities?.TcpConnectionOffloadCapacity).toBe(7);
  });

  it('CAP-015: a new capacity is reported by a target that takes offloads already', () => {
    const bench = new OffloadBench();
    bench.target.resumeOffload(7);
    bench.runFor(1e6);
    expect(bench.host.capabilities?.TcpConnectionOffloadCapacity).toBe(7);
  });

  it('TRM-004: an upload for a lost link waits for a query that is under way', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.connection.record.openRequests++;
    bench.link.setCarrier(false);
    bench.runFor(1e6);
    expect(bench.connection.place).toBe('Offloaded');
    bench.connection.record.openRequests--;
    bench.host.offloads.settleSoon();
    bench.runFor(1e6);
    expect(bench.connection.place).toBe('InHost');
  });

  it('PWR-013: an adapter gives packets back with MEDIA_DISCONNECTED while its link is down', () => {
    const bench = new OffloadBench();
    bench.link.setCarrier(false);
    const from = bench.calls.length;
    bench.send(1000);
    bench.runFor(1e6);
    const completed = bench.calls
      .slice(from)
      .filter((call) => call.functionName === 'NdisMSendNetBufferListsComplete');
    expect(completed.flatMap(statusesOf)).toEqual([NDIS_STATUS.MEDIA_DISCONNECTED]);
    bench.link.setCarrier(true);
    bench.runFor(5e9);
    expect(bench.returned).toBe(1000);
  });

  it('PWR-016: NetEventSetPower is pended while a query keeps a termination from beginning', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.connection.record.openRequests++;
    const from = bench.calls.length;
    let asleep = false;
    bench.passively(() => {
      bench.ndis.life.setPower(bench.target.miniportHandle, devicePowerStates.D3, (status) => {
        asleep = status === NDIS_STATUS.SUCCESS;
      });
    });
    const sets = (): number[] =>
      bench.calls.flatMap(({ functionName, arguments: [, , oid] }, index) =>
        index >= from && functionName === 'MiniportOidRequest' && oid?.kind === 'number'
          ? oid.value === chimneyOids.OID_PNP_SET_POWER
            ? [index - from]
            : []
          : [],
      );
    expect(sets()).toEqual([]);
    bench.connection.record.openRequests--;
    bench.host.offloads.settleSoon();
    bench.runFor(1e6);
    const names = bench.namesSince(from);
    expect(names.indexOf('NdisTerminateOffload')).toBeLessThan(names.indexOf('NdisCompleteNetPnPEvent'));
    expect(names.indexOf('NdisCompleteNetPnPEvent')).toBeLessThan(sets()[0]!);
    expect(asleep).toBe(true);
  });

  it('PWR-015: NetEventPause is pended until everything is back, and MiniportPause follows', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.send(50_000);
    bench.runFor(100_000);
    const from = bench.calls.length;
    let paused = false;
    bench.passively(() => {
      bench.ndis.life.pause(bench.target.miniportHandle, () => {
        paused = true;
      });
    });
    const names = bench.namesSince(from);
    expect(names.indexOf('ProtocolTerminateOffloadComplete')).toBeGreaterThan(-1);
    expect(names.indexOf('ProtocolTerminateOffloadComplete')).toBeLessThan(names.indexOf('MiniportPause'));
    expect(paused).toBe(true);
    bench.passively(() => {
      bench.ndis.life.restart(bench.target.miniportHandle, () => undefined);
    });
    bench.runFor(5e9);
    expect(bench.returned).toBe(50_000);
    bench.offload();
  });

  it('surprise removal: the host takes everything back before the adapter is halted', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.send(50_000);
    bench.runFor(100_000);
    const from = bench.calls.length;
    bench.passively(() => {
      bench.ndis.life.surpriseRemove(bench.target.miniportHandle, () => undefined);
    });
    const names = bench.namesSince(from);
    const order = [
      'MiniportDevicePnPEventNotify',
      'ProtocolTerminateOffloadComplete',
      'MiniportPause',
      'NdisCloseAdapterEx',
      'MiniportHaltEx',
    ].map((name) => names.indexOf(name));
    expect(order).toEqual([...order].sort((left, right) => left - right));
    expect(order).not.toContain(-1);
    expect(bench.connection.place).toBe('InHost');
    // Without an adapter TCP gives up in the end, and nothing breaks on the way.
    expect(() => {
      bench.runFor(600e9);
    }).not.toThrow();
    expect(bench.connection.bytesSentByHostPath).toBeLessThanOrEqual(50_000);
  });
});

describe('OIDs of the target', () => {
  const { OID_IP4_OFFLOAD_STATS, OID_IP6_OFFLOAD_STATS, OID_TCP4_OFFLOAD_STATS, OID_TCP6_OFFLOAD_STATS } =
    chimneyOids;

  it('STT-004 STT-005: traffic of the host path does not count', () => {
    const bench = new OffloadBench();
    bench.send(10_000);
    bench.runFor(20e6);
    expect(bench.host.offloadStatistics()).toMatchObject({
      ip: { InReceives: 0n, OutRequests: 0n },
      tcp: { InSegments: 0n, OutSegments: 0n },
    });
  });

  it('STT-022 STT-027: the host stack reads what the target has counted', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.send(10_000);
    bench.runFor(20e6);
    const statistics = bench.host.offloadStatistics()!;
    expect(statistics.tcp.CurrentlyEstablished).toBe(1);
    expect(statistics.tcp.OutSegments).toBeGreaterThanOrEqual(7n);
    expect(statistics.ip.OutOctets).toBeGreaterThan(10_000n);
  });

  it.each([
    [OID_IP4_OFFLOAD_STATS, 64],
    [OID_TCP4_OFFLOAD_STATS, 40],
  ])('STT-001: query of %i writes %i bytes, and asks for them if there is no room', (number, size) => {
    const bench = new OffloadBench();
    const answered = oid(bench, 'query', number, new Uint8Array(size + 8));
    expect(answered.status).toBe(NDIS_STATUS.SUCCESS);
    expect(answered.request.bytesProcessed).toBe(size);
    const refused = oid(bench, 'query', number, new Uint8Array(size - 1));
    expect(refused.status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(refused.request.bytesNeeded).toBe(size);
  });

  it('STT-006 STT-007 STT-008: a set with any bytes begins the counters of its layer anew', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.send(10_000);
    bench.runFor(1e9);
    expect(oid(bench, 'set', OID_IP4_OFFLOAD_STATS, new Uint8Array(3).fill(0xff)).status).toBe(
      NDIS_STATUS.SUCCESS,
    );
    expect(bench.host.offloadStatistics()).toMatchObject({ ip: { OutRequests: 0n, InOctets: 0n } });
    expect(bench.host.offloadStatistics()!.tcp.OutSegments).toBeGreaterThan(0n);
    oid(bench, 'set', OID_TCP4_OFFLOAD_STATS, new Uint8Array(0));
    expect(bench.host.offloadStatistics()).toMatchObject({
      tcp: { OutSegments: 0n, CurrentlyEstablished: 1 },
    });
  });

  it.each([OID_IP6_OFFLOAD_STATS, OID_TCP6_OFFLOAD_STATS, constantValue('OID_TCP_SAN_SUPPORT')])(
    'OID %i, of what the target does not do, is NOT_SUPPORTED',
    (number) => {
      const bench = new OffloadBench({ target: { hasIPv6: false } });
      expect(oid(bench, 'query', number, new Uint8Array(64)).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
      expect(oid(bench, 'set', number, new Uint8Array(64)).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    },
  );

  it('parameters that are cut get BUFFER_TOO_SHORT and the size of their first revision', () => {
    const { status, request } = oid(
      new OffloadBench(),
      'set',
      chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
      new Uint8Array(20),
    );
    expect(status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(56);
  });
});
