import { describe, expect, it, vi } from 'vitest';
import { defaultHostSettings } from '../../electron/emulator/host/hostSettings';
import { OffloadAdministration } from '../../electron/emulator/host/offloadAdministration';
import {
  readConnectionOffload,
  writeConnectionOffload,
} from '../../electron/emulator/ndis/connectionOffload';
import {
  checksumSettings,
  offloadEncapsulationSize,
  readOffloadEncapsulation,
  readTaskOffload,
  sameEncapsulation,
  writeOffloadEncapsulation,
  writeOffloadParameters,
} from '../../electron/emulator/ndis/taskOffload';
import { writeOlderTaskOffload, writeTaskOffloadHeader } from '../../electron/emulator/ndis/olderTaskOffload';
import { writeTcpParameters } from '../../electron/emulator/ndis/tcpParameters';
import { TaskOffloads } from '../../electron/emulator/target/taskOffloads';
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../shared/ddi/status';
import { OffloadBench, type SeenCall } from '../harness/offloadBench';
import { queryOid, setOid, type Requester } from '../harness/oidRequest';

function requesterOf({ machine, ndis, host }: OffloadBench): Requester {
  return { machine, ndis, binding: host.binding };
}

/** Status indications since `from`, with the structures that came along. */
function indicationsSince(bench: OffloadBench, from: number) {
  return bench.calls
    .slice(from)
    .filter((call) => call.functionName === 'NdisMIndicateStatusEx')
    .map((call) => ({ code: codeOf(call), buffer: bufferOf(call) }));
}

function codeOf(call: SeenCall): string {
  const status = call.arguments.find((argument) => argument.kind === 'status');
  return status?.kind === 'status' ? statusName(status.value).replace('NDIS_STATUS_', '') : '';
}

function bufferOf(call: SeenCall): Uint8Array | undefined {
  const [, buffer] = call.arguments.filter((argument) => argument.kind === 'structure');
  return buffer?.bytes;
}

function codesSince(bench: OffloadBench, from: number): string[] {
  return indicationsSince(bench, from).map(({ code }) => code);
}

describe.each(['connection-offload', 'task-offload'] as const)(
  'turning connection offload off and on by the %s path (A22)',
  (capabilityPath) => {
    const bench = new OffloadBench({ host: { capabilityPath } });

    it('CAP-001 CAP-002: it is on once capabilities have been read and the enabling set has succeeded', () => {
      expect(bench.host.chimney.mayOffload).toBe(true);
      bench.offload();
      bench.send(20_000);
      bench.runFor(1e9);
      expect(bench.returned).toBe(20_000);
    });

    it('CAP-023: connections are uploaded before the capability is switched off', () => {
      const from = bench.calls.length;
      bench.passively(() => {
        bench.host.switchConnectionOffload(false);
      }, 1e9);
      const names = bench.namesSince(from);
      expect(names.indexOf('ProtocolTerminateOffloadComplete')).toBeGreaterThan(-1);
      expect(names.indexOf('ProtocolTerminateOffloadComplete')).toBeLessThan(names.indexOf('NdisOidRequest'));
      expect(bench.connection.place).toBe('InHost');
    });

    it('CAP-015: the change is announced by OFFLOAD_PAUSE and OFFLOAD_RESUME', () => {
      const found = indicationsSince(bench, 0).filter(({ code }) => code.startsWith('OFFLOAD_'));
      expect(found.map(({ code }) => code)).toEqual([
        'OFFLOAD_ENCASPULATION_CHANGE',
        'OFFLOAD_PAUSE',
        'OFFLOAD_RESUME',
      ]);
      expect(readConnectionOffload(found[2]!.buffer!)).toMatchObject({ SupportIPv4: false });
    });

    it('CAP-014 CAP-022: nothing is offered while it is off, and bytes go by the host path', () => {
      const from = bench.calls.length;
      bench.passively(() => {
        bench.connection.offload();
      });
      bench.send(10_000);
      bench.runFor(1e9);
      expect(bench.namesSince(from)).not.toContain('NdisInitiateOffload');
      expect(bench.returned).toBe(30_000);
    });

    it('CAP-022: switched on again, the latest set wins', () => {
      bench.passively(() => {
        bench.host.switchConnectionOffload(true);
      });
      bench.offload();
      bench.send(10_000);
      bench.runFor(1e9);
      expect(bench.returned).toBe(40_000);
    });
  },
);

describe('OID_TCP_TASK_OFFLOAD at the target', () => {
  it('CAP-003: the answer contains an entry for connection offload', () => {
    const bench = new OffloadBench({ host: { capabilityPath: 'task-offload' } });
    expect(bench.host.capabilities).toEqual({
      SupportIPv4: true,
      SupportIPv6: true,
      SupportSack: true,
      TcpConnectionOffloadCapacity: 1024,
    });
  });

  it('CAP-018: the enabling set carries the parameters of TCP, and TicksPerSecond is 10, 100 or 1000', () => {
    const bench = new OffloadBench({ host: { capabilityPath: 'task-offload' } });
    const structures = bench.calls.flatMap(({ functionName, arguments: given }) =>
      functionName === 'MiniportOidRequest' ? given.filter((argument) => argument.kind === 'structure') : [],
    );
    const parameters = structures.find(
      (argument) => argument.structure === 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS',
    )!;
    const ticks = new DataView(parameters.bytes.slice().buffer).getUint32(32, true);
    expect([10, 100, 1000]).toContain(ticks);
  });

  it('a query without room gets BUFFER_TOO_SHORT and the size of header, entry and structure', () => {
    const { status, request } = queryOid(requesterOf(new OffloadBench()), 'OID_TCP_TASK_OFFLOAD', 27);
    expect(status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(68);
  });

  it('a query for frames of another kind is INVALID_DATA', () => {
    const { status } = queryOid(requesterOf(new OffloadBench()), 'OID_TCP_TASK_OFFLOAD', 100);
    expect(status).toBe(NDIS_STATUS.INVALID_DATA);
  });

  it('CAP-022: what is offered after a set that names nothing is not taken', () => {
    const bench = new OffloadBench();
    bench.passively(() => {
      expect(setOid(requesterOf(bench), 'OID_TCP_TASK_OFFLOAD', writeTaskOffloadHeader()).status).toBe(
        NDIS_STATUS.SUCCESS,
      );
    });
    expect(bench.host.chimney.mayOffload).toBe(false);
  });

  it('what the target does not have can’t be turned on', () => {
    const bench = new OffloadBench({ target: { hasIPv6: false } });
    const connection = bench.calls
      .flatMap((call) => call.arguments)
      .find(
        (argument) =>
          argument.kind === 'structure' && argument.name === 'TcpConnectionOffloadHardwareCapabilities',
      );
    if (connection?.kind !== 'structure') throw new Error('no capabilities were declared');
    const bytes = connection.bytes.slice();
    // SupportIPv6 is bits 2 and 3 behind header and Encapsulation.
    bytes[8]! |= 1 << 2;
    expect(
      setOid(requesterOf(bench), 'OID_TCP_TASK_OFFLOAD', writeOlderTaskOffload({ connection: bytes })).status,
    ).toBe(NDIS_STATUS.INVALID_DATA);
  });
});

describe('OID_TCP_OFFLOAD_PARAMETERS and OID_OFFLOAD_ENCAPSULATION', () => {
  const ethernet = {
    Enabled: constantValue('NDIS_OFFLOAD_SET_ON'),
    EncapsulationType: constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
    HeaderSize: 14,
  };

  it('a set is followed by TASK_OFFLOAD_CURRENT_CONFIG whether anything differs or not', () => {
    const bench = new OffloadBench();
    const from = bench.calls.length;
    expect(setOid(requesterOf(bench), 'OID_TCP_OFFLOAD_PARAMETERS', writeOffloadParameters({})).status).toBe(
      NDIS_STATUS.SUCCESS,
    );
    expect(codesSince(bench, from)).toEqual(['TASK_OFFLOAD_CURRENT_CONFIG']);
  });

  it('a checksum task that the hardware does not have is INVALID_DATA and changes nothing', () => {
    const bench = new OffloadBench();
    const from = bench.calls.length;
    const bytes = writeOffloadParameters({ TCPIPv4Checksum: checksumSettings.TX_ENABLED_RX_DISABLED });
    expect(setOid(requesterOf(bench), 'OID_TCP_OFFLOAD_PARAMETERS', bytes).status).toBe(
      NDIS_STATUS.INVALID_DATA,
    );
    expect(codesSince(bench, from)).toEqual([]);
  });

  it('a structure that is cut is BUFFER_TOO_SHORT', () => {
    const bytes = writeOffloadParameters({}).slice(0, 19);
    const { status, request } = setOid(requesterOf(new OffloadBench()), 'OID_TCP_OFFLOAD_PARAMETERS', bytes);
    expect(status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(20);
  });

  it('the adapter indicates OFFLOAD_ENCASPULATION_CHANGE only when the encapsulation is another one', () => {
    const bench = new OffloadBench();
    const from = bench.calls.length;
    const same = writeOffloadEncapsulation({ IPv4: ethernet, IPv6: sameEncapsulation });
    setOid(requesterOf(bench), 'OID_OFFLOAD_ENCAPSULATION', same);
    expect(codesSince(bench, from)).toEqual(['TASK_OFFLOAD_CURRENT_CONFIG']);
    const off = { Enabled: constantValue('NDIS_OFFLOAD_SET_OFF'), EncapsulationType: 0, HeaderSize: 0 };
    setOid(
      requesterOf(bench),
      'OID_OFFLOAD_ENCAPSULATION',
      writeOffloadEncapsulation({ IPv4: off, IPv6: sameEncapsulation }),
    );
    const found = indicationsSince(bench, from).at(-1)!;
    expect(found.code).toBe('OFFLOAD_ENCASPULATION_CHANGE');
    expect(readOffloadEncapsulation(found.buffer!)).toEqual({ IPv4: off, IPv6: ethernet });
    expect(bench.host.adapterFacts.encapsulation?.IPv4).toEqual(off);
    const { request } = queryOid(requesterOf(bench), 'OID_OFFLOAD_ENCAPSULATION', offloadEncapsulationSize);
    expect(readOffloadEncapsulation(request.InformationBuffer)).toEqual({ IPv4: off, IPv6: ethernet });
  });

  it.each([
    [
      'LLC/SNAP',
      { ...ethernet, EncapsulationType: constantValue('NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED') },
    ],
    ['a header of another size', { ...ethernet, HeaderSize: 18 }],
  ])('%s is INVALID_PARAMETER', (_what, IPv4) => {
    const bytes = writeOffloadEncapsulation({ IPv4, IPv6: sameEncapsulation });
    expect(setOid(requesterOf(new OffloadBench()), 'OID_OFFLOAD_ENCAPSULATION', bytes).status).toBe(
      NDIS_STATUS.INVALID_PARAMETER,
    );
  });
});

describe('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS', () => {
  it('frames that the target can’t make are INVALID_PARAMETER', () => {
    const IPv4 = {
      Enabled: constantValue('NDIS_OFFLOAD_SET_ON'),
      EncapsulationType: constantValue('NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED'),
      HeaderSize: 22,
    };
    const bytes = writeTcpParameters(defaultHostSettings.parameters, { IPv4, IPv6: sameEncapsulation });
    const { status } = setOid(
      requesterOf(new OffloadBench()),
      'OID_TCP_CONNECTION_OFFLOAD_PARAMETERS',
      bytes,
    );
    expect(status).toBe(NDIS_STATUS.INVALID_PARAMETER);
  });
});

describe('the checksum task of a target whose hardware has it', () => {
  const bench = new OffloadBench({ target: { transmitTcpChecksum: true } });

  it('is on once the encapsulation has been set, and the host stack leaves the checksum to it', () => {
    expect(bench.host.adapterFacts.taskConfiguration).toEqual({
      encapsulation: 2,
      transmitTcpChecksum: true,
    });
    bench.send(50_000);
    bench.runFor(1e9);
    // The echo server drops segments with a bad checksum: that the bytes come back says that each was right.
    expect(bench.returned).toBe(50_000);
  });

  it('without the hardware’s part no segment of the host path has a right checksum', () => {
    const undone = vi.spyOn(TaskOffloads.prototype, 'completeChecksum').mockReturnValue(undefined);
    const broken = new OffloadBench({ target: { transmitTcpChecksum: true } });
    broken.send(1000);
    broken.runFor(1e9);
    undone.mockRestore();
    expect(broken.returned).toBe(0);
  });

  it('TASK_OFFLOAD_HARDWARE_CAPABILITIES: hardware that has lost it reports so, and the host stack computes again', () => {
    const from = bench.calls.length;
    bench.passively(() => {
      bench.target.changeHardware(300, false);
    });
    const found = indicationsSince(bench, from);
    expect(found.map(({ code }) => code)).toEqual([
      'TASK_OFFLOAD_HARDWARE_CAPABILITIES',
      'TASK_OFFLOAD_CURRENT_CONFIG',
      'OFFLOAD_PAUSE',
      'TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES',
      'OFFLOAD_RESUME',
    ]);
    expect(readTaskOffload(found[0]!.buffer!)).toEqual({ encapsulation: 0, transmitTcpChecksum: false });
    expect(bench.host.adapterFacts.taskConfiguration?.transmitTcpChecksum).toBe(false);
    bench.send(50_000);
    bench.runFor(1e9);
    expect(bench.returned).toBe(100_000);
  });

  it('PWR-012 CAP-015: TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES comes between pause and resume, with its structure', () => {
    expect(bench.host.adapterFacts.connectionCapabilities).toMatchObject({
      TcpConnectionOffloadCapacity: 300,
    });
    expect(bench.host.capabilities).toMatchObject({ TcpConnectionOffloadCapacity: 300 });
    expect(bench.host.chimney.mayOffload).toBe(true);
  });
});

describe('the host stack and an adapter that answers OID_TCP_TASK_OFFLOAD without an entry for connection offload', () => {
  /** The adapter answers every request with success; to a query it writes `entries`. */
  function enabling(entries: Parameters<typeof writeOlderTaskOffload>[0]): number {
    let enabled = 0;
    const administration = new OffloadAdministration({
      path: 'task-offload',
      parameters: defaultHostSettings.parameters,
      request: (type, _oid, buffer, ended) => {
        if (type === 'NdisRequestQueryInformation') buffer.set(writeOlderTaskOffload(entries));
        ended(NDIS_STATUS.SUCCESS);
        return NDIS_STATUS.SUCCESS;
      },
      ipv6Address: undefined,
      processorForHash: () => 0,
      onEnabled: () => enabled++,
      onCapabilities: () => undefined,
    });
    administration.enable();
    return enabled;
  }

  it('CAP-002: nothing is enabled by a set that names nothing', () => {
    expect(enabling({ connection: undefined, parameters: undefined })).toBe(0);
  });

  it('CAP-002: what has been reported is enabled', () => {
    const connection = writeConnectionOffload({
      SupportIPv4: true,
      SupportIPv6: false,
      SupportSack: false,
      TcpConnectionOffloadCapacity: 1,
    });
    expect(enabling({ connection, parameters: undefined })).toBe(1);
  });
});
