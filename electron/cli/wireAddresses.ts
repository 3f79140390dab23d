/** The addresses of a host on a real wire, from the options that name them. */
import { fail, succeed, type Result } from '../../shared/base/result';
import {
  formatIpAddress,
  isIpv6,
  type IpAddress,
  type Ipv4Address,
  type Ipv6Address,
} from '../emulator/wire/address';
import type { WiredGateway, WiredHostSettings } from '../emulator/wired/wiredHost';
import type { InterfaceAddress } from './wireOptions';

/** IP versions that a host speaks. */
export type WireVersions = 'ipv4' | 'ipv6' | 'both';

/** The options about addresses; each may be named once for each IP version. */
export interface AddressOptions {
  readonly address?: readonly InterfaceAddress[];
  readonly kernelAddress?: readonly InterfaceAddress[];
  readonly gateway?: readonly IpAddress[];
  readonly ipVersion?: WireVersions;
}

/** What a host is called, and where it sends. */
export interface WireAddresses {
  /** 0.0.0.0 for a host without IPv4: no frame can be for it. */
  readonly address: Ipv4Address;
  readonly ipv6Address: Ipv6Address | undefined;
  readonly gateways: readonly WiredGateway[];
}

/** Addresses of an emulated host that nobody has named: a private one (RFC 1918), and a unique local one (RFC 4193). */
const usual = {
  ipv4: { address: Uint8Array.of(10, 0, 0, 2), prefixLength: 24 },
  ipv6: { address: Uint8Array.of(0xfd, ...new Uint8Array(14), 2), prefixLength: 64 },
} as const;

const versions = ['ipv4', 'ipv6'] as const;

type Version = (typeof versions)[number];

function versionOf(address: IpAddress): Version {
  return isIpv6(address) ? 'ipv6' : 'ipv4';
}

/** The IP version of which an option names two addresses. */
function namedTwice(addresses: readonly IpAddress[]): Version | undefined {
  return versions.find((version) => addresses.filter((one) => versionOf(one) === version).length > 1);
}

/** The addresses of these options; answers what is wrong with them. */
export function wireAddresses(options: AddressOptions): Result<WireAddresses, string> {
  const { address: named = [], kernelAddress: kernel = [], gateway: gateways = [], ipVersion } = options;
  const own = named.map(({ address }) => address);
  const lists = {
    '--address': own,
    '--kernel-address': kernel.map(({ address }) => address),
    '--gateway': gateways,
  };
  for (const [option, addresses] of Object.entries(lists)) {
    const twice = namedTwice(addresses);
    if (twice !== undefined) return fail(`${option} names two addresses of ${nameOf(twice)}.`);
  }
  const spoken = versions.filter((version) => {
    if (ipVersion !== undefined) return ipVersion === 'both' || ipVersion === version;
    return own.length === 0 ? version === 'ipv4' : own.some((one) => versionOf(one) === version);
  });
  for (const [option, addresses] of Object.entries(lists)) {
    const foreign = addresses.find((one) => !spoken.includes(versionOf(one)));
    if (foreign !== undefined)
      return fail(
        `${option} ${formatIpAddress(foreign)}: the host does not speak ${nameOf(versionOf(foreign))}. --ip-version both gives it both.`,
      );
  }
  const interfaceOf = (version: Version): InterfaceAddress | undefined =>
    spoken.includes(version)
      ? (named.find(({ address }) => versionOf(address) === version) ?? usual[version])
      : undefined;
  const clash = kernel.find(
    ({ address }) => formatIpAddress(address) === textOf(interfaceOf(versionOf(address))),
  );
  if (clash !== undefined)
    return fail(`${formatIpAddress(clash.address)} can't be the host's address and the kernel's.`);
  const through = gateways.map((gateway) => {
    const { address, prefixLength } = interfaceOf(versionOf(gateway))!;
    return { gateway, onLink: address, prefixLength };
  });
  const address = interfaceOf('ipv4')?.address ?? new Uint8Array(4);
  return succeed({ address, ipv6Address: interfaceOf('ipv6')?.address, gateways: through });
}

function nameOf(version: Version): string {
  return version === 'ipv4' ? 'IPv4' : 'IPv6';
}

function textOf(one: InterfaceAddress | undefined): string | undefined {
  return one === undefined ? undefined : formatIpAddress(one.address);
}

/** The addresses of a host for people. */
export function addressesText(host: Pick<WiredHostSettings, 'address' | 'ipv6Address'>): string {
  const { address, ipv6Address } = host;
  const ipv4 = address.some((byte) => byte !== 0) ? [address] : [];
  const all: readonly IpAddress[] = ipv6Address === undefined ? ipv4 : [...ipv4, ipv6Address];
  return all.map((one) => formatIpAddress(one)).join(' and ');
}
