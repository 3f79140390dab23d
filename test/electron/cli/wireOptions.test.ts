import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  collectGateway,
  collectServedPort,
  parseInterfaceAddress,
  parseIpv4,
  parseOffload,
  parsePlayTime,
} from '../../../electron/cli/wireOptions';

describe('the options about a real wire', () => {
  it('read an address with the length of its prefix, 24 if none is named', () => {
    expect(parseInterfaceAddress('10.0.0.2/8')).toEqual({
      address: Uint8Array.from([10, 0, 0, 2]),
      prefixLength: 8,
    });
    expect(parseInterfaceAddress('10.0.0.2').prefixLength).toBe(24);
    expect(parseIpv4('192.0.2.9')).toEqual(Uint8Array.from([192, 0, 2, 9]));
  });

  it('read an address of IPv6, with a prefix of 64 bits if none is named', () => {
    const address = Uint8Array.of(0xfd, ...new Uint8Array(14), 2);
    expect(parseInterfaceAddress('fd00::2')).toEqual({ address, prefixLength: 64 });
    expect(parseInterfaceAddress('fd00::2/127').prefixLength).toBe(127);
  });

  it.each([
    ...[
      '',
      '10.0.0',
      '10.0.0.2/',
      '10.0.0.2/0',
      '10.0.0.2/32',
      '10.0.0.2/x',
      '10.0.0.2/8/8',
      '224.0.0.1',
      '0.0.0.0',
    ],
    ...['fe80::1/64', 'ff02::1', '::', 'fd00::2/0', 'fd00::2/128', 'fd00::2::3'],
  ])('refuse %j as an address of an interface', (text) => {
    expect(() => parseInterfaceAddress(text)).toThrow(InvalidArgumentError);
  });

  it('collect the addresses of routers', () => {
    const first = collectGateway('10.0.0.1', undefined);
    expect(collectGateway('fe80::1', first).map((address) => address.length)).toEqual([4, 16]);
    for (const text of ['', '0.0.0.0', '::', 'router'])
      expect(() => collectGateway(text, undefined)).toThrow(InvalidArgumentError);
  });

  it.each([
    ['never', { kind: 'never' }],
    ['always', { kind: 'offload' }],
    ['100ms', { kind: 'every-time', interval: 100_000_000 }],
    ['every 2M', { kind: 'every-bytes', bytes: 2 * 1024 * 1024 }],
  ])('read %s as when connections change hands', (text, policy) => {
    expect(parseOffload(text)).toEqual(policy);
  });

  it.each(['', 'sometimes', '10us', '100', '5K5', '1K2M', '-5M'])(
    'refuse %j as when connections change hands',
    (text) => {
      expect(() => parseOffload(text)).toThrow(InvalidArgumentError);
    },
  );

  it('collect ports with services', () => {
    const first = collectServedPort('8080=http', undefined);
    expect(collectServedPort('7000=echo', first)).toEqual([
      { port: 8080, name: 'http' },
      { port: 7000, name: 'echo' },
    ]);
    for (const text of ['0=http', '65536=http', '80=gopher', '80', 'http'])
      expect(() => collectServedPort(text, undefined)).toThrow(InvalidArgumentError);
  });

  it('read how long to play', () => {
    expect(parsePlayTime('1.5s')).toBe(1.5e9);
    expect(parsePlayTime('2m')).toBe(120e9);
    for (const text of ['', '0', '0s', 'soon', '-1s'])
      expect(() => parsePlayTime(text)).toThrow(InvalidArgumentError);
  });
});
