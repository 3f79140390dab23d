import { describe, expect, it } from 'vitest';
import type { NDIS_OID_REQUEST } from '../../../../electron/emulator/ndis/characteristics';
import { writeGeneralAttributes } from '../../../../electron/emulator/ndis/generalAttributes';
import { readLinkUp, writeLinkState } from '../../../../electron/emulator/ndis/linkState';
import {
  pnpCapabilitiesSize,
  writePnpCapabilities,
} from '../../../../electron/emulator/ndis/pnpCapabilities';
import {
  offloadEncapsulationSize,
  readTaskOffload,
  sameEncapsulation,
  taskOffloadSize,
  writeOffloadEncapsulation,
  writeTaskOffload,
} from '../../../../electron/emulator/ndis/taskOffload';
import { readUnsignedLong, writeUnsignedLong } from '../../../../electron/emulator/ndis/unsignedLong';
import type { ValuedConstantName } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers, type BareDrivers } from '../../../harness/bareDrivers';
import { queryOid, setOid } from '../../../harness/oidRequest';

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
const wakeUp = writePnpCapabilities({ MinMagicPacketWakeUp: 4, MinPatternWakeUp: 3, MinLinkChangeWakeUp: 2 });

/** Drivers whose miniport declares general attributes, notes the requests that reach it and answers them with `status`. */
function ethernet(status: number = NDIS_STATUS.SUCCESS) {
  const seen: NDIS_OID_REQUEST[] = [];
  const drivers: BareDrivers = startBareDrivers({
    miniport: {
      OidRequestHandler: (_context, request) => {
        seen.push(request);
        if (status === NDIS_STATUS.SUCCESS) request.bytesProcessed = request.InformationBuffer.length;
        return status;
      },
    },
    protocol: { OidRequestCompleteHandler: () => undefined },
  });
  drivers.ndis.registration.NdisMSetMiniportAttributes(drivers.adapter, {
    kind: 'general',
    PowerManagementCapabilities: wakeUp,
    bytes: writeGeneralAttributes(drivers.machine.addresses, {
      MtuSize: 1500,
      linkSpeed: 1e9,
      maximumLinkSpeed: 1e9,
      LookaheadSize: 256,
      SupportedPacketFilters: 0xb,
      MaxMulticastListSize: 2,
      macAddress: mac,
      PowerManagementCapabilities: wakeUp,
      RecvScaleCapabilities: null,
    }),
  });
  return { drivers, seen };
}

function indicate({ ndis, adapter }: BareDrivers, StatusCode: number, StatusBuffer: Uint8Array): void {
  ndis.status.NdisMIndicateStatusEx(adapter, {
    address: 0x40,
    SourceHandle: adapter,
    StatusCode,
    StatusBuffer,
  });
}

const group = (last: number): number[] => [0x01, 0x00, 0x5e, 0x00, 0x00, last];

describe('OIDs that NDIS 6 answers itself', () => {
  const numbers: readonly (readonly [ValuedConstantName, number])[] = [
    ['OID_GEN_MAXIMUM_FRAME_SIZE', 1500],
    ['OID_GEN_CURRENT_LOOKAHEAD', 256],
    ['OID_GEN_CURRENT_PACKET_FILTER', 0],
    ['OID_GEN_MEDIA_CONNECT_STATUS', 0],
  ];

  it.each(numbers)('%s from the general attributes, unseen by the miniport', (oid, value) => {
    const { drivers, seen } = ethernet();
    const { status, request } = queryOid(drivers, oid, 4);
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect(readUnsignedLong(request.InformationBuffer)).toBe(value);
    expect(seen).toEqual([]);
  });

  it.each(['OID_802_3_PERMANENT_ADDRESS', 'OID_802_3_CURRENT_ADDRESS'] as const)('%s', (oid) => {
    const { request } = queryOid(ethernet().drivers, oid, 6);
    expect([...request.InformationBuffer]).toEqual([...mac]);
  });

  it('OID_PNP_CAPABILITIES: NDIS_PNP_CAPABILITIES of the attributes', () => {
    const { request } = queryOid(ethernet().drivers, 'OID_PNP_CAPABILITIES', pnpCapabilitiesSize);
    expect([...request.InformationBuffer]).toEqual([...wakeUp]);
  });

  it('OID_GEN_LINK_STATE and OID_GEN_MEDIA_CONNECT_STATUS follow NDIS_STATUS_LINK_STATE', () => {
    const { drivers } = ethernet();
    indicate(drivers, NDIS_STATUS.LINK_STATE, writeLinkState(false, 1e9));
    expect(readLinkUp(queryOid(drivers, 'OID_GEN_LINK_STATE', 40).request.InformationBuffer)).toBe(false);
    const media = queryOid(drivers, 'OID_GEN_MEDIA_CONNECT_STATUS', 4).request;
    expect(readUnsignedLong(media.InformationBuffer)).toBe(1);
  });

  it.each([
    ['OID_TCP_OFFLOAD_CURRENT_CONFIG', NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG],
    ['OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES', NDIS_STATUS.TASK_OFFLOAD_HARDWARE_CAPABILITIES],
  ] as const)('%s is what was last indicated', (oid, code) => {
    const { drivers, seen } = ethernet();
    expect(queryOid(drivers, oid, taskOffloadSize).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    indicate(drivers, code, writeTaskOffload({ encapsulation: 2, transmitTcpChecksum: true }));
    const { request } = queryOid(drivers, oid, taskOffloadSize);
    expect(readTaskOffload(request.InformationBuffer)).toEqual({
      encapsulation: 2,
      transmitTcpChecksum: true,
    });
    expect(seen).toEqual([]);
  });

  it.each([
    'OID_GEN_LINK_STATE',
    'OID_GEN_MEDIA_CONNECT_STATUS',
    'OID_GEN_MAXIMUM_FRAME_SIZE',
    'OID_802_3_PERMANENT_ADDRESS',
    'OID_802_3_CURRENT_ADDRESS',
    'OID_PNP_CAPABILITIES',
    'OID_TCP_OFFLOAD_CURRENT_CONFIG',
    'OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES',
  ] as const)('a set of %s is NOT_SUPPORTED and reaches no miniport', (oid) => {
    const { drivers, seen } = ethernet();
    expect(setOid(drivers, oid, new Uint8Array(64)).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    expect(seen).toEqual([]);
  });

  it.each(['OID_TCP_OFFLOAD_PARAMETERS', 'OID_GEN_LINK_PARAMETERS'] as const)(
    'a query of %s is NOT_SUPPORTED and reaches no miniport',
    (oid) => {
      const { drivers, seen } = ethernet();
      expect(queryOid(drivers, oid, 64).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
      expect(seen).toEqual([]);
    },
  );

  it('a buffer that is too short gets BUFFER_TOO_SHORT and the size that is needed', () => {
    const { status, request } = queryOid(ethernet().drivers, 'OID_GEN_LINK_STATE', 39);
    expect(status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(40);
  });

  it('an adapter that has declared nothing has no answers', () => {
    expect(queryOid(startBareDrivers(), 'OID_GEN_MAXIMUM_FRAME_SIZE', 4).status).toBe(
      NDIS_STATUS.NOT_SUPPORTED,
    );
  });
});

describe('OIDs that are set in the miniport and queried from NDIS', () => {
  it('OID_GEN_CURRENT_PACKET_FILTER: the query returns what was set with success', () => {
    const { drivers, seen } = ethernet();
    setOid(drivers, 'OID_GEN_CURRENT_PACKET_FILTER', writeUnsignedLong(9));
    const { request } = queryOid(drivers, 'OID_GEN_CURRENT_PACKET_FILTER', 4);
    expect(readUnsignedLong(request.InformationBuffer)).toBe(9);
    expect(seen).toHaveLength(1);
  });

  it('a set that the miniport refuses leaves the old value', () => {
    const { drivers } = ethernet(NDIS_STATUS.NOT_SUPPORTED);
    setOid(drivers, 'OID_GEN_CURRENT_PACKET_FILTER', writeUnsignedLong(9));
    const { request } = queryOid(drivers, 'OID_GEN_CURRENT_PACKET_FILTER', 4);
    expect(readUnsignedLong(request.InformationBuffer)).toBe(0);
  });

  it.each(['OID_GEN_CURRENT_PACKET_FILTER', 'OID_GEN_CURRENT_LOOKAHEAD'] as const)(
    '%s: a buffer of other than four bytes gets INVALID_LENGTH',
    (oid) => {
      const { drivers, seen } = ethernet();
      const { status, request } = setOid(drivers, oid, new Uint8Array(5));
      expect(status).toBe(NDIS_STATUS.INVALID_LENGTH);
      expect(request.bytesNeeded).toBe(4);
      expect(seen).toEqual([]);
    },
  );

  it('OID_OFFLOAD_ENCAPSULATION: queried with success only after a set', () => {
    const { drivers } = ethernet();
    const oid = 'OID_OFFLOAD_ENCAPSULATION';
    expect(queryOid(drivers, oid, offloadEncapsulationSize).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    const bytes = writeOffloadEncapsulation({
      IPv4: { Enabled: 1, EncapsulationType: 2, HeaderSize: 14 },
      IPv6: sameEncapsulation,
    });
    setOid(drivers, oid, bytes);
    expect([...queryOid(drivers, oid, offloadEncapsulationSize).request.InformationBuffer]).toEqual([
      ...bytes,
    ]);
  });
});

describe('OID_802_3_MULTICAST_LIST', () => {
  const oid = 'OID_802_3_MULTICAST_LIST';

  it('the query returns the list that was set', () => {
    const { drivers } = ethernet();
    setOid(drivers, oid, Uint8Array.from(group(1)));
    expect([...queryOid(drivers, oid, 6).request.InformationBuffer]).toEqual(group(1));
  });

  it('NDIS removes duplicates before the miniport sees the list', () => {
    const { drivers, seen } = ethernet();
    const { status, request } = setOid(
      drivers,
      oid,
      Uint8Array.from([...group(1), ...group(2), ...group(1)]),
    );
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect([...seen[0]!.InformationBuffer]).toEqual([...group(1), ...group(2)]);
    expect(request.bytesProcessed).toBe(18);
    expect(queryOid(drivers, oid, 12).request.bytesProcessed).toBe(12);
  });

  it('duplicates in a set that pends: the protocol’s own request is completed', () => {
    const { drivers, seen } = ethernet(NDIS_STATUS.PENDING);
    const { status, request } = setOid(drivers, oid, Uint8Array.from([...group(1), ...group(1)]));
    expect(status).toBe(NDIS_STATUS.PENDING);
    const below = seen[0]!;
    expect(below).not.toBe(request);
    below.bytesProcessed = 6;
    drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, below, NDIS_STATUS.SUCCESS);
    expect(request.bytesProcessed).toBe(12);
    expect(queryOid(drivers, oid, 6).status).toBe(NDIS_STATUS.SUCCESS);
  });

  it.each([
    ['more addresses than the adapter has room for', [...group(1), ...group(2), ...group(3)]],
    ['an address that is no group address', [2, 0, 0, 0, 0, 9]],
  ])('%s: MULTICAST_FULL', (_what, list) => {
    const { drivers, seen } = ethernet();
    expect(setOid(drivers, oid, Uint8Array.from(list)).status).toBe(NDIS_STATUS.MULTICAST_FULL);
    expect(seen).toEqual([]);
  });

  it('a length that is no multiple of six: INVALID_LENGTH', () => {
    expect(setOid(ethernet().drivers, oid, new Uint8Array(7)).status).toBe(NDIS_STATUS.INVALID_LENGTH);
  });

  it('an empty list clears it', () => {
    const { drivers } = ethernet();
    setOid(drivers, oid, Uint8Array.from(group(1)));
    expect(setOid(drivers, oid, new Uint8Array(0)).status).toBe(NDIS_STATUS.SUCCESS);
    expect(queryOid(drivers, oid, 6).request.bytesProcessed).toBe(0);
  });
});
