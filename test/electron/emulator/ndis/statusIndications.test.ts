import { describe, expect, it } from 'vitest';
import type { NDIS_STATUS_INDICATION } from '../../../../electron/emulator/ndis/characteristics';
import {
  readConnectionOffload,
  writeConnectionOffload,
} from '../../../../electron/emulator/ndis/connectionOffload';
import { readLinkUp, writeLinkState } from '../../../../electron/emulator/ndis/linkState';
import { allocateOidRequest, chimneyOids } from '../../../../electron/emulator/ndis/oidRequests';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers, type BareDrivers } from '../../../harness/bareDrivers';

function listening() {
  const heard: NDIS_STATUS_INDICATION[] = [];
  const drivers = startBareDrivers({
    capacity: 8,
    protocol: {
      StatusHandlerEx: (_context, indication) => {
        heard.push(indication);
      },
    },
  });
  const indicate = (StatusCode: number, StatusBuffer: Uint8Array | null): void => {
    drivers.ndis.status.NdisMIndicateStatusEx(drivers.adapter, {
      address: 0x40,
      SourceHandle: drivers.adapter,
      StatusCode,
      StatusBuffer,
    });
  };
  return { drivers, heard, indicate };
}

function capacity({ ndis, machine, binding }: BareDrivers, oid: number): number | undefined {
  const buffer = new Uint8Array(20);
  const request = allocateOidRequest(machine.addresses, 'NdisRequestQueryInformation', oid, buffer);
  ndis.oids.NdisOidRequest(binding, request);
  return readConnectionOffload(buffer)?.TcpConnectionOffloadCapacity;
}

const smaller = writeConnectionOffload({
  SupportIPv4: true,
  SupportIPv6: false,
  TcpConnectionOffloadCapacity: 3,
});

describe('NdisMIndicateStatusEx', () => {
  it('PWR-014: relays code and buffer to ProtocolStatusEx of the binding above', () => {
    const { heard, indicate } = listening();
    const state = writeLinkState(false, 1e9);
    indicate(NDIS_STATUS.LINK_STATE, state);
    expect(heard).toMatchObject([{ StatusCode: NDIS_STATUS.LINK_STATE, StatusBuffer: state }]);
  });

  it('a protocol driver without ProtocolStatusEx hears nothing and nothing breaks', () => {
    const { ndis, adapter } = startBareDrivers();
    const indication = {
      address: 0x40,
      SourceHandle: adapter,
      StatusCode: NDIS_STATUS.UPLOAD_ALL,
      StatusBuffer: null,
    };
    expect(() => {
      ndis.status.NdisMIndicateStatusEx(adapter, indication);
    }).not.toThrow();
  });

  it('CAP-012: capabilities that come with OFFLOAD_RESUME are the current configuration from then on', () => {
    const { drivers, indicate } = listening();
    indicate(NDIS_STATUS.OFFLOAD_RESUME, smaller);
    expect(capacity(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG)).toBe(3);
    expect(capacity(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES)).toBe(8);
  });

  it('PWR-012: hardware capabilities that are indicated are answered from then on', () => {
    const { drivers, indicate } = listening();
    indicate(NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, smaller);
    expect(capacity(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES)).toBe(3);
  });

  it('a buffer that is too short for the structure changes nothing', () => {
    const { drivers, indicate } = listening();
    indicate(NDIS_STATUS.OFFLOAD_RESUME, smaller.slice(0, 19));
    expect(capacity(drivers, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG)).toBe(8);
  });
});

describe('structures of status indications', () => {
  it.each([true, false])('NDIS_LINK_STATE of a link that is up: %s', (up) => {
    expect(readLinkUp(writeLinkState(up, 1e9))).toBe(up);
  });

  it('NDIS_LINK_STATE that is cut says nothing', () => {
    expect(readLinkUp(writeLinkState(true, 1e9).slice(0, 8))).toBeUndefined();
  });

  it('CAP-004 CAP-005: NDIS_TCP_CONNECTION_OFFLOAD has the header of revision 1 and a recognized encapsulation', () => {
    expect([...smaller.slice(0, 5)]).toEqual([0x80, 1, 20, 0, 0x02]);
  });
});
