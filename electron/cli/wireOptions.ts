/** Options about a real wire: how their values are written. */
import { InvalidArgumentError } from 'commander';
import type { HandOverPolicy } from '../emulator/wired/handOvers';
import { isIpv6, parseIpAddress, type IpAddress, type Ipv4Address } from '../emulator/wire/address';
import { isServiceName, type ServedPort } from '../emulator/wired/wiredServices';
import { parseDuration } from './linkOptions';

/** An address with the length of its network's prefix. */
export interface InterfaceAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** Prefix lengths of a network with several hosts. */
const prefixLengths = {
  ipv4: { usual: 24, most: 31 },
  ipv6: { usual: 64, most: 127 },
} as const;

/** Whether an address is one of a single interface that all of the network may use: no group, not unspecified, no link-local IPv6. */
function isUsable(address: IpAddress): boolean {
  const [first = 0, second = 0] = address;
  if (address.every((byte) => byte === 0)) return false;
  if (!isIpv6(address)) return first < 224;
  return first !== 0xff && !(first === 0xfe && (second & 0xc0) === 0x80);
}

/**
 * Reads an address with a prefix length, such as `10.0.0.2/24` or `fd00::2/64`; 24 and 64 if none is named.
 * @throws InvalidArgumentError for anything else, and for groups and link-local addresses of IPv6
 */
export function parseInterfaceAddress(text: string): InterfaceAddress {
  const [addressText, prefixText, ...more] = text.split('/');
  const address = parseIpAddress(addressText!);
  const lengths = address !== undefined && isIpv6(address) ? prefixLengths.ipv6 : prefixLengths.ipv4;
  const prefixLength = Number(prefixText ?? lengths.usual);
  if (
    address === undefined ||
    !isUsable(address) ||
    more.length > 0 ||
    !/^\d{1,3}$/.test(prefixText ?? '1') ||
    prefixLength < 1 ||
    prefixLength > lengths.most
  )
    throw new InvalidArgumentError(
      'An address with a prefix length from 1 to 31 (IPv6: 127), such as 10.0.0.2/24 or fd00::2/64.',
    );
  return { address, prefixLength };
}

/** Collects addresses with prefix lengths. */
export function collectInterfaceAddress(
  text: string,
  before: readonly InterfaceAddress[] | undefined,
): readonly InterfaceAddress[] {
  return [...(before ?? []), parseInterfaceAddress(text)];
}

/** Collects the addresses of gateways. */
export function collectGateway(text: string, before: readonly IpAddress[] | undefined): readonly IpAddress[] {
  const address = parseIpAddress(text);
  if (address === undefined || address.every((byte) => byte === 0))
    throw new InvalidArgumentError('The address of a router, such as 10.0.0.1 or fd00::1.');
  return [...(before ?? []), address];
}

/** Reads an IPv4 address. */
export function parseIpv4(text: string): Ipv4Address {
  const address = parseIpAddress(text);
  if (address?.length !== 4) throw new InvalidArgumentError('An IPv4 address, such as 10.0.0.1.');
  return address;
}

/** Bytes of each unit of a size. */
const sizeUnits: Readonly<Record<string, number>> = {
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Shortest time and fewest bytes between two hand-overs. */
const shortestInterval = 1_000_000;
const fewestBytes = 1024;

/** Reads when connections change hands: `never`, `always`, a time such as `100ms`, or a number of bytes such as `2M`. */
export function parseOffload(text: string): HandOverPolicy {
  if (text === 'never') return { kind: 'never' };
  if (text === 'always') return { kind: 'offload' };
  const value = text.replace(/^every[ :=]?/, '');
  const size = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(value);
  const unit = size === null ? undefined : sizeUnits[size[2]!];
  if (unit !== undefined) {
    const bytes = Math.round(Number(size![1]) * unit);
    if (bytes >= fewestBytes) return { kind: 'every-bytes', bytes };
  } else if (/[a-z]$/.test(value)) {
    const interval = parseDuration(value);
    if (interval >= shortestInterval) return { kind: 'every-time', interval };
  }
  throw new InvalidArgumentError(
    'never, always, a time of at least 1ms between hand-overs such as 100ms, or bytes such as 2M.',
  );
}

/** Collects ports with services, such as `8080=http`. */
export function collectServedPort(
  text: string,
  before: readonly ServedPort[] | undefined,
): readonly ServedPort[] {
  const match = /^(\d{1,5})=(\w+)$/.exec(text);
  const [port, name] = [Number(match?.[1]), match?.[2] ?? ''];
  if (!(port >= 1 && port <= 65_535) || !isServiceName(name))
    throw new InvalidArgumentError(
      'A port and http, echo, discard, chargen, source or iperf3, such as 8080=http.',
    );
  return [...(before ?? []), { port, name }];
}

/** Reads how long to play, such as `30s`; ns. */
export function parsePlayTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const factors: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
  if (match === null || Number(match[1]) === 0)
    throw new InvalidArgumentError('A time such as 30s, 5m or 1h.');
  return Number(match[1]) * factors[match[2] ?? 's']!;
}
