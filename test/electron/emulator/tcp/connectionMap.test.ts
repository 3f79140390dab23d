import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionMap } from '../../../../electron/emulator/tcp/connectionMap';
import { property } from '../../../harness/property';

const host = Uint8Array.from([192, 0, 2, 1]);
const peer = Uint8Array.from([192, 0, 2, 2]);

describe('ConnectionMap', () => {
  it('tells connections apart by each of the four numbers', () => {
    const map = new ConnectionMap<string>();
    map.set(host, 1, peer, 7, 'a');
    map.set(host, 2, peer, 7, 'b');
    map.set(host, 1, peer, 8, 'c');
    map.set(peer, 1, host, 7, 'd');
    expect(map.get(host, 1, peer, 7)).toBe('a');
    expect(map.get(host, 2, peer, 7)).toBe('b');
    expect(map.get(host, 1, peer, 8)).toBe('c');
    expect(map.get(peer, 1, host, 7)).toBe('d');
    expect(map.get(peer, 1, host, 8)).toBeUndefined();
  });

  it('keeps the highest addresses and ports apart', () => {
    const map = new ConnectionMap<string>();
    const last = Uint8Array.from([255, 255, 255, 255]);
    const before = Uint8Array.from([255, 255, 255, 254]);
    map.set(host, 65535, last, 65535, 'last');
    map.set(host, 65535, before, 65535, 'before');
    expect(map.get(host, 65535, last, 65535)).toBe('last');
    expect(map.get(host, 65535, before, 65535)).toBe('before');
    expect(map.get(host, 65535, last, 65534)).toBeUndefined();
  });

  it('keeps IPv4 apart from the IPv6 addresses that begin or end with the same bytes', () => {
    const map = new ConnectionMap<string>();
    const padded = (at: number, address: Uint8Array): Uint8Array => {
      const bytes = new Uint8Array(16);
      bytes.set(address, at);
      return bytes;
    };
    map.set(host, 1, peer, 7, 'IPv4');
    for (const at of [0, 12]) expect(map.get(padded(at, host), 1, padded(at, peer), 7)).toBeUndefined();
    map.set(padded(0, host), 1, padded(0, peer), 7, 'IPv6');
    expect(map.get(host, 1, peer, 7)).toBe('IPv4');
  });

  it('finds each of many, also after half of them have gone', () => {
    const map = new ConnectionMap<number>();
    for (let port = 0; port < 5000; port++) map.set(host, port, peer, 7, port);
    for (let port = 0; port < 5000; port += 2) map.delete(host, port, peer, 7);
    for (let port = 0; port < 5000; port++)
      expect(map.get(host, port, peer, 7)).toBe(port % 2 === 0 ? undefined : port);
  });

  it('forgets one connection and no other', () => {
    const map = new ConnectionMap<string>();
    map.set(host, 1, peer, 7, 'a');
    map.set(host, 2, peer, 7, 'b');
    map.delete(host, 1, peer, 7);
    map.delete(host, 9, peer, 9);
    expect(map.get(host, 1, peer, 7)).toBeUndefined();
    expect(map.get(host, 2, peer, 7)).toBe('b');
  });

  it('remembers what it was told, over both IP versions', () => {
    const last = fc.constantFrom(1, 2, 3);
    const end = fc.oneof(
      last.map((byte) => Uint8Array.of(192, 0, 2, byte)),
      last.map((byte) => Uint8Array.from([0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), byte])),
    );
    const port = fc.constantFrom(1, 2);
    const step = fc.tuple(fc.constantFrom('set', 'delete'), end, port, end, port);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new ConnectionMap<number>();
        const model = new Map<string, number>();
        steps.forEach(([action, local, localPort, remote, remotePort], index) => {
          const key = [local, localPort, remote, remotePort].join();
          expect(map.get(local, localPort, remote, remotePort)).toBe(model.get(key));
          if (action === 'set') {
            map.set(local, localPort, remote, remotePort, index);
            model.set(key, index);
          } else {
            map.delete(local, localPort, remote, remotePort);
            model.delete(key);
          }
          expect(map.get(local, localPort, remote, remotePort)).toBe(model.get(key));
        });
      }),
      property(),
    );
  });
});
