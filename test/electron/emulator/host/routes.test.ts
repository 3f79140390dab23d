import { describe, expect, it } from 'vitest';
import { RoutingTable } from '../../../../electron/emulator/host/routes';

const far = Uint8Array.from([198, 51, 100, 1]);
const near = Uint8Array.from([192, 0, 2, 9]);
const router = Uint8Array.from([192, 0, 2, 2]);
const other = Uint8Array.from([192, 0, 2, 3]);

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
});
