import { describe, expect, it } from 'vitest';
import type { NDIS_OID_REQUEST } from '../../../../electron/emulator/ndis/characteristics';
import { readConnectionOffload } from '../../../../electron/emulator/ndis/connectionOffload';
import { allocateOidRequest, chimneyOids } from '../../../../electron/emulator/ndis/oidRequests';
import { writeTcpParameters } from '../../../../electron/emulator/ndis/tcpParameters';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers, type BareDriverChoices, type BareDrivers } from '../../../harness/bareDrivers';
import { tcpParameters } from '../../../harness/tcpParameters';

const parameters = writeTcpParameters(tcpParameters);

function query({ ndis, machine, binding }: BareDrivers, oid: number, room: number) {
  const request = allocateOidRequest(
    machine.addresses,
    'NdisRequestQueryInformation',
    oid,
    new Uint8Array(room),
  );
  return { status: ndis.oids.NdisOidRequest(binding, request), request };
}

function set({ ndis, machine, binding }: BareDrivers, oid: number, bytes: Uint8Array) {
  const request = allocateOidRequest(machine.addresses, 'NdisRequestSetInformation', oid, bytes);
  return { status: ndis.oids.NdisOidRequest(binding, request), request };
}

/** Drivers whose miniport notes the requests that reach it and answers with `status`. */
function noting(status: number, choices: BareDriverChoices = {}) {
  const seen: NDIS_OID_REQUEST[] = [];
  const ended: number[] = [];
  const drivers = startBareDrivers({
    ...choices,
    miniport: {
      OidRequestHandler: (_context, request) => {
        seen.push(request);
        return status;
      },
    },
    protocol: {
      OidRequestCompleteHandler: (_context, _request, Status) => {
        ended.push(Status);
      },
    },
  });
  return { drivers, seen, ended };
}

describe('NdisOidRequest', () => {
  const capabilityQueries = [
    chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG,
    chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES,
  ];

  it.each(capabilityQueries)('CAP-010: NDIS answers capability query %i itself', (oid) => {
    const { drivers, seen } = noting(NDIS_STATUS.SUCCESS, { capacity: 77 });
    const { status, request } = query(drivers, oid, 20);
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect(readConnectionOffload(request.InformationBuffer)?.TcpConnectionOffloadCapacity).toBe(77);
    expect(request.bytesProcessed).toBe(20);
    expect(seen).toEqual([]);
  });

  it.each(capabilityQueries)('query %i of an adapter without chimney is NOT_SUPPORTED', (oid) => {
    expect(query(noting(NDIS_STATUS.SUCCESS).drivers, oid, 20).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
  });

  it.each(capabilityQueries)('a set of %i is NOT_SUPPORTED and reaches no miniport', (oid) => {
    const { drivers, seen } = noting(NDIS_STATUS.SUCCESS, { capacity: 77 });
    expect(set(drivers, oid, new Uint8Array(20)).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    expect(seen).toEqual([]);
  });

  it('a buffer that is too short gets BUFFER_TOO_SHORT and the size that is needed', () => {
    const { drivers } = noting(NDIS_STATUS.SUCCESS, { capacity: 77 });
    const { status, request } = query(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG, 19);
    expect(status).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(20);
    expect(request.bytesProcessed).toBe(0);
    expect(request.InformationBuffer.every((byte) => byte === 0)).toBe(true);
  });

  it('CAP-021 (A23): the parameter query returns what was last set with success', () => {
    const { drivers, seen } = noting(NDIS_STATUS.SUCCESS);
    set(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, parameters);
    const { status, request } = query(
      drivers,
      chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
      parameters.length,
    );
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect([...request.InformationBuffer]).toEqual([...parameters]);
    expect(seen).toHaveLength(1);
  });

  it('CAP-021: a set that failed leaves nothing in force', () => {
    const { drivers } = noting(NDIS_STATUS.INVALID_DATA);
    set(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, parameters);
    const { status } = query(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, 60);
    expect(status).toBe(NDIS_STATUS.NOT_SUPPORTED);
  });

  it('hands every other OID to the miniport and answers what it answers', () => {
    const { drivers, seen } = noting(NDIS_STATUS.NOT_SUPPORTED);
    expect(query(drivers, 0x00020106, 4).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    expect(seen.map((request) => request.Oid)).toEqual([0x00020106]);
  });

  it('OID_PNP_SET_POWER is not a protocol driver’s to set', () => {
    const { drivers, seen } = noting(NDIS_STATUS.SUCCESS);
    expect(set(drivers, chimneyOids.OID_PNP_SET_POWER, Uint8Array.of(4, 0, 0, 0)).status).toBe(
      NDIS_STATUS.NOT_SUPPORTED,
    );
    expect(seen).toEqual([]);
  });
});

describe('NdisMOidRequestComplete', () => {
  it('ends a pended request with ProtocolOidRequestComplete, once', () => {
    const { drivers, seen, ended } = noting(NDIS_STATUS.PENDING);
    const { status } = set(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, parameters);
    expect(status).toBe(NDIS_STATUS.PENDING);
    expect(ended).toEqual([]);
    drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, seen[0]!, NDIS_STATUS.SUCCESS);
    expect(ended).toEqual([NDIS_STATUS.SUCCESS]);
    expect(() => {
      drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, seen[0]!, NDIS_STATUS.SUCCESS);
    }).toThrow(/not under way/);
  });

  it('CAP-021: pended parameters are in force from their completion on', () => {
    const { drivers, seen } = noting(NDIS_STATUS.PENDING);
    const oid = chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS;
    set(drivers, oid, parameters);
    expect(query(drivers, oid, 60).status).toBe(NDIS_STATUS.NOT_SUPPORTED);
    drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, seen[0]!, NDIS_STATUS.SUCCESS);
    expect(query(drivers, oid, 60).status).toBe(NDIS_STATUS.SUCCESS);
  });

  it('a miniport that completes a request and answers it as well is caught', () => {
    const drivers = startBareDrivers({
      miniport: {
        OidRequestHandler: (_context, request) => {
          drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, request, NDIS_STATUS.SUCCESS);
          return NDIS_STATUS.SUCCESS;
        },
      },
      protocol: { OidRequestCompleteHandler: () => undefined },
    });
    expect(() => query(drivers, 0x00020106, 4)).toThrow(/as well/);
  });
});
