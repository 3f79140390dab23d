import { describe, expect, it } from 'vitest';
import { addressesText, wireAddresses, type AddressOptions } from '../../../electron/cli/wireAddresses';
import { parseInterfaceAddress } from '../../../electron/cli/wireOptions';
import { formatIpAddress, parseIpAddress } from '../../../electron/emulator/wire/address';

const named = (...texts: readonly string[]) => texts.map((text) => parseInterfaceAddress(text));

/** The addresses, or what is wrong. */
function told(options: AddressOptions): string {
  const found = wireAddresses(options);
  return found.ok ? addressesText(found.value) : found.error;
}

describe('the addresses of a host on a real wire', () => {
  it.each([
    [{}, '10.0.0.2'],
    [{ ipVersion: 'ipv6' }, 'fd00::2'],
    [{ ipVersion: 'both' }, '10.0.0.2 and fd00::2'],
    [{ address: named('192.0.2.5') }, '192.0.2.5'],
    [{ address: named('2001:db8::5') }, '2001:db8::5'],
    [{ address: named('2001:db8::5', '192.0.2.5') }, '192.0.2.5 and 2001:db8::5'],
    [{ address: named('192.0.2.5'), ipVersion: 'both' }, '192.0.2.5 and fd00::2'],
  ] as const)('are of the versions that are named: %j', (options, text) => {
    expect(told(options)).toBe(text);
  });

  it('without IPv4 no frame is for the host over IPv4', () => {
    const found = wireAddresses({ ipVersion: 'ipv6' });
    expect(found.ok && found.value.address).toEqual(new Uint8Array(4));
  });

  it.each([
    [{ address: named('10.0.0.2', '10.0.0.3') }, '--address names two addresses of IPv4.'],
    [{ kernelAddress: named('fd00::1') }, /^--kernel-address fd00::1: the host does not speak IPv6/],
    [
      { address: named('10.0.0.2'), ipVersion: 'ipv6' },
      /^--address 10\.0\.0\.2: the host does not speak IPv4/,
    ],
    [{ gateway: [parseIpAddress('fd00::1')!] }, /^--gateway fd00::1: the host does not speak IPv6/],
    [{ kernelAddress: named('10.0.0.2') }, "10.0.0.2 can't be the host's address and the kernel's."],
  ] as const)('say what is wrong with %j', (options, problem) => {
    const found = wireAddresses(options);
    expect(found.ok).toBe(false);
    if (typeof problem === 'string') expect(told(options)).toBe(problem);
    else expect(told(options)).toMatch(problem);
  });

  it('a router reaches everything but the network of the host', () => {
    const found = wireAddresses({
      address: named('192.0.2.5/28', '2001:db8::5/48'),
      gateway: ['192.0.2.1', 'fe80::1'].map((text) => parseIpAddress(text)!),
    });
    expect(
      found.ok &&
        found.value.gateways.map(({ gateway, onLink, prefixLength }) => [
          formatIpAddress(gateway),
          formatIpAddress(onLink),
          prefixLength,
        ]),
    ).toEqual([
      ['192.0.2.1', '192.0.2.5', 28],
      ['fe80::1', '2001:db8::5', 48],
    ]);
  });
});
