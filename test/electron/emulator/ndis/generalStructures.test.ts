import { describe, expect, it } from 'vitest';
import {
  interfaceCounters,
  readInterfaceStatistics,
  writeInterfaceStatistics,
  type InterfaceStatistics,
} from '../../../../electron/emulator/ndis/interfaceStatistics';
import {
  interruptModeration,
  readInterruptModeration,
  writeInterruptModeration,
} from '../../../../electron/emulator/ndis/interruptModeration';
import { readLinkParameters, writeLinkParameters } from '../../../../electron/emulator/ndis/linkParameters';
import {
  readPnpCapabilities,
  writePnpCapabilities,
} from '../../../../electron/emulator/ndis/pnpCapabilities';
import {
  processorOf,
  readReceiveScaleParameters,
  writeReceiveScaleCapabilities,
  writeReceiveScaleParameters,
} from '../../../../electron/emulator/ndis/receiveScale';

describe('structures of general OIDs, as ntddndis.h lays them out', () => {
  it('NDIS_STATISTICS_INFO: 152 bytes, the counters from offset 8 in the header’s order', () => {
    const statistics = Object.fromEntries(
      interfaceCounters.map((counter, index) => [counter, index + 1]),
    ) as unknown as InterfaceStatistics;
    const bytes = writeInterfaceStatistics(statistics);
    expect([...bytes.slice(0, 4)]).toEqual([0x80, 1, 152, 0]);
    expect([bytes[8], bytes[16], bytes[144]]).toEqual([1, 2, 18]);
    expect(readInterfaceStatistics(bytes)).toEqual(statistics);
    expect(readInterfaceStatistics(bytes.slice(0, 151))).toBeUndefined();
  });

  it('NDIS_INTERRUPT_MODERATION_PARAMETERS: 12 bytes, the state at 8', () => {
    const bytes = writeInterruptModeration(interruptModeration.Enabled);
    expect([...bytes]).toEqual([0x80, 1, 12, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
    expect(readInterruptModeration(bytes)).toBe(interruptModeration.Enabled);
    bytes[8] = 9;
    expect(readInterruptModeration(bytes)).toBeUndefined();
  });

  it('NDIS_LINK_PARAMETERS: 32 bytes, speeds at 8 and 16', () => {
    const parameters = { MediaDuplexState: 2, XmitLinkSpeed: 10n ** 10n, RcvLinkSpeed: 7n };
    const bytes = writeLinkParameters(parameters);
    expect(bytes).toHaveLength(32);
    expect(bytes[16]).toBe(7);
    expect(readLinkParameters(bytes)).toEqual(parameters);
    bytes[1] = 2;
    expect(readLinkParameters(bytes)).toBeUndefined();
  });

  it('NDIS_PNP_CAPABILITIES: 16 bytes without an object header', () => {
    const capabilities = { MinMagicPacketWakeUp: 4, MinPatternWakeUp: 3, MinLinkChangeWakeUp: 2 };
    const bytes = writePnpCapabilities(capabilities);
    expect([...bytes]).toEqual([0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0]);
    expect(readPnpCapabilities(bytes)).toEqual(capabilities);
  });

  it('NDIS_RECEIVE_SCALE_CAPABILITIES: 16 bytes with the type of RSS capabilities', () => {
    const bytes = writeReceiveScaleCapabilities(4);
    expect([...bytes.slice(0, 4)]).toEqual([0x88, 1, 16, 0]);
    expect(bytes[12]).toBe(4);
  });
});

describe('NDIS_RECEIVE_SCALE_PARAMETERS', () => {
  const parameters = {
    enabled: true,
    indirectionTable: Uint8Array.of(0, 1, 2, 3),
    secretKey: new Uint8Array(40).fill(7),
  };

  it('carries table and key behind 28 bytes', () => {
    const bytes = writeReceiveScaleParameters(parameters);
    expect([...bytes.slice(0, 4)]).toEqual([0x89, 1, 28, 0]);
    expect([...bytes.slice(28, 33)]).toEqual([0, 1, 2, 3, 7]);
    expect(readReceiveScaleParameters(bytes)).toEqual(parameters);
  });

  it('RSS-003: the low bits of the hash value choose the entry', () => {
    expect(processorOf(parameters, 0xabcdef06)).toBe(2);
  });

  it.each([
    ['a table beyond the end', (view: DataView) => view.setUint32(16, 100, true)],
    ['a table inside the fixed part', (view: DataView) => view.setUint32(16, 4, true)],
    ['a table whose size is no power of two', (view: DataView) => view.setUint16(12, 3, true)],
    ['an empty table', (view: DataView) => view.setUint16(12, 0, true)],
    ['a key beyond the end', (view: DataView) => view.setUint16(20, 41, true)],
  ])('refuses %s', (_what, damage) => {
    const bytes = writeReceiveScaleParameters(parameters);
    damage(new DataView(bytes.buffer));
    expect(readReceiveScaleParameters(bytes)).toBeUndefined();
  });
});
