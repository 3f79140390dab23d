/** Which neighbor leads to an address: the host stack's routing table (RFC 1122 section 3.3.1, RFC 4861 section 5.2). */
import { ipAddressLengths, isIpv6, type IpAddress } from '../wire/address';

/**
 * A route to one host, or to all addresses that begin with a prefix. Addresses without a route are on the link: they are their own
 * next hop. With a default gateway the prefixes of the link need routes of their own.
 */
export interface Route {
  readonly destination: IpAddress;
  /** Leading bits of `destination` that count; undefined: all of them, a route to one host; 0: a default route. */
  readonly prefixLength?: number | undefined;
  /** The router; undefined: such addresses are on the link. */
  readonly nextHop: IpAddress | undefined;
}

/** The route of everything of an IP version that no other route is for, through a default gateway of that version. */
export function defaultRoute(gateway: IpAddress): Route {
  return { destination: new Uint8Array(gateway.length), prefixLength: 0, nextHop: gateway };
}

/** What is never behind a router, whatever the default gateway (RFC 3927 section 2.6.2, RFC 4861 section 5.1). */
const linkLocalRoutes: readonly Route[] = [
  { destination: Uint8Array.of(169, 254, 0, 0), prefixLength: 16, nextHop: undefined },
  {
    destination: Uint8Array.of(0xfe, 0x80, ...new Uint8Array(ipAddressLengths.ipv6 - 2)),
    prefixLength: 10,
    nextHop: undefined,
  },
];

/** See the file's head. */
export class RoutingTable {
  /** By length of the prefix, and then by the prefix itself. */
  private readonly byPrefix = { ipv4: new PrefixTable(), ipv6: new PrefixTable() };

  /** @throws RangeError for a prefix length that no address of the IP version has, or a next hop of the other version */
  constructor(routes: readonly Route[]) {
    for (const route of [...linkLocalRoutes, ...routes]) this.change(route);
  }

  /** The next hop on the way to an address: that of the longest prefix that it begins with. */
  nextHop(destination: IpAddress): IpAddress {
    return this.tableOf(destination).find(destination)?.nextHop ?? destination;
  }

  /**
   * Sends everything for a destination through another neighbor from now on.
   * @throws RangeError for a prefix length that no address of the IP version has, or a next hop of the other version
   */
  change(route: Route): void {
    const { destination, nextHop } = route;
    if (nextHop !== undefined && nextHop.length !== destination.length)
      throw new RangeError('a route leads through a neighbor of its own IP version');
    this.tableOf(destination).set(route);
  }

  /** Forgets the route to one host or prefix, if there is one. */
  remove({ destination, prefixLength }: Pick<Route, 'destination' | 'prefixLength'>): void {
    this.tableOf(destination).delete(destination, prefixLength);
  }

  private tableOf(address: IpAddress): PrefixTable {
    return isIpv6(address) ? this.byPrefix.ipv6 : this.byPrefix.ipv4;
  }
}

/** Routes of one IP version. */
class PrefixTable {
  private readonly routes = new Map<number, Map<string, Route>>();
  /** Lengths that there are routes of, longest first. */
  private lengths: number[] = [];

  find(address: IpAddress): Route | undefined {
    for (const length of this.lengths) {
      const route = this.routes.get(length)!.get(prefixKey(address, length));
      if (route !== undefined) return route;
    }
    return undefined;
  }

  set(route: Route): void {
    const { destination } = route;
    const length = lengthOf(destination, route.prefixLength);
    const known = this.routes.get(length);
    const routes = known ?? new Map<string, Route>();
    routes.set(prefixKey(destination, length), route);
    if (known !== undefined) return;
    this.routes.set(length, routes);
    this.lengths = [...this.routes.keys()].sort((left, right) => right - left);
  }

  delete(destination: IpAddress, prefixLength: number | undefined): void {
    const length = lengthOf(destination, prefixLength);
    this.routes.get(length)?.delete(prefixKey(destination, length));
  }
}

function lengthOf(destination: IpAddress, prefixLength = destination.length * 8): number {
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > destination.length * 8)
    throw new RangeError(`no prefix of the address has ${prefixLength} bits`);
  return prefixLength;
}

/** The first bits of an address, as a key. */
function prefixKey(address: IpAddress, length: number): string {
  const whole = length >>> 3;
  const bits = length & 7;
  const key = String.fromCharCode(...address.subarray(0, whole));
  return bits === 0 ? key : key + String.fromCharCode(address[whole]! & (0xff << (8 - bits)) & 0xff);
}
