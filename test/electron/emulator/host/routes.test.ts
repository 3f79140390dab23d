import { describe, expect, it } from 'vitest';
import { RoutingTable, defaultRoute, type Route } from '../../../../electron/emulator/host/routes';
import { parseIpAddress, type IpAddress } from '../../../../electron/emulator/wire/address';

const ip = (text: string): IpAddress => parseIpAddress(text)!;
const far = ip('198.51.100.1');
const near = ip('192.0.2.9');
const router = ip('192.0.2.2');
const other = ip('192.0.2.3');
const toPrefix = (text: string, prefixLength: number, nextHop: string | undefined): Route => ({
  destination: ip(text),
  prefixLength,
  nextHop: nextHop === undefined ? undefined : ip(nextHop),
});

describe('RoutingTable', () => {
  it('an address without a route is its own next hop', () => {
    expect(new RoutingTable([]).nextHop(near)).toEqual(near);
  });

  it('a route leads through its next hop', () => {
    expect(new RoutingTable([{ destination: far, nextHop: router }]).nextHop(far)).toEqual(router);
  });

  it('a changed route takes the place of the old one', () => {
    const table = new RoutingTable([{ destination: far, nextHop: router }]);
    table.change({ destination: far, nextHop: other });
    expect(table.nextHop(far)).toEqual(other);
  });

  it('RFC 1122 section 3.3.1.2: what is not on the link goes to the default gateway', () => {
    const table = new RoutingTable([defaultRoute(router), toPrefix('192.0.2.0', 24, undefined)]);
    expect(table.nextHop(far)).toEqual(router);
    expect(table.nextHop(near)).toEqual(near);
  });

  it('the longest prefix decides, in whatever order the routes are', () => {
    const routes = [
      toPrefix('198.51.100.0', 24, '192.0.2.4'),
      defaultRoute(router),
      toPrefix('198.51.100.128', 25, '192.0.2.5'),
      toPrefix('198.51.100.200', 32, '192.0.2.6'),
    ];
    for (const table of [new RoutingTable(routes), new RoutingTable([...routes].reverse())]) {
      const hops = ['198.51.100.1', '198.51.100.129', '198.51.100.200', '203.0.113.1'];
      expect(hops.map((hop) => table.nextHop(ip(hop)))).toEqual(
        ['192.0.2.4', '192.0.2.5', '192.0.2.6', '192.0.2.2'].map(ip),
      );
    }
  });

  it('bits of a destination beyond its prefix do not count', () => {
    const table = new RoutingTable([toPrefix('198.51.107.77', 21, '192.0.2.4')]);
    expect(table.nextHop(ip('198.51.111.255'))).toEqual(ip('192.0.2.4'));
    expect(table.nextHop(ip('198.51.112.0'))).toEqual(ip('198.51.112.0'));
  });

  it('RFC 4861 section 5.2: IPv6 has prefixes and a default router of its own', () => {
    const table = new RoutingTable([
      defaultRoute(router),
      defaultRoute(ip('fe80::1')),
      toPrefix('2001:db8:0:1::', 64, undefined),
    ]);
    expect(table.nextHop(ip('2001:db8:0:1::9'))).toEqual(ip('2001:db8:0:1::9'));
    expect(table.nextHop(ip('2001:db8:0:2::9'))).toEqual(ip('fe80::1'));
    expect(table.nextHop(far)).toEqual(router);
  });

  it('RFC 3927 section 2.6.2 and RFC 4861 section 5.1: a link-local address is on the link, default gateway or not', () => {
    const table = new RoutingTable([defaultRoute(router), defaultRoute(ip('fe80::1'))]);
    expect(table.nextHop(ip('169.254.3.4'))).toEqual(ip('169.254.3.4'));
    expect(table.nextHop(ip('fe80::77'))).toEqual(ip('fe80::77'));
  });

  it('a redirect concerns one host, and when it is forgotten the prefix decides again', () => {
    const table = new RoutingTable([toPrefix('198.51.100.0', 24, '192.0.2.2')]);
    table.change({ destination: far, nextHop: other });
    expect(table.nextHop(far)).toEqual(other);
    expect(table.nextHop(ip('198.51.100.2'))).toEqual(router);
    table.remove({ destination: far });
    expect(table.nextHop(far)).toEqual(router);
  });

  it('refuses a prefix that is longer than an address, and a next hop of the other IP version', () => {
    expect(() => new RoutingTable([toPrefix('198.51.100.0', 33, '192.0.2.2')])).toThrow(RangeError);
    expect(() => new RoutingTable([toPrefix('198.51.100.0', 24, 'fe80::1')])).toThrow(RangeError);
  });
});
