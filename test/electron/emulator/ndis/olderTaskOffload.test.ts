import { describe, expect, it } from 'vitest';
import {
  readConnectionOffload,
  writeConnectionOffload,
} from '../../../../electron/emulator/ndis/connectionOffload';
import {
  isEthernetTaskOffload,
  readOlderTaskOffload,
  writeOlderTaskOffload,
  writeTaskOffloadHeader,
} from '../../../../electron/emulator/ndis/olderTaskOffload';
import { readTcpParameters, writeTcpParameters } from '../../../../electron/emulator/ndis/tcpParameters';
import { tcpParameters } from '../../../harness/tcpParameters';

const connection = writeConnectionOffload({
  SupportIPv4: true,
  SupportIPv6: false,
  TcpConnectionOffloadCapacity: 5,
});
const parameters = writeTcpParameters(tcpParameters);

describe('buffers of OID_TCP_TASK_OFFLOAD', () => {
  it('NDIS_TASK_OFFLOAD_HEADER: version 1, 28 bytes, Ethernet II with headers of 14 bytes', () => {
    const view = new DataView(writeTaskOffloadHeader().buffer);
    const members = [0, 4, 8, 12, 16, 20, 24].map((at) => view.getUint32(at, true));
    expect(members).toEqual([1, 28, 0, 0, 2, 1, 14]);
  });

  it('an entry behind the header carries capabilities, and parameters in a set', () => {
    const read = readOlderTaskOffload(writeOlderTaskOffload({ connection, parameters }))!;
    expect(readConnectionOffload(read.connection!)?.TcpConnectionOffloadCapacity).toBe(5);
    expect(readTcpParameters(read.parameters!)?.TicksPerSecond).toBe(100);
  });

  it('OffsetFirstTask 0: nothing is offloaded', () => {
    expect(readOlderTaskOffload(writeOlderTaskOffload({ connection: undefined }))).toEqual({
      connection: undefined,
    });
  });

  it('entries for other tasks are passed over', () => {
    const own = writeOlderTaskOffload({ connection });
    const bytes = new Uint8Array(own.length + 24);
    bytes.set(own.slice(0, 28));
    const view = new DataView(bytes.buffer);
    // TcpIpChecksumNdisTask with four bytes, and the next entry behind it.
    view.setUint32(28 + 12, 24, true);
    view.setUint32(28 + 16, 4, true);
    bytes.set(own.slice(28), 52);
    expect(readOlderTaskOffload(bytes)?.connection).toEqual(connection);
  });

  it.each([
    ['another version', (view: DataView) => view.setUint32(0, 2, true)],
    ['token ring', (view: DataView) => view.setUint32(16, 3, true)],
    ['tagged frames', (view: DataView) => view.setUint32(24, 18, true)],
  ])('refuses %s', (_what, damage) => {
    const bytes = writeOlderTaskOffload({ connection });
    damage(new DataView(bytes.buffer));
    expect(isEthernetTaskOffload(bytes)).toBe(false);
    expect(readOlderTaskOffload(bytes)).toBeUndefined();
  });

  it.each([
    ['an entry beyond the end', (view: DataView) => view.setUint32(12, 1000, true)],
    ['a TaskBuffer beyond the end', (view: DataView) => view.setUint32(28 + 16, 1000, true)],
    ['a TaskBuffer that is too short', (view: DataView) => view.setUint32(28 + 16, 19, true)],
  ])('refuses %s', (_what, damage) => {
    const bytes = writeOlderTaskOffload({ connection });
    damage(new DataView(bytes.buffer));
    expect(readOlderTaskOffload(bytes)).toBeUndefined();
  });
});
