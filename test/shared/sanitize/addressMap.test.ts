import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../shared/sanitize/addressMap';
import { permuted } from '../../../shared/sanitize/keyedNumbers';
import { keyedHash } from '../../harness/keyedHash';
import { property } from '../../harness/property';

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });

function collected(
  addresses: { v4?: readonly Uint8Array[]; v6?: readonly Uint8Array[] },
  key = 'key',
): AddressMap {
  const map = new AddressMap(keyedHash(key));
  for (const address of addresses.v4 ?? []) map.collector.ipv4(address);
  for (const address of addresses.v6 ?? []) map.collector.ipv6(address);
  return map;
}

const same = (left: Uint8Array, right: Uint8Array, bytes: number): boolean =>
  left.subarray(0, bytes).every((byte, index) => byte === right[index]);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('a keyed permutation', () => {
  it('gives every number of its range once', () => {
    const made = Array.from({ length: 254 }, (_, index) =>
      permuted(keyedHash('k'), 'p', 8, index + 1, 1, 254),
    );
    expect(made.sort((left, right) => left - right)).toEqual(
      Array.from({ length: 254 }, (_, index) => index + 1),
    );
  });
});

describe('pseudonyms of IPv4 addresses', () => {
  it('share 24 bits exactly where the originals do, and no two are the same', () => {
    fc.assert(
      fc.property(
        fc.array(ipv4, { minLength: 2, maxLength: 12 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (list, hosts) => {
          const unicast = list.filter(([first]) => first! > 0 && first! < 224 && first !== 127);
          const neighbors = unicast.map((address, index) =>
            bytes(address[0]!, address[1]!, address[2]!, hosts[index]!),
          );
          const all = [...unicast, ...neighbors];
          const map = collected({ v4: all });
          for (const left of all)
            for (const right of all) {
              const [a, b] = [map.rewriter.ipv4(left), map.rewriter.ipv4(right)];
              expect(same(a, b, 3)).toBe(same(left, right, 3));
              expect(same(a, b, 4)).toBe(same(left, right, 4));
            }
        },
      ),
      property(),
    );
  });

  it('are in networks of 10.0.0.0/8 that the original does not have', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constant(10), fc.nat(3), fc.nat(255), fc.nat(255)), { maxLength: 40 }),
        (list) => {
          const originals = list.map((address) => Uint8Array.from(address));
          const map = collected({ v4: originals });
          for (const address of originals) {
            const made = map.rewriter.ipv4(address);
            expect(made[0]).toBe(10);
            expect(originals.some((original) => same(original, made, 3))).toBe(false);
          }
        },
      ),
      property(),
    );
  });

  it('do not depend on the order in which addresses were seen, and depend on the key', () => {
    const [first, second] = [bytes(192, 0, 2, 1), bytes(198, 51, 100, 9)];
    const forward = collected({ v4: [first, second] });
    const backward = collected({ v4: [second, first] });
    expect(backward.rewriter.ipv4(first)).toEqual(forward.rewriter.ipv4(first));
    expect(collected({ v4: [first, second] }, 'other').rewriter.ipv4(first)).not.toEqual(
      forward.rewriter.ipv4(first),
    );
  });

  it.each([
    ['any address', [0, 0, 0, 0]],
    ['the limited broadcast', [255, 255, 255, 255]],
    ['loopback', [127, 0, 0, 1]],
    ['all systems of the link (224.0.0.1)', [224, 0, 0, 1]],
  ])('leave %s as it is', (_, address) => {
    expect(collected({}).rewriter.ipv4(Uint8Array.from(address))).toEqual(Uint8Array.from(address));
  });

  it('keep .0 and .255 of a network', () => {
    const map = collected({ v4: [bytes(192, 0, 2, 0)] });
    expect(map.rewriter.ipv4(bytes(192, 0, 2, 0))[3]).toBe(0);
    expect(map.rewriter.ipv4(bytes(192, 0, 2, 255))[3]).toBe(255);
  });
});

describe('pseudonyms of IPv6 addresses', () => {
  it('share 64 bits exactly where the originals do, are in 2001:db8::/32, and no two are the same', () => {
    fc.assert(
      fc.property(fc.array(ipv6, { minLength: 2, maxLength: 8 }), (list) => {
        const unicast = list.filter(([first]) => first !== 0xff && first !== 0 && first !== 0xfe);
        const map = collected({ v6: unicast });
        for (const left of unicast) {
          expect([...map.rewriter.ipv6(left).subarray(0, 4)]).toEqual([0x20, 0x01, 0x0d, 0xb8]);
          for (const right of unicast) {
            expect(same(map.rewriter.ipv6(left), map.rewriter.ipv6(right), 8)).toBe(same(left, right, 8));
            expect(same(map.rewriter.ipv6(left), map.rewriter.ipv6(right), 16)).toBe(same(left, right, 16));
          }
        }
      }),
      property(),
    );
  });

  it('take the solicited-node group and its Ethernet address along (RFC 4291 section 2.7.1, RFC 2464 section 7)', () => {
    fc.assert(
      fc.property(ipv6, (address) => {
        fc.pre(address[0] !== 0xff && address[0] !== 0);
        const low = address.subarray(13);
        const map = collected({ v6: [address] });
        const made = map.rewriter.ipv6(address);
        const group = map.rewriter.ipv6(bytes(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...low));
        expect([...group]).toEqual([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...made.subarray(13)]);
        expect([...map.rewriter.mac(bytes(0x33, 0x33, 0xff, ...low))]).toEqual([
          0x33,
          0x33,
          0xff,
          ...made.subarray(13),
        ]);
      }),
      property(),
    );
  });

  it('stay link-local, with another interface identifier', () => {
    const address = bytes(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0xff, 0xfe, 0, 0, 1);
    const made = collected({ v6: [address] }).rewriter.ipv6(address);
    expect([...made.subarray(0, 8)]).toEqual([0xfe, 0x80, 0, 0, 0, 0, 0, 0]);
    expect(same(made, address, 16)).toBe(false);
  });

  it('keep all nodes, all routers, loopback and the unspecified address', () => {
    const map = collected({});
    for (const address of [
      bytes(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      bytes(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
      bytes(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      new Uint8Array(16),
    ])
      expect(map.rewriter.ipv6(address)).toEqual(address);
  });
});

describe('pseudonyms of Ethernet addresses', () => {
  it('are locally administered, of one host where the original is, and no two are the same', () => {
    fc.assert(
      fc.property(mac, mac, (left, right) => {
        fc.pre(
          (left[0]! & 1) === 0 &&
            (right[0]! & 1) === 0 &&
            left.some((byte) => byte !== 0) &&
            right.some((byte) => byte !== 0),
        );
        const map = collected({});
        expect(map.rewriter.mac(left)[0]).toBe(2);
        expect(same(map.rewriter.mac(left), map.rewriter.mac(right), 6)).toBe(same(left, right, 6));
      }),
      property(),
    );
  });

  it('keep broadcast, and follow IPv4 groups (RFC 1112 section 6.4)', () => {
    const map = collected({});
    expect([...map.rewriter.mac(bytes(255, 255, 255, 255, 255, 255))]).toEqual([
      255, 255, 255, 255, 255, 255,
    ]);
    const group = map.rewriter.ipv4(bytes(239, 200, 17, 4));
    expect([...map.rewriter.mac(bytes(1, 0, 0x5e, 200 & 0x7f, 17, 4))]).toEqual([
      1,
      0,
      0x5e,
      group[1]! & 0x7f,
      group[2]!,
      group[3]!,
    ]);
  });
});

describe('addresses among other bytes', () => {
  it('are replaced wherever they stand, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (front, back) => {
        const address = bytes(198, 51, 100, 77);
        const map = collected({ v4: [address] });
        const made = map.replaceCollected(Uint8Array.from([...front, ...address, ...back]));
        expect([...made]).toEqual([...front, ...map.rewriter.ipv4(address), ...back]);
      }),
      property(),
    );
  });
});
