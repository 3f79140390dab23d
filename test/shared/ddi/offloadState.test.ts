import { describe, expect, it } from 'vitest';
import {
  formatStateVariable,
  offloadStateStructures,
  offloadStateVariable,
  offloadStateVariables,
  swapPortBytes,
} from '../../../shared/ddi/offloadState';
import type { OffloadStateLayer, StateVariableValue, TextOptions } from '../../../shared/ddi/offloadState';
import type { StateClass } from '../../../shared/ddi/catalogue';

function text(
  layer: OffloadStateLayer,
  stateClass: StateClass,
  name: string,
  value: StateVariableValue,
  options?: TextOptions,
): string {
  const variable = offloadStateVariable(layer, stateClass, name);
  if (variable === undefined) throw new Error(`no ${layer} ${stateClass} ${name}`);
  return formatStateVariable(variable, value, options);
}

describe('state variables', () => {
  it('are listed in the order const, cached, delegated', () => {
    expect(offloadStateVariables('neighbor').map((variable) => variable.name)).toEqual([
      'DlSourceAddress',
      'VlanId',
      'DlDestinationAddress',
      'HostReachabilityDelta',
      'NicReachabilityDelta',
    ]);
    expect(offloadStateVariables('path').map((variable) => `${variable.class} ${variable.name}`)).toEqual([
      'const SourceAddress',
      'const DestinationAddress',
      'cached PathMtu',
    ]);
    const tcp = offloadStateVariables('tcp');
    expect(tcp).toHaveLength(48);
    expect(tcp.slice(0, 8).map((variable) => variable.name)).toEqual([
      'Flags',
      'RemotePort',
      'LocalPort',
      'SndWindScale',
      'RcvWindScale',
      'RemoteMss',
      'HashValue',
      'Flags',
    ]);
  });

  it.each(['neighbor', 'path', 'tcp'] as const)(
    'of %s have their position as index and unique names',
    (layer) => {
      const variables = offloadStateVariables(layer);
      expect(variables.map((variable) => variable.index)).toEqual([...variables.keys()]);
      expect(new Set(variables.map((variable) => variable.qualifiedName)).size).toBe(variables.length);
      expect(Object.isFrozen(variables) && variables.every(Object.isFrozen)).toBe(true);
      expect(offloadStateVariables(layer)).toBe(variables);
      for (const variable of variables) {
        expect(variable.structure).toBe(offloadStateStructures(layer)[variable.class]);
        expect(variable.name).not.toBe('Header');
      }
    },
  );

  it('know their kind, names and union', () => {
    expect(offloadStateVariable('tcp', 'delegated', 'State')).toMatchObject({
      kind: 'number',
      enumGroup: 'TCP_OFFLOAD_CONNECTION_STATE',
    });
    expect(offloadStateVariable('tcp', 'delegated', 'SendBacklogSize')).toMatchObject({
      kind: 'number',
      union: 'SendDataHead|SendBacklogSize',
      arm: 'SendBacklogSize',
    });
    expect(offloadStateVariable('tcp', 'delegated', 'BufferedData')?.kind).toBe('pointer');
    expect(offloadStateVariable('path', 'const', 'SourceAddress')).toMatchObject({
      kind: 'bytes',
      indirect: true,
    });
    expect(offloadStateVariable('neighbor', 'const', 'DlSourceAddress')).toMatchObject({
      kind: 'bytes',
      indirect: false,
    });
    expect(offloadStateVariable('tcp', 'const', 'SndUna')).toBeUndefined();
  });
});

describe('values for people', () => {
  it.each([
    ['tcp', 'delegated', 'State', 4, 'TcpConnectionEstablished'],
    ['tcp', 'delegated', 'State', 42, 'unknown (0x2A)'],
    ['tcp', 'const', 'Flags', 5, 'TCP_FLAG_TIMESTAMP_ENABLED | TCP_FLAG_WINDOW_SCALING_ENABLED'],
    ['tcp', 'cached', 'Flags', 0x81, 'TCP_FLAG_KEEP_ALIVE_ENABLED | 0x0080'],
    ['tcp', 'cached', 'Flags', 0, '0'],
    ['tcp', 'delegated', 'SndUna', 4294967295, '4294967295'],
    ['tcp', 'delegated', 'RcvWnd', 65535, '65535 bytes'],
    ['tcp', 'delegated', 'SRtt', 1, '1 tick'],
    ['tcp', 'delegated', 'KeepAlive.TimeoutDelta', 0xffffffff, 'not running'],
    ['tcp', 'delegated', 'Retransmit.TimeoutDelta', 0xffffffff, 'not running'],
    ['tcp', 'delegated', 'Retransmit.TimeoutDelta', 30, '30 ticks'],
    ['tcp', 'delegated', 'TsRecentAge', 0xffffffff, '4294967295 ticks'],
    ['tcp', 'delegated', 'SendBacklogSize', 0xffffffff, 'not supported'],
    ['tcp', 'delegated', 'SendDataHead', 0n, 'NULL'],
    ['tcp', 'delegated', 'SendDataHead', 0xfffffa80deadbeefn, '0xFFFFFA80DEADBEEF'],
    ['tcp', 'cached', 'MaxRT', 0, '0 (TcpMaximumRetransmissions applies)'],
    ['tcp', 'cached', 'MaxRT', 0xffffffff, 'no limit'],
    ['tcp', 'cached', 'FlowLabel', 0xab, '0x000AB'],
    ['tcp', 'cached', 'TosOrTrafficClass', 8, '0x08'],
    ['tcp', 'const', 'RemoteMss', 1460, '1460 bytes'],
    ['tcp', 'const', 'HashValue', 0x51ccc178, '0x51CCC178'],
    ['path', 'cached', 'PathMtu', 1500, '1500 bytes'],
    ['path', 'const', 'SourceAddress', Uint8Array.of(192, 0, 2, 1), '192.0.2.1'],
    ['path', 'const', 'SourceAddress', 0x1000n, '0x0000000000001000'],
    ['path', 'const', 'SourceAddress', Uint8Array.of(1, 2, 3), '01 02 03'],
    ['neighbor', 'const', 'VlanId', 100, '100'],
  ] as const)('%s %s %s %s is %s', (layer, stateClass, name, value, expected) => {
    expect(text(layer, stateClass, name, value)).toBe(expected);
  });

  it.each([
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000100000000000100000000', '2001:db8:1::1:0:0'],
    ['fe80000000000000020000fffe000001', 'fe80::200:ff:fe00:1'],
    ['00010000000000000000000000000000', '1::'],
  ])('IPv6 %s is %s (RFC 5952)', (hex, expected) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    expect(text('path', 'const', 'DestinationAddress', bytes)).toBe(expected);
  });

  it('shows the six bytes of an Ethernet address and all bytes of a longer one', () => {
    const ethernet = new Uint8Array(32);
    ethernet.set([0x02, 0, 0, 0, 0x10, 0xff]);
    expect(text('neighbor', 'cached', 'DlDestinationAddress', ethernet)).toBe('02:00:00:00:10:ff');
    ethernet[31] = 1;
    expect(text('neighbor', 'cached', 'DlDestinationAddress', ethernet)).toMatch(/^02:00(:..){29}:01$/);
  });

  it('reads ports in network order unless told otherwise', () => {
    const asRead = new DataView(Uint8Array.of(0x01, 0xbb).buffer).getUint16(0, true);
    expect(text('tcp', 'const', 'RemotePort', asRead)).toBe('443');
    expect(text('tcp', 'const', 'RemotePort', 443, { portByteOrder: 'host' })).toBe('443');
    expect(swapPortBytes(443)).toBe(asRead);
    expect(swapPortBytes(swapPortBytes(51234))).toBe(51234);
  });

  it('adds seconds where the tick rate is known', () => {
    expect(text('tcp', 'delegated', 'TotalRT', 250, { ticksPerSecond: 100 })).toBe('250 ticks (2.5 s)');
    expect(text('tcp', 'delegated', 'TotalRT', 250, { ticksPerSecond: 0 })).toBe('250 ticks');
  });
});
