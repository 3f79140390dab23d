/** Which neighbor leads to an address: the host stack's routing table (RFC 1122 section 3.3.1). */
import { sameAddress, type IpAddress } from '../wire/address';

/** A route to one host. Addresses without a route are on the link: they are their own next hop. */
export interface Route {
  readonly destination: IpAddress;
  readonly nextHop: IpAddress;
}

/** See the file's head. */
export class RoutingTable {
  private readonly routes: Route[];

  constructor(routes: readonly Route[]) {
    this.routes = [...routes];
  }

  /** The next hop on the way to an address. */
  nextHop(destination: IpAddress): IpAddress {
    return this.routes.find((route) => sameAddress(route.destination, destination))?.nextHop ?? destination;
  }

  /** Sends everything for `destination` through another neighbor from now on. */
  change(route: Route): void {
    const known = this.routes.findIndex((other) => sameAddress(other.destination, route.destination));
    if (known >= 0) this.routes.splice(known, 1);
    this.routes.push(route);
  }
}
